"""One comment on a pull or merge request: written once, written over by every later run, and read after the merge.

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

__all__ = ["GitHub", "GitLab", "Comment", "checked", "is_preview", "keep_comment", "service_of"]

SECONDS = 30
PAGE = 100
MOST_PAGES = 50
_EDITOR = "query($id: ID!) {node(id: $id) {... on IssueComment {editor {login __typename}}}}"
GITHUB_ACTIONS = "github-actions[bot]"
"""Who comments with the token that GitHub hands to a workflow."""


class Comment(Struct, frozen=True):
    """A comment that is there already. `own` says that the token's owner wrote it; `node` is GitHub's other id."""

    id: int
    body: str
    author: str
    own: bool
    node: str = ""


class Service(Protocol):
    """What a host of code offers for the comments of one request."""

    @property
    def author(self) -> str:
        """Who the token comments as."""

    def request_of(self, commit: str) -> int | None:
        """The number of the open request that has this commit as its head; None where there is none."""

    def merged_as(self, commit: str, branch: str) -> int | None:
        """The number of the request that was merged into a branch as this commit; None where there is none."""

    def comments(self, number: int) -> Iterator[Comment]:
        """Those on a request, the oldest first."""

    def editor_of(self, comment: Comment) -> str:
        """Who else has edited an own comment; "" where nobody has, or the service does not tell."""

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


def is_preview(comment: Comment) -> bool:
    """Whether a comment is, or says it is, the preview of its request."""
    return comment.body.startswith(MARKER)


def keep_comment(service: Service, number: int, body: str) -> str:
    """Let a request have the text in exactly one comment: "written", "updated", or "unchanged"."""
    found = next((each for each in service.comments(number) if each.own and is_preview(each)), None)
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
    graphql = environment.get("GITHUB_GRAPHQL_URL") or "https://api.github.com/graphql"
    return GitHub(url, environment["GITHUB_REPOSITORY"], environment["GITHUB_TOKEN"], author, graphql)


def _unset(name: str) -> Diagnostic:
    help = (
        "in GitHub Actions set GITHUB_TOKEN to `${{ github.token }}`, with the permission `pull-requests: write`, or"
        " `read` after the merge;"
        " in GitLab CI set GITLAB_TOKEN to a project access token with the scope `api`"
    )
    return error("preview/no-service", f"the variable {name} is not set", help=help)


class GitHub(Struct, frozen=True):
    """Pull requests of one repository. `author` is the login that the token comments as."""

    url: str
    repository: str
    token: str
    author: str = GITHUB_ACTIONS
    graphql: str = "https://api.github.com/graphql"

    def request_of(self, commit: str) -> int | None:
        found = self._ask("GET", f"commits/{urllib.parse.quote(commit, safe='')}/pulls")
        return next(
            (each["number"] for each in found if each["state"] == "open" and each["head"]["sha"] == commit), None
        )

    def merged_as(self, commit: str, branch: str) -> int | None:
        for each in self._ask("GET", f"commits/{urllib.parse.quote(commit, safe='')}/pulls"):
            if each["merged_at"] and each["merge_commit_sha"] == commit and each["base"]["ref"] == branch:
                return int(each["number"])
        return None

    def comments(self, number: int) -> Iterator[Comment]:
        for each in _pages(lambda query: self._ask("GET", f"issues/{number}/comments?{query}")):
            author = (each["user"] or {"login": "ghost"})["login"]
            yield Comment(each["id"], each["body"] or "", author, author == self.author, each["node_id"])

    def editor_of(self, comment: Comment) -> str:
        question = {"query": _EDITOR, "variables": {"id": comment.node}}
        answer = _answer("POST", self.graphql, self._headers, question)
        try:
            editor = answer["data"]["node"]["editor"]
        except (KeyError, TypeError):
            raise _refused("POST", self.graphql, "it does not say who edited the comment") from None
        # GraphQL names an app `github-actions`, of the type Bot, that REST calls `github-actions[bot]`.
        name = f"{editor['login']}{'[bot]' if editor['__typename'] == 'Bot' else ''}" if editor else ""
        return "" if name == self.author else name

    def write(self, number: int, body: str, over: Comment | None) -> None:
        if over is None:
            self._ask("POST", f"issues/{number}/comments", {"body": body})
        else:
            self._ask("PATCH", f"issues/comments/{over.id}", {"body": body})

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return _answer(method, f"{self.url.rstrip('/')}/repos/{self.repository}/{path}", self._headers, body)

    @property
    def _headers(self) -> Mapping[str, str]:
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }


class GitLab(Struct, frozen=True):
    """Merge requests of one project."""

    url: str
    project: str
    token: str
    author: str = "the owner of GITLAB_TOKEN"

    def request_of(self, commit: str) -> int | None:
        found = self._ask("GET", f"repository/commits/{urllib.parse.quote(commit, safe='')}/merge_requests")
        heads = {each["sha"]: each["iid"] for each in found if each["state"] == "opened"}
        return heads.get(commit)

    def merged_as(self, commit: str, branch: str) -> int | None:
        for each in self._ask("GET", f"repository/commits/{urllib.parse.quote(commit, safe='')}/merge_requests"):
            # A merge by fast-forward has no commit of its own: the head, or the squash of all, is what came.
            made = (each["merge_commit_sha"], each["squash_commit_sha"], each["sha"])
            if each["state"] == "merged" and commit in made and each["target_branch"] == branch:
                return int(each["iid"])
        return None

    def comments(self, number: int) -> Iterator[Comment]:
        me = self._answer("GET", "user")["id"]
        path = f"merge_requests/{number}/notes?sort=asc&order_by=created_at"
        for each in _pages(lambda query: self._ask("GET", f"{path}&{query}")):
            author = each["author"]
            yield Comment(each["id"], each["body"] or "", author["username"], author["id"] == me)

    def editor_of(self, comment: Comment) -> str:
        return ""

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
    help = (
        "the token must be allowed to write comments, or to read them after the merge: `pull-requests: write` or `read`"
        " in GitHub, the scope `api` in GitLab; where the service was away, run this again"
    )
    return DiagnosticError([error("preview/comment-refused", f"{method} {shown(url, 160)}: {why}", help=help)])
