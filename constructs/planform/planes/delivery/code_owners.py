"""CODEOWNERS: who is asked for review of which files, as GitHub and GitLab read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

__all__ = ["code_owners"]

_HEADER = (
    "# Written by planform from the blueprint: change that, not this file. The last line that fits a file counts.\n"
)


def code_owners(owners: Mapping[str, Sequence[str]], mention: Callable[[str], str]) -> str:
    """The file's text; `mention` writes a team as the host does, such as `@acme/fraud`."""
    lines = [f"{pattern} {' '.join(mention(team) for team in teams)}\n" for pattern, teams in owners.items() if teams]
    return _HEADER + "".join(lines)
