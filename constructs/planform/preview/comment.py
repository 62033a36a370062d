"""One comment on a pull or merge request: written once, and written over by every later run.

The forms of the two services are those of GitHub's REST API of 2022-11-28 and of GitLab's version 4.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from planform.diagnostics import Diagnostic, DiagnosticError, error, shown
from planform.preview.render import COMMENT_BYTES, MARKER

__all__ = ["GitHub", "GitLab", "Comment", "checked", "keep_comment", "service_of"]

SECONDS = 30
PAGE = 100
MOST_PAGES = 50
GITHUB_ACTIONS = "github-actions[bot]"
"""Who comments with the token that GitHub hands to a workflow."""


class Comment(Struct, frozen=True):
    """A comment that is there already."""

    id: int
    body: str


class Service(Protocol):
    """What a host of code offers for the comments of one request."""

    def request_of(self, commit: str) -> int | None:
        """The number of the open request that has this commit as its head; None where there is none."""

    def comments(self, number: int) -> Iterator[Comment]:
        """Those on a request that the token's owner wrote, the oldest first."""

    def write(self, number: int, body: str, over: Comment | None) -> None:
        """A new comment, or another text for one that is there."""


def checked(body: str, file: str) -> str:
    """The text, if it is what `planform preview --format markdown` writes. Errors: preview/not-a-comment."""
    why = ""
    if not body.startswith(f"{MARKER}\n"):
        why = f"it does not start with the line `{MARKER}`"
    elif len(body.encode()) >= COMMENT_BYTES:
        why = f"it has {len(body.encode())} bytes, and a comment may have {COMMENT_BYTES - 1}"
    if why:
        help = "write it with `planform preview --format markdown --out FILE`"
        raise DiagnosticError(
            [error("preview/not-a-comment", f"{shown(file)} cannot be the comment: {why}", help=help)]
        )
    return body


def keep_comment(service: Service, number: int, body: str) -> str:
    """Let a request have the text in exactly one comment: "written", "updated", or "unchanged"."""
    found = next((each for each in service.comments(number) if each.body.startswith(MARKER)), None)
    if found is not None and found.body.strip() == body.strip():
        return "unchanged"
    service.write(number, body, found)
    return "updated" if found else "written"


def service_of(environment: Mapping[str, str]) -> GitHub | GitLab:
    """The service whose CI this runs in, as its variables say. Errors: preview/no-service."""
    gitlab = "CI_API_V4_URL" in environment and "GITHUB_REPOSITORY" not in environment
    needed = ("CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_TOKEN") if gitlab else ("GITHUB_REPOSITORY", "GITHUB_TOKEN")
    missing = [name for name in needed if not environment.get(name)]
    if missing:
        raise DiagnosticError(_unset(name) for name in missing)
    if gitlab:
        return GitLab(environment["CI_API_V4_URL"], environment["CI_PROJECT_ID"], environment["GITLAB_TOKEN"])
    url = environment.get("GITHUB_API_URL") or "https://api.github.com"
    author = environment.get("PLANFORM_COMMENT_AUTHOR") or GITHUB_ACTIONS
    return GitHub(url, environment["GITHUB_REPOSITORY"], environment["GITHUB_TOKEN"], author)


def _unset(name: str) -> Diagnostic:
    help = (
        "in GitHub Actions set GITHUB_TOKEN to `${{ github.token }}`, with the permission `pull-requests: write`;"
        " in GitLab CI set GITLAB_TOKEN to a project access token with the scope `api`"
    )
    return error("preview/no-service", f"the variable {name} is not set", help=help)


class GitHub(Struct, frozen=True):
    """Pull requests of one repository. `author` is the login that the token comments as."""

    url: str
    repository: str
    token: str
    author: str = GITHUB_ACTIONS

    def request_of(self, commit: str) -> int | None:
        found = self._ask("GET", f"commits/{urllib.parse.quote(commit, safe='')}/pulls")
        return next(
            (each["number"] for each in found if each["state"] == "open" and each["head"]["sha"] == commit), None
        )

    def comments(self, number: int) -> Iterator[Comment]:
        for each in _pages(lambda query: self._ask("GET", f"issues/{number}/comments?{query}")):
            if each["user"]["login"] == self.author:
                yield Comment(each["id"], each["body"] or "")

    def write(self, number: int, body: str, over: Comment | None) -> None:
        if over is None:
            self._ask("POST", f"issues/{number}/comments", {"body": body})
        else:
            self._ask("PATCH", f"issues/comments/{over.id}", {"body": body})

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        return _answer(method, f"{self.url.rstrip('/')}/repos/{self.repository}/{path}", headers, body)


class GitLab(Struct, frozen=True):
    """Merge requests of one project."""

    url: str
    project: str
    token: str

    def request_of(self, commit: str) -> int | None:
        found = self._ask("GET", f"repository/commits/{urllib.parse.quote(commit, safe='')}/merge_requests")
        heads = {each["sha"]: each["iid"] for each in found if each["state"] == "opened"}
        return heads.get(commit)

    def comments(self, number: int) -> Iterator[Comment]:
        me = self._answer("GET", "user")["id"]
        path = f"merge_requests/{number}/notes?sort=asc&order_by=created_at"
        for each in _pages(lambda query: self._ask("GET", f"{path}&{query}")):
            if each["author"]["id"] == me:
                yield Comment(each["id"], each["body"] or "")

    def write(self, number: int, body: str, over: Comment | None) -> None:
        notes = f"merge_requests/{number}/notes"
        self._ask("PUT" if over else "POST", f"{notes}/{over.id}" if over else notes, {"body": body})

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._answer(method, f"projects/{urllib.parse.quote(self.project, safe='')}/{path}", body)

    def _answer(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return _answer(method, f"{self.url.rstrip('/')}/{path}", {"PRIVATE-TOKEN": self.token}, body)


def _pages(ask: Any) -> Iterator[Mapping[str, Any]]:
    for page in range(1, MOST_PAGES + 1):
        found: Sequence[Mapping[str, Any]] = ask(f"per_page={PAGE}&page={page}")
        yield from found
        if len(found) < PAGE:
            return


def _answer(method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any] | None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {**headers, "Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            return json.load(response)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        raise _refused(method, url, f"{refusal.code} {refusal.reason}") from None
    except (OSError, ValueError) as trouble:
        raise _refused(method, url, str(getattr(trouble, "reason", None) or trouble)) from None


def _refused(method: str, url: str, why: str) -> DiagnosticError:
    help = "the token must be allowed to write comments: `pull-requests: write` in GitHub, the scope `api` in GitLab"
    return DiagnosticError([error("preview/comment-refused", f"{method} {shown(url, 160)}: {why}", help=help)])
