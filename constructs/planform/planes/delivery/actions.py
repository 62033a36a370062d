"""The lock file of GitHub's actions: actions.yaml beside this file, which alone decides what code a workflow runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from planform.plain_yaml import load

__all__ = ["Action", "actions", "third_party", "uses", "with_tags"]

_COMMIT = re.compile(r"[0-9a-f]{40}")


class Action(Struct, frozen=True):
    """An action's repository at one commit, and the release that the commit is."""

    repository: str
    commit: str
    tag: str


@cache
def actions() -> Mapping[str, Action]:
    """Every action of the lock file by its repository. Raises ValueError for one without a full commit."""
    held: dict[str, dict[str, str]] = load(Path(__file__).with_name("actions.yaml").read_text("utf-8"))
    found = {name: Action(name, facts["commit"], facts["tag"]) for name, facts in held.items()}
    for action in found.values():
        if not _COMMIT.fullmatch(action.commit):
            raise ValueError(f"{action.repository}: {action.commit!r} is no full commit")
    return found


def uses(path: str) -> str:
    """`github/codeql-action/init` -> `github/codeql-action/init@<commit>`; KeyError for what is not locked."""
    repository = "/".join(path.split("/")[:2])
    return f"{path}@{actions()[repository].commit}"


def third_party() -> tuple[str, ...]:
    """Patterns for GitHub's list of allowed actions: those that are not GitHub's own."""
    own = ("actions/", "github/")
    return tuple(f"{name}@*" for name in actions() if not name.startswith(own))


def with_tags(text: str) -> str:
    """A workflow's text with the release of each action in a comment behind its commit."""
    for action in actions().values():
        text = text.replace(f"@{action.commit}\n", f"@{action.commit} # {action.tag}\n")
    return text
