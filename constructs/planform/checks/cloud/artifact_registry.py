"""Artifact Registry repositories."""

from __future__ import annotations

from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule

_FORMATS = ("DOCKER", "MAVEN", "NPM", "APT", "YUM", "GOOGET", "PYTHON", "KFP", "GO", "GENERIC", "RUBY")


def _format(body: Block, _: Context) -> Iterator[Finding]:
    """A format is one of the API's words, in either case; OCI artifacts and Helm charts go into DOCKER."""
    text = body.text("format")
    if text and text.upper() not in _FORMATS:
        yield Finding("format", f"format `{text}` does not exist", f"formats: {', '.join(_FORMATS)}")


def _mode(body: Block, _: Context) -> Iterator[Finding]:
    """A remote repository says what it is remote of; a standard one has no upstream."""
    mode = body.text("mode")
    if mode == "REMOTE_REPOSITORY" and body.absent("remote_repository_config"):
        yield Finding(
            "remote_repository_config",
            "a remote repository without its upstream",
            "add `remote_repository_config`",
        )


def _cleanup(body: Block, _: Context) -> Iterator[Finding]:
    """A cleanup policy keeps or deletes, and selects versions in one way: by a condition or by the most recent.

    The most recent versions can be kept, and not deleted.
    """
    for policy in body.blocks("cleanup_policies"):
        if policy.absent("action"):
            yield Finding(policy.at("action"), "a cleanup policy without an action", "use DELETE or KEEP")
        if policy.given("condition") and policy.given("most_recent_versions"):
            yield Finding(
                policy.at("most_recent_versions"),
                "a cleanup policy with a condition and most recent versions",
                "make two policies of it",
            )
        if policy.text("action") == "DELETE" and policy.given("most_recent_versions"):
            yield Finding(policy.at("action"), "the most recent versions are to be deleted", "use KEEP")


_TYPES = ("google_artifact_registry_repository",)
_REPOSITORY: dict[str, object] = {"repository_id": "images", "format": "DOCKER", "location": "europe-west4"}
_SOURCE = "Artifact Registry API v1, projects.locations.repositories; provider 7.45.0 (2026-08)"
_RECENT = [{"keep_count": 3}]

RULES = (
    Rule(
        code="cloud/registry-format",
        types=_TYPES,
        title="a repository format that does not exist",
        judge=_format,
        source="Artifact Registry API v1, Repository.Format (2026-08)",
        wrong=_REPOSITORY | {"format": "OCI"},
        right=_REPOSITORY,
    ),
    Rule(
        code="cloud/registry-remote",
        types=_TYPES,
        title="a remote repository without its upstream",
        judge=_mode,
        source=_SOURCE,
        wrong=_REPOSITORY | {"mode": "REMOTE_REPOSITORY"},
        right=_REPOSITORY
        | {
            "mode": "REMOTE_REPOSITORY",
            "remote_repository_config": [{"docker_repository": [{"public_repository": "DOCKER_HUB"}]}],
        },
    ),
    Rule(
        code="cloud/registry-cleanup",
        types=_TYPES,
        title="a cleanup policy that selects in two ways or does nothing",
        judge=_cleanup,
        source=_SOURCE,
        wrong=_REPOSITORY
        | {
            "cleanup_policies": [
                {
                    "id": "old",
                    "action": "KEEP",
                    "condition": [{"older_than": "86400s"}],
                    "most_recent_versions": _RECENT,
                }
            ]
        },
        right=_REPOSITORY | {"cleanup_policies": [{"id": "recent", "action": "KEEP", "most_recent_versions": _RECENT}]},
    ),
)
