"""Waivers allow single findings for a time, and say so when they are wrong, late, or of no use."""

from __future__ import annotations

import functools
from datetime import date, timedelta
from pathlib import Path

import pytest

from planform import pipeline
from planform.checks.policy.document import Judged
from planform.checks.policy.judge import Judgement, judging
from planform.checks.policy.waivers import Written
from planform.checks.policy.wasm import Wasm
from planform.diagnostics import DiagnosticError, Severity
from planform.pipeline import compile_files, judged_of
from planform.spec.faults import parse
from planform.spec.platform import Waiver
from tests.broken import Break

MINIMAL = Path(__file__).parent.parent / "blueprints" / "minimal.yaml"
TODAY = date(2026, 11, 25)
STACK = "acme-ai-dev-resource"
GRANT = f"{STACK}/google_storage_bucket_iam_member.press"
ADDRESS = "google_storage_bucket_iam_member.press"
RULE = "resource/public-bucket"


@functools.cache
def published() -> Judged:
    """The minimal platform with a bucket that everybody may read."""
    grant = {"bucket": "press", "role": "roles/storage.objectViewer", "member": "allUsers"}
    return Break(RULE, 1, {"add": {GRANT: grant}}, ()).applied(judged_of(compile_files(MINIMAL)))


def waiver(**changes: object) -> Waiver:
    base = {
        "rule": RULE,
        "target": ADDRESS,
        "reason": "the press kit, which is public on purpose",
        "owner": "group:press@acme.example",
        "expires": "2027-06-30",
    }
    found = parse(Waiver, {**base, **changes})
    assert isinstance(found, Waiver), found
    return found


def judged(*waivers: Waiver, whole: bool = True) -> Judgement:
    written = [Written(each, {}) for each in waivers]
    return judging(published(), today=TODAY, waivers=written, whole=whole, engine=Wasm()).result()


def codes(judgement: Judgement) -> list[str]:
    return [each.code for each in judgement.findings]


def test_without_a_waiver_it_is_denied() -> None:
    (finding,) = judged().findings
    assert (finding.code, finding.severity) == (f"policy/{RULE}", Severity.DENIED)
    assert finding.summary == f"{ADDRESS} in {STACK} lets allUsers in"
    assert "prevention" in finding.help and "waiver" in finding.help


@pytest.mark.parametrize("target", [ADDRESS, GRANT, "google_storage_bucket_iam_member.pre*"])
def test_a_waiver_allows_its_target(target: str) -> None:
    judgement = judged(waiver(target=target))
    assert judgement.findings == ()
    assert [each.code for each in judgement.waived] == [f"policy/{RULE}"]
    assert not judgement.denied


def test_a_waiver_is_for_its_environments() -> None:
    assert judged(waiver(environments=["dev"])).findings == ()
    assert f"policy/{RULE}" in codes(judged(waiver(environments=["prod"])))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rule": "resource/public-buckets"}, "policy/unknown-rule"),
        ({"target": "google_storage_bucket_iam_member.pres"}, "policy/unknown-target"),
        ({"expires": "2026-11-24"}, "policy/waiver-expired"),
        ({"expires": "2027-11-26"}, "policy/waiver-too-long"),
        ({"rule": "security/primitive-role"}, "policy/not-waivable"),
    ],
)
def test_a_waiver_that_is_wrong_allows_nothing(changes: dict[str, str], code: str) -> None:
    judgement = judged(waiver(**changes))
    assert sorted(codes(judgement)) == sorted([f"policy/{RULE}", code])
    assert judgement.denied
    assert judgement.waived == ()


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, "policy/waiver-expired"), (0, "policy/waiver-lapses"), (14, "policy/waiver-lapses"),
                           (15, None), (365, None), (366, "policy/waiver-too-long")]
)  # fmt: skip
def test_the_day_that_counts(days: int, expected: str | None) -> None:
    found = codes(judged(waiver(expires=str(TODAY + timedelta(days=days)))))
    assert [code for code in found if code != f"policy/{RULE}"] == ([expected] if expected else [])


def test_a_waiver_that_lapses_soon_still_allows() -> None:
    judgement = judged(waiver(expires=str(TODAY)))
    assert [each.severity for each in judgement.findings] == [Severity.WARNING]
    assert not judgement.denied


def test_an_unused_waiver_is_shown() -> None:
    used, unused = waiver(), waiver(rule="resource/public-nodes")
    (finding,) = judged(used, unused).findings
    assert (finding.code, finding.severity) == ("policy/waiver-unused", Severity.WARNING)


def test_a_part_of_a_platform_does_not_judge_what_is_elsewhere() -> None:
    elsewhere = waiver(target="google_storage_bucket.elsewhere")
    assert codes(judged(elsewhere, whole=False)) == [f"policy/{RULE}"]


def test_a_waiver_is_written_in_the_blueprint(tmp_path: Path) -> None:
    """What is wrong with it is told at its line."""
    text = MINIMAL.read_text() + (
        "waivers:\n"
        "  - rule: resource/public-bukket\n"
        "    target: google_storage_bucket.artifacts\n"
        "    reason: none that anybody remembers\n"
        "    owner: group:press@acme.example\n"
        "    expires: 2026-11-01\n"
    )
    path = tmp_path / "platform.yaml"
    path.write_text(text)
    findings = pipeline.judging(compile_files(path), today=TODAY, engine=Wasm()).result().findings
    lines = {each.code: text.splitlines()[each.at.line - 1].strip() for each in findings if each.at}
    assert lines["policy/unknown-rule"] == "- rule: resource/public-bukket"
    assert lines["policy/waiver-expired"] == "expires: 2026-11-01"
    assert "did you mean `resource/public-bucket`?" in str(DiagnosticError(findings))
