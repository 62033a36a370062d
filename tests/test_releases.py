"""Who upgrades planform sees nothing change but what the release says, and nothing that keeps data goes away."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from planform import __version__
from planform.diagnostics import DiagnosticError
from planform.preview.changes import Risk
from planform.preview.risk import judge
from tests import release
from tests.release import BLUEPRINTS, RELEASES, Release, digests, released

KEPT = [Release(folder) for folder in sorted(RELEASES.iterdir())]


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.version)
def test_an_upgrade_changes_what_is_listed(kept: Release) -> None:
    """Of a version that is not out yet nobody has anything, but what keeps data must stay all the same."""
    if kept.version in released():
        assert list(kept.unlisted()) == []
        return
    for blueprint in BLUEPRINTS:
        lost = [each for each in kept.verdicts(blueprint) if judge(each)[0] is Risk.DATA_LOSS]
        assert [each.address for each in lost] == []


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.version)
def test_what_is_kept_is_what_its_digests_say(kept: Release) -> None:
    assert (kept.folder / "digests.txt").read_text() == "".join(digests(kept.kept))


def test_this_version_and_two_minor_versions_before_it_are_kept() -> None:
    minors = list(dict.fromkeys(version.rpartition(".")[0] for version in (__version__, *released())))[:3]
    wanted = {version for version in (__version__, *released()) if version.rpartition(".")[0] in minors}
    assert wanted <= {kept.version for kept in KEPT}, "python3 dev.py release"


# The mechanism, on a release that never was


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """The minimal blueprint as this version writes it, under another version's name."""
    monkeypatch.setattr(release, "BLUEPRINTS", ("minimal.yaml",))
    kept = Release(tmp_path / "0.0.9")
    kept.write()
    return kept


def edited(kept: Release, *edits: tuple[str, str]) -> Release:
    """The release as if it had written something else."""
    held = {name: {**each, "files": dict(each["files"])} for name, each in kept.kept.items()}
    for before, after in edits:
        found = 0
        for each in held.values():
            found += before in each["ledger"] or any(before in content for content in each["files"].values())
            each["ledger"] = each["ledger"].replace(before, after)
            each["files"] = {path: content.replace(before, after) for path, content in each["files"].items()}
        assert found, before
    (kept.folder / "output.json.xz").write_bytes(lzma.compress(json.dumps(held).encode()))
    return Release(kept.folder)


def listing(kept: Release, *lines: str) -> Release:
    (kept.folder / "changes.yaml").write_text("".join(f"- {{blueprint: minimal.yaml, {line}}}\n" for line in lines))
    return Release(kept.folder)


def test_the_same_version_changes_nothing(old: Release) -> None:
    assert list(old.unlisted()) == []


def test_a_change_fails_until_it_is_listed(old: Release) -> None:
    later = edited(old, ('"region":"europe-west4"', '"region":"europe-west1"'))
    found = list(later.unlisted())
    assert any("update-or-replace google_compute_subnetwork." in line for line in found)
    every = "address: '*', reason: it is another region now"
    actions = sorted({line.split()[1] for line in found})
    assert list(listing(later, *(f"in: '*', action: {action}, {every}" for action in actions)).unlisted()) == []


def test_a_line_that_meets_no_change_fails(old: Release) -> None:
    stale = listing(
        old, "in: '*', address: google_storage_bucket.gone, action: destroy, reason: was merged with another"
    )
    (line,) = stale.unlisted()
    assert line.startswith("meets no change: ") and "google_storage_bucket.gone" in line


def test_a_move_is_listed_with_the_block_that_it_ships(old: Release) -> None:
    later = edited(
        old, ('"google_dns_policy":{"networking"', '"google_dns_policy":{"dns"'),
        ("google_dns_policy.networking:", "google_dns_policy.dns:"),
    )  # fmt: skip
    (line,) = later.unlisted()
    assert line == (
        "minimal.yaml: move google_dns_policy.networking from google_dns_policy.dns in acme-ai-dev-resource"
    )
    move = "in: acme-ai-*-resource, address: google_dns_policy.networking, action: move, reason: named after its plane"
    assert len(list(listing(later, move).unlisted())) == 2
    assert list(listing(later, f"{move}, moved: google_dns_policy.dns").unlisted()) == []


def test_what_would_be_lost_is_refused_whatever_is_listed(old: Release) -> None:
    cluster = 'google_container_cluster.{}: {{id: "projects/acme-ai-dev/locations/europe-west4/clusters/{}"'
    later = edited(old, (cluster.format("compute", "acme-ai-dev-gke"), cluster.format("cluster", "main")))
    with pytest.raises(DiagnosticError) as fault:
        list(listing(later, "in: '*', address: '*', action: destroy, reason: is made anew by this one").unlisted())
    assert [each.code for each in fault.value.diagnostics] == ["ledger/stateful-gone"]
