"""Secret Manager secrets and their versions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule

_TOPIC = re.compile(r"projects/[^/]+/topics/[^/]+")
_SECRET = re.compile(r"projects/[^/]+/(?:locations/[^/]+/)?secrets/[^/]+")
_PERIOD = (3600, 3153600000)
_PAST = "2026-08"
"""A rotation before this month lay in the past when the rule was written, whatever day it is now."""


def _rotation(body: Block, _: Context) -> Iterator[Finding]:
    """A rotation has a period of an hour to a hundred years and the time of its first run, which lies ahead.

    The clock is not asked, so that one blueprint gives one verdict: a date before August 2026 is past for certain.
    A date that Terraform ignores after creation is left alone.
    """
    ignored = [*body.block("lifecycle").texts("ignore_changes"), body.block("lifecycle").text("ignore_changes") or ""]
    for rotation in body.blocks("rotation"):
        if rotation.given("rotation_period") and rotation.absent("next_rotation_time"):
            yield Finding(
                rotation.at("next_rotation_time"), "a rotation without its first time", "set `next_rotation_time`"
            )
        text = rotation.text("rotation_period")
        seconds = float(text[:-1]) if text and text.endswith("s") and text[:-1].isdigit() else None
        if text and (seconds is None or not _PERIOD[0] <= seconds <= _PERIOD[1]):
            yield Finding(
                rotation.at("rotation_period"),
                f"`{text}` is no rotation period",
                f"seconds with an s, {_PERIOD[0]}s to {_PERIOD[1]}s",
            )
        first = rotation.text("next_rotation_time") or ""
        if (
            re.match(r"\d{4}-\d\d-", first)
            and first[:7] < _PAST
            and not any(word == "all" or word.startswith("rotation") for word in ignored)
        ):
            yield Finding(rotation.at("next_rotation_time"), f"a rotation in the past, {first}", "set a later time")


def _topics(body: Block, _: Context) -> Iterator[Finding]:
    """Topics are given by their resource names: projects/PROJECT/topics/TOPIC; a secret has at most ten."""
    topics = body.blocks("topics")
    for topic in topics:
        text = topic.text("name")
        if text and not _TOPIC.fullmatch(text):
            yield Finding(topic.at("name"), f"`{text}` is no topic", "write projects/PROJECT/topics/TOPIC")
    if len(topics) > 10:
        yield Finding("topics", f"{len(topics)} topics", "ten at most")


def _aliases(body: Block, _: Context) -> Iterator[Finding]:
    """An alias begins with a letter and is neither `latest` nor `NEW`; it stands for the number of a version."""
    for alias, version in body.pairs("version_aliases"):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", alias) or alias in ("latest", "NEW"):
            yield Finding(f"version_aliases.{alias}", f"`{alias}` is no alias", "a letter, then letters, digits, `-_`")
        elif not version.isdigit():
            yield Finding(f"version_aliases.{alias}", f"`{version}` is no version number", "versions count from 1")


def _secret(body: Block, _: Context) -> Iterator[Finding]:
    """A version names its secret by the whole resource name: the provider makes a URL of it."""
    text = body.text("secret")
    if text and not _SECRET.fullmatch(text):
        yield Finding("secret", f"`{text}` is no secret", "write projects/PROJECT/secrets/SECRET, or refer to its id")


_TYPES = ("google_secret_manager_secret",)
_BODY: dict[str, object] = {
    "secret_id": "db-password",
    "replication": [{"auto": [{}]}],
    "topics": [{"name": "projects/acme-dev/topics/rotations"}],
}
_PERIODIC = {"rotation_period": "86400s", "next_rotation_time": "2030-01-01T00:00:00Z"}
_SOURCE = "Secret Manager API v1, projects.secrets; provider 7.45.0, google_secret_manager_secret (2026-08)"

RULES = (
    Rule(
        code="cloud/secret-rotation",
        types=_TYPES,
        title="a rotation without a first time, or with one that is over",
        judge=_rotation,
        source=_SOURCE,
        wrong=_BODY | {"rotation": [{"rotation_period": "86400s"}]},
        right=_BODY | {"rotation": [_PERIODIC]},
    ),
    Rule(
        code="cloud/secret-topic",
        types=_TYPES,
        title="a topic named by its last part",
        judge=_topics,
        source=_SOURCE,
        wrong=_BODY | {"topics": [{"name": "rotations"}]},
        right=_BODY,
    ),
    Rule(
        code="cloud/secret-alias",
        types=_TYPES,
        title="an alias that Secret Manager does not take",
        judge=_aliases,
        source=_SOURCE,
        wrong=_BODY | {"version_aliases": {"latest": "1"}},
        right=_BODY | {"version_aliases": {"current": "1"}},
    ),
    Rule(
        code="cloud/secret-name",
        types=("google_secret_manager_secret_version",),
        title="a secret named by its last part",
        judge=_secret,
        source="provider 7.45.0, google_secret_manager_secret_version, secret (2026-08)",
        wrong={"secret": "db-password", "secret_data_wo": "${var.password}"},
        right={
            "secret": "projects/acme-dev/secrets/db-password",
            "secret_data_wo": "${var.password}",
        },
    ),
)
