"""Whatever planform says or its docs say to type can be typed: every option that is named is one of that verb."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import planform
from planform.cli import group

PACKAGE = Path(planform.__file__).parent
ROOT = PACKAGE.parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
COMMAND = re.compile(r"\bplanform ((?:\\\n|[^`\n;|>#()])+)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*\b")
FOREIGN = re.compile(r"^ *conftest .*", re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
SAYING = {"BadParameter", "ClickException", "Code", "Fault", "UsageError", "error", "fault", "warning"}
"""What makes the words of a fault."""


def verbs(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command by the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            held = command.get_command(context, name)
            assert held is not None
            yield from verbs(held, (*path, name))


VERBS = dict(verbs(group))
FLAGS = {
    path: {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)}
    | {"--help", "--version"}
    for path, command in VERBS.items()
}
ALL = set().union(*FLAGS.values())


def wrong(text: str) -> list[str]:
    """The options in a text that no verb has, or not the verb that they are written behind."""
    found = []
    for command in COMMAND.findall(text):
        words = command.replace("\\\n", " ").split()
        path = next((tuple(words[:count]) for count in (3, 2, 1) if tuple(words[:count]) in FLAGS), None)
        if path is not None:
            found += [f"{' '.join(path)} {flag}" for flag in FLAG.findall(command) if flag not in FLAGS[path]]
    for span in SPAN.findall(text):
        if span.startswith("--"):
            found += [flag for flag in FLAG.findall(span) if flag not in ALL]
    return found


def said() -> Iterator[tuple[str, str]]:
    """The words of each fault in the sources, and where they stand."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                words = [*node.args, *(each.value for each in node.keywords)] if name in SAYING else []
            elif isinstance(node, ast.Assign) and any("help" in ast.unparse(each) for each in node.targets):
                words = [node.value]
            else:
                continue
            for each in words:
                texts = (part.value for part in ast.walk(each) if isinstance(part, ast.Constant))
                yield (
                    f"{path.relative_to(PACKAGE)}:{node.lineno}",
                    "".join(text for text in texts if isinstance(text, str)),
                )


def test_what_is_wrong_would_be_found() -> None:
    assert wrong("`planform check b --engine wasm` or `--engine wasm`") == ["check --engine", "--engine"]
    assert wrong("run planform synth b --locked \\\n --nothing") == ["synth --nothing"]
    assert wrong("`planform check b --policy-engine wasm`, `opa eval --profile`, `--env`") == []


def test_faults_name_options_that_exist() -> None:
    assert {place: found for place, text in said() if (found := wrong(text))} == {}


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_help_names_options_that_exist(path: tuple[str, ...]) -> None:
    command = VERBS[path]
    texts = [command.help or "", command.epilog or "", *(getattr(each, "help", "") or "" for each in command.params)]
    for text in texts:
        assert wrong(text) == []
        bare = FOREIGN.sub("", SPAN.sub("", COMMAND.sub("", text)))
        assert [flag for flag in FLAG.findall(bare) if flag not in ALL] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_docs_name_options_that_exist(path: Path) -> None:
    assert wrong(path.read_text()) == []
