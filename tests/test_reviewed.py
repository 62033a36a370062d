"""What would be applied is what the merged request's preview said: against servers on loopback, as GitHub and GitLab
document theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from planform.cli import group
from planform.preview.desired import desired_in, desired_line
from planform.preview.render import MARKER
from tests.test_comment import HEAD, Host, host, request_made, service
from tests.test_preview_revisions import ROOT, commit, git, planform

__all__ = ["host", "service"]

MERGE = "5" * 40
PROD = "  prod: {project: acme-ai-prod, project_number: 222222222222}\n"
TWO = (ROOT / "blueprints" / "minimal.yaml").read_text() + PROD


@pytest.fixture
def blueprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLANFORM_ENGINE", "native")
    place = tmp_path / "platform.yaml"
    place.write_text(TWO)
    return place


@pytest.fixture
def comment(blueprint: Path) -> str:
    """The comment that a preview of the blueprint as it is makes."""
    old = blueprint.with_name("old.yaml")
    old.write_text(TWO.replace("max_nodes: 4", "max_nodes: 2"))
    done = CliRunner().invoke(group, ["preview", str(old), str(blueprint), "--structure", "--format", "markdown"])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def reviewed(blueprint: Path, *more: str, commit: str = MERGE) -> Result:
    return CliRunner().invoke(group, ["reviewed", str(blueprint), "--commit", commit, "--branch", "main", *more])


def merged(host: Host, **more: str) -> None:
    host.requests = [request_made(11, "0" * 40), request_made(12, HEAD, **{"merge_commit_sha": MERGE, **more})]


def refusal(done: Result) -> str:
    assert done.exit_code == 1, done.stdout + done.stderr
    assert "preview/not-reviewed" in done.stderr
    return done.stderr


def test_what_was_reviewed_goes_on(host: Host, service: str, blueprint: Path, comment: str) -> None:
    merged(host)
    for _ in range(150):
        host.add("8", "looks good")
    host.add(service, comment)
    done = reviewed(blueprint, "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["request"], list(told["desired_state"])) == (12, ["dev", "prod"])
    alone = json.loads(reviewed(blueprint, "--json", "--env", "prod").stdout)
    assert alone["desired_state"] == {"prod": told["desired_state"]["prod"]}
    assert {method for method, path in host.asked if path != "/graphql"} == {"GET"}


def test_the_environment_that_differs_is_named_and_the_other_goes_on(
    host: Host, service: str, blueprint: Path, comment: str
) -> None:
    """The branch was behind: what the merge made has another change in it, which only `prod` sees."""
    merged(host)
    host.add(service, comment)
    blueprint.write_text(TWO.replace("222222222222}", "222222222222, labels: {cost_center: ml}}"))
    told = refusal(reviewed(blueprint))
    was = desired_in(comment)
    assert was is not None and was["prod"] in told and was["dev"] not in told
    assert "`prod` would become what nobody has reviewed on request 12" in told
    assert "behind when it was merged" in told and "up to date" in told
    assert reviewed(blueprint, "--env", "dev").exit_code == 0


def test_a_push_without_a_request_is_refused(host: Host, service: str, blueprint: Path, comment: str) -> None:
    host.add(service, comment)
    for requests in (
        [],
        [request_made(12, MERGE)],  # open, with the commit as its head
        [request_made(12, MERGE, "closed")],
        [request_made(12, HEAD, merge_commit_sha="6" * 40)],  # the commit is one of its own, not its merge
        [request_made(12, HEAD, merge_commit_sha=MERGE, into="feature")],
    ):
        host.requests = requests
        assert "`555555555555` came to `main` without a request" in refusal(reviewed(blueprint))


def test_a_fast_forward_of_gitlab_is_found_by_its_squash_or_head(
    host: Host, service: str, blueprint: Path, comment: str
) -> None:
    host.add(service, comment)
    host.requests = [request_made(12, HEAD, squash_commit_sha=MERGE)]
    expected = 1 if "bot" in service else 0
    assert reviewed(blueprint).exit_code == expected
    assert reviewed(blueprint, commit=HEAD).exit_code == expected


def test_a_comment_by_another_does_not_count(host: Host, service: str, blueprint: Path, comment: str) -> None:
    merged(host)
    host.add("8", comment)
    told = refusal(reviewed(blueprint))
    name = "user-8" if service == "7" else "8"
    assert "request 12 has no preview by" in told and f"one by `{name}` does not count" in told
    host.texts.clear()
    host.add("8", comment)
    host.add(service, f"I see:\n{comment}")
    assert "has no preview" in refusal(reviewed(blueprint))


def test_no_comment_at_all_is_refused(host: Host, service: str, blueprint: Path) -> None:
    merged(host)
    assert "has no preview by" in refusal(reviewed(blueprint))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "<!-- planform desired state: -->",
        "<!-- planform desired state: {} --> <b>",
        '<!-- planform desired state: {"dev": 1} -->',
        '<!-- planform desired state: {"dev": "abc"} -->',
        '<!-- planform desired state: ["dev"] -->',
        "<!-- planform desired state: {{{{ -->",
        f"<!-- planform desired state: {'[' * 20000}{{}}] -->",
    ],
)
def test_a_marker_that_was_edited_is_refused(
    host: Host, service: str, blueprint: Path, comment: str, line: str
) -> None:
    merged(host)
    was = comment.splitlines()[1]
    host.add(service, comment.replace(was, line))
    assert "does not say what was reviewed" in refusal(reviewed(blueprint))


def test_only_the_second_line_counts(host: Host, service: str, blueprint: Path, comment: str) -> None:
    """Nothing that the blueprint says further down can speak for it, and nothing that a second comment says."""
    merged(host)
    was = comment.splitlines()[1]
    other = desired_line({"dev": "0" * 64, "prod": "0" * 64})
    host.add(service, comment.replace(was, f"{other}\n{was}"))
    host.add(service, comment)
    assert "0" * 64 in refusal(reviewed(blueprint))


def test_an_environment_that_was_not_previewed_is_refused(
    host: Host, service: str, blueprint: Path, comment: str
) -> None:
    merged(host)
    said = desired_in(comment)
    assert said is not None
    host.add(service, f"{MARKER}\n{desired_line({'dev': said['dev']})}\n### x\n")
    assert "says nothing of the environment `prod`" in refusal(reviewed(blueprint))
    assert reviewed(blueprint, "--env", "dev").exit_code == 0


@pytest.mark.parametrize("service", ["github"], indirect=True)
def test_an_edit_by_another_is_refused(host: Host, service: str, blueprint: Path, comment: str) -> None:
    merged(host)
    host.add(service, comment)
    host.editors[1] = {"login": "github-actions", "__typename": "Bot"}
    assert reviewed(blueprint).exit_code == 0
    for editor, name in (
        ({"login": "mallory", "__typename": "User"}, "mallory"),
        ({"login": "github-actions", "__typename": "User"}, "github-actions"),
        ({"login": "other", "__typename": "Bot"}, "other[bot]"),
    ):
        host.editors[1] = editor
        assert f"was edited by `{name}`" in refusal(reviewed(blueprint))


@pytest.mark.parametrize("service", ["github"], indirect=True)
def test_who_edited_it_must_be_told(host: Host, service: str, blueprint: Path, comment: str) -> None:
    merged(host)
    host.add(service, comment)
    for answer in (b'{"errors": [{"message": "no"}]}', b'{"data": {"node": null}}', b"[]"):
        host.failing = ("/graphql", 200, answer)
        done = reviewed(blueprint)
        assert (done.exit_code, "preview/comment-refused" in done.stderr) == (1, True)


@pytest.mark.parametrize("code", [403, 404, 503])
@pytest.mark.parametrize("path", ["/commits/", "/(comments|notes)$"])
def test_a_service_that_does_not_answer_stops_it(
    host: Host, service: str, blueprint: Path, comment: str, code: int, path: str
) -> None:
    merged(host)
    host.add(service, comment)
    host.failing = (path, code, b"no")
    done = reviewed(blueprint)
    assert (done.exit_code, "preview/comment-refused" in done.stderr, str(code) in done.stderr) == (1, True, True)
    host.failing = (path, 200, b"<html>")
    assert "preview/comment-refused" in reviewed(blueprint).stderr


def test_a_revision_and_the_files_after_the_merge_have_one_digest(blueprint: Path, comment: str) -> None:
    """Where a folder is named with a slash, too."""
    folder = blueprint.parent / "repository"
    (folder / "blueprints").mkdir(parents=True)
    (folder / "blueprints" / "platform.yaml").write_text(TWO)
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    for base, head in (("HEAD", "HEAD"), ("blueprints/", "blueprints/platform.yaml")):
        done = planform(folder, "preview", base, head, "--structure", "--json")
        assert json.loads(done.stdout)["desired_state"] == desired_in(comment), done.stderr
