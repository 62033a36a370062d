"""The one comment on a pull request, against servers on loopback that answer as GitHub and GitLab document; and the
action and workflows that make it, run as far as they can be without the service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
import yaml
from click.testing import CliRunner, Result

from planform.cli import group
from planform.preview.render import COMMENT_BYTES, MARKER
from tests.test_preview_revisions import PLATFORM, ROOT, commit, git, repository
from tests.tools import absent, tool

__all__ = ["Host", "host", "repository", "request_made", "service"]

ACTIONS = ROOT / "constructs" / "planform" / "planes" / "delivery" / "actions.yaml"
ACTION = ROOT / ".github" / "actions" / "preview" / "action.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("preview*.yml"))
HEAD = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
TEXT = f"{MARKER}\n### planform preview: 1 to create; worst risk: in-place\n"


class Host(ThreadingHTTPServer):
    """What both services have in common: comments with an id, an author and a text, a hundred a page."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.texts: list[dict[str, Any]] = []
        self.requests = [request_made(11, HEAD, "closed"), request_made(10, "0" * 40), request_made(12, HEAD)]
        self.editors: dict[int, dict[str, str]] = {}
        self.failing: tuple[str, int, bytes] | None = None
        self.asked: list[tuple[str, str]] = []
        self.allowed = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, author: str, body: str) -> None:
        self.texts.append({"id": len(self.texts) + 1, "author": author, "body": body})

    def bodies(self, author: str) -> list[str]:
        return [each["body"] for each in self.texts if each["author"] == author]


def request_made(number: int, head: str, state: str = "open", **merged: str) -> dict[str, Any]:
    """A request as both services show it; `merged` says where to, in which way, and as which commit."""
    made = {key: merged.get(key) for key in ("merge_commit_sha", "squash_commit_sha")}
    github = {"number": number, "head": {"sha": head}, "merged_at": "2026-11-26" if merged else None}
    return {**github, **made, "iid": number, "sha": head, "state": state, "into": merged.get("into", "main")}


class _Handler(BaseHTTPRequestHandler):
    server: Host

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size) or b"{}")
        at = urlparse(self.path)
        self.server.asked.append((self.command, at.path))
        if self.server.failing and re.search(self.server.failing[0], at.path):
            return self._send(*self.server.failing[1:])
        token = self.headers.get("Authorization") == "Bearer t" or self.headers.get("PRIVATE-TOKEN") == "t"
        writes = self.command != "GET" and at.path != "/graphql"
        if not token or (writes and not self.server.allowed):
            return self._answer(403 if token else 401, {"message": "no"})
        github = at.path.startswith("/repos/acme/platform/")
        me = "github-actions[bot]" if github else 7
        if re.search(r"/commits/[0-9a-f]+/(pulls|merge_requests)$", at.path):
            return self._answer(200, [self._asked(each, github) for each in self.server.requests])
        if at.path == "/graphql":
            editor = self.server.editors.get(int(body["variables"]["id"].removeprefix("IC_")))
            return self._answer(200, {"data": {"node": {"editor": editor}}})
        if at.path == "/user":
            return self._answer(200, {"id": me})
        if re.search(r"/(issues|merge_requests)/12/(comments|notes)$", at.path):
            if writes:
                self.server.add(str(me), body["body"])
                return self._answer(201, {})
            query = parse_qs(at.query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            shown = self.server.texts[size * (page - 1) : size * page]
            return self._answer(200, [self._shape(each, github) for each in shown])
        one = re.search(r"/(?:comments|notes)/(\d+)$", at.path)
        if one and self.command == ("PATCH" if github else "PUT"):
            self.server.texts[int(one[1]) - 1]["body"] = body["body"]
            return self._answer(200, {})
        return self._answer(404, {"message": "Not Found"})

    def _asked(self, request: dict[str, Any], github: bool) -> dict[str, Any]:
        """A request in the words of one service."""
        state, merged = request["state"], request["merged_at"] is not None
        if github:
            return {**request, "state": "closed" if merged else state, "base": {"ref": request["into"]}}
        word = "merged" if merged else "opened" if state == "open" else state
        return {**request, "state": word, "target_branch": request["into"]}

    def _shape(self, text: dict[str, Any], github: bool) -> dict[str, Any]:
        if github:
            shape = {"id": text["id"], "user": {"login": text["author"]}, "body": text["body"]}
            return {**shape, "node_id": f"IC_{text['id']}"}
        author = {"id": int(text["author"]), "username": f"user-{text['author']}"}
        return {"id": text["id"], "author": author, "body": text["body"]}

    def _answer(self, code: int, document: Any) -> None:
        self._send(code, json.dumps(document).encode())

    def _send(self, code: int, data: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN", "CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_TOKEN", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = Host()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["github", "gitlab"])
def service(request: pytest.FixtureRequest, host: Host, monkeypatch: pytest.MonkeyPatch) -> str:
    """The variables of one CI; gives who its token comments as."""
    if request.param == "github":
        monkeypatch.setenv("GITHUB_GRAPHQL_URL", f"{host.url}/graphql")
        variables = {"GITHUB_API_URL": host.url, "GITHUB_REPOSITORY": "acme/platform", "GITHUB_TOKEN": "t"}
    else:
        variables = {"CI_API_V4_URL": host.url, "CI_PROJECT_ID": "5", "GITLAB_TOKEN": "t"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return "github-actions[bot]" if request.param == "github" else "7"


def comment(folder: Path, text: str = TEXT, *options: str) -> Result:
    (folder / "preview.md").write_text(text)
    return CliRunner().invoke(group, ["comment", str(folder / "preview.md"), *(options or ("--request", "12"))])


def test_there_is_one_comment_however_often_it_is_written(host: Host, service: str, tmp_path: Path) -> None:
    other = "8"
    for _ in range(250):
        host.add(other, "please rebase")
    host.add(other, TEXT)  # somebody quotes it: not ours to write over
    assert "written" in comment(tmp_path).stderr
    assert "unchanged" in comment(tmp_path).stderr
    assert "updated" in comment(tmp_path, f"{TEXT}more\n").stderr
    assert (host.bodies(service), host.bodies(other)[-1]) == ([f"{TEXT}more\n"], TEXT)
    assert len(host.texts) == 252


def test_a_commit_finds_its_openrequest_made(host: Host, service: str, tmp_path: Path) -> None:
    done = comment(tmp_path, TEXT, "--commit", HEAD, "--json")
    assert json.loads(done.stdout)["request"] == 12
    assert host.bodies(service) == [TEXT]
    late = comment(tmp_path, f"{TEXT}late\n", "--commit", "1" * 40)
    assert (late.exit_code, "there is nothing to comment on" in late.stderr, host.bodies(service)) == (0, True, [TEXT])


def test_a_refusal_says_what_the_token_lacks(host: Host, service: str, tmp_path: Path) -> None:
    host.allowed = False
    refused = comment(tmp_path)
    assert refused.exit_code == 1
    assert "preview/comment-refused" in refused.stderr and "403" in refused.stderr
    assert "pull-requests: write" in refused.stderr
    host.shutdown()
    host.server_close()
    assert "preview/comment-refused" in comment(tmp_path).stderr


def test_what_is_no_preview_is_not_posted(host: Host, service: str, tmp_path: Path) -> None:
    for text in ("hello\n", f"{TEXT}{'x' * COMMENT_BYTES}"):
        refused = comment(tmp_path, text)
        assert (refused.exit_code, "preview/not-a-comment" in refused.stderr) == (1, True)
    assert host.asked == []


def test_every_missing_variable_is_named(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    alone = comment(tmp_path)
    assert alone.exit_code == 1
    assert {"GITHUB_REPOSITORY", "GITHUB_TOKEN"} <= set(re.findall(r"variable (\w+) is not set", alone.stderr))
    monkeypatch.setenv("CI_API_V4_URL", host.url)
    assert re.findall(r"variable (\w+) is not set", comment(tmp_path).stderr) == ["CI_PROJECT_ID", "GITLAB_TOKEN"]
    assert comment(tmp_path, TEXT, "--request", "1", "--commit", HEAD).exit_code == 2


# The action and the workflows


@pytest.mark.go
def test_the_workflows_pass_actionlint() -> None:
    assert len(WORKFLOWS) == 2
    command = [str(tool("actionlint")), "-format", "{{json .}}", *map(str, WORKFLOWS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout or "[]")) == (0, [])


def test_actions_are_those_commits_that_generated_workflows_use() -> None:
    known = {f"{name}@{each['commit']}" for name, each in yaml.safe_load(ACTIONS.read_text()).items()}
    used = {found for file in (ACTION, *WORKFLOWS) for found in re.findall(r"uses: (\S+)", file.read_text())}
    own = {each for each in used if each.startswith("./planform/")}
    assert own and used - own and used - own <= known
    assert all((ROOT / each.removeprefix("./planform/") / "action.yml").is_file() for each in own)


def test_what_runs_the_request_may_not_write_and_what_writes_runs_nothing_of_it() -> None:
    reads, writes = (yaml.safe_load(file.read_text()) for file in reversed(WORKFLOWS))
    (preview,) = reads["jobs"].values()
    (posting,) = writes["jobs"].values()
    assert (reads["permissions"], writes["permissions"]) == ({}, {})
    assert preview["permissions"] == {"contents": "read"}
    assert posting["permissions"] == {"actions": "read", "pull-requests": "write"}
    assert not any("secrets." in file.read_text() for file in (ACTION, *WORKFLOWS))
    (checkout,) = (step for step in posting["steps"] if "checkout" in step.get("uses", ""))
    assert checkout["with"]["repository"] == "${{ steps.own.outputs.repository }}", "planform's, not the request's"
    for file in (ACTION, *WORKFLOWS):
        document = yaml.safe_load(file.read_text())
        steps = document["runs"]["steps"] if "runs" in document else next(iter(document["jobs"].values()))["steps"]
        assert not any("${{" in step.get("run", "") for step in steps), "a script must not be made of expressions"


def step(name: str, file: Path = ACTION) -> str:
    document = yaml.safe_load(file.read_text())
    steps = document["runs"]["steps"] if "runs" in document else next(iter(document["jobs"].values()))["steps"]
    return str(next(each["run"] for each in steps if each.get("name") == name))


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_planform_is_that_of_the_commit_that_the_caller_names(file: Path, tmp_path: Path) -> None:
    """Never a version that may not be out, and never the caller's own repository where a server does not tell."""
    assert "planform==" not in file.read_text() and "planform@" not in file.read_text()
    if shutil.which("jq") is None:
        absent("jq is not on PATH")
    said = {"status": "success", "workflow_repository": "planform/planform", "workflow_sha": "4b825dc"}
    results = []
    for job in (said, {"status": "success"}):
        out = tmp_path / "out"
        out.write_text("")
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step("Find planform", file)],
            env={**os.environ, "JOB": json.dumps(job), "GITHUB_OUTPUT": str(out)}, capture_output=True, check=False,
        )  # fmt: skip
        results.append((done.returncode, out.read_text()))
    assert results[0] == (0, "repository=planform/planform\ncommit=4b825dc\n")
    assert results[1][0] != 0


def run_preview(folder: Path, temp: Path, **inputs: str) -> tuple[int, str, str]:
    """The action's own script; gives its exit code, its stderr and the comment."""
    place = temp / "planform" / "bin" / "planform"
    place.parent.mkdir(parents=True, exist_ok=True)
    main = "from planform.cli import main; main()"
    place.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{main}" "$@"\n')
    place.chmod(0o755)
    variables = {
        "BASE": "main",
        "BLUEPRINT": "blueprints",
        "FAIL_ON": "data-loss",
        "FAIL_ON_DENIAL": "true",
        "TERRAFORM": "",
        "RUNNER_TEMP": str(temp),
        "REPORTS": str(temp / "reports"),
        "GITHUB_STEP_SUMMARY": str(temp / "summary.md"),
        "PYTHONPATH": str(ROOT / "constructs"),
        **inputs,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("Preview")]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    found = temp / "reports" / "preview.md"
    return done.returncode, done.stderr, found.read_text() if found.exists() else ""


def test_the_action_reports_and_refuses(repository: Path, tmp_path: Path) -> None:
    code, said, text = run_preview(repository, tmp_path / "a")
    assert (code, text.splitlines()[0]) == (1, MARKER), said
    assert "google_storage_bucket.datasets" in text and "refused" in said
    assert "google_storage_bucket.datasets" in (tmp_path / "a" / "reports" / "preview.html").read_text()
    assert (tmp_path / "a" / "summary.md").read_text() == text
    assert run_preview(repository, tmp_path / "b", FAIL_ON="")[0] == 0


def test_why_there_is_none_cannot_end_its_block_and_stays_a_comment(repository: Path, tmp_path: Path) -> None:
    hostile = "~~~~~~~~~~ <img src=x> @acme/everybody"
    keys = "".join(f"'{hostile} {number}': 1\n" for number in range(3000))
    (repository / "blueprints" / "platform.yaml").write_text(PLATFORM + keys)
    commit(repository)
    code, _, text = run_preview(repository, tmp_path)
    assert (code, len(text.encode()) < COMMENT_BYTES) == (1, True)
    opened, *lines, closed = text.splitlines()[3:]
    assert (opened, closed) == ("~~~~~~~~text", "~~~~~~~~")
    assert any("img src" in line for line in lines) and not any("~~~~~~~~" in line for line in lines)


def test_a_request_that_does_not_compile_is_told_so_in_the_comment(repository: Path, tmp_path: Path) -> None:
    (repository / "blueprints" / "platform.yaml").write_text(PLATFORM.replace("tier:", "teir:", 1) + "surprise: 1\n")
    commit(repository)
    code, said, text = run_preview(repository, tmp_path)
    assert (code, text.splitlines()[:2]) == (1, [MARKER, "### planform preview: there is none"]), said
    assert "surprise" in text and git(repository, "status", "--porcelain") == ""
