"""What the documentation says is so: links lead somewhere, blueprints compile, code runs, commands parse."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import planform
from docs.generate import pages
from planform.cli import group
from planform.pipeline import compile_files
from planform.planes.catalog import builtin
from planform.rules.pack import shipped_pack

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md"))
    if ".venv" not in path.parts
)
GENERATED = pages()
WRITTEN = [
    path for path in PAGES if path.relative_to(ROOT).as_posix() not in {f"docs/reference/{name}" for name in GENERATED}
]


@dataclass(frozen=True)
class Block:
    """A code block: where it starts, its language, the comment on the line above, its text."""

    page: Path
    line: int
    language: str
    remark: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = 0
    for number, line in enumerate(lines, 1):
        if line.startswith("```") and not start:
            start = number
        elif line == "```":
            remark = re.sub(r"<!-- (.*) -->", r"\1", lines[start - 2]) if lines[start - 2].startswith("<!--") else ""
            yield Block(page, start, lines[start - 1][3:], remark, "\n".join(lines[start : number - 1]) + "\n")
            start = 0
    assert not start, f"{page}:{start}: a block that does not end"


def every(language: str) -> list[Block]:
    return [block for page in WRITTEN for block in blocks(page) if block.language == language]


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLANFORM_", "JSII_", "CDKTF_"))}
    return {**kept, "PYTHONPATH": str(Path(planform.__file__).parents[1]), **variables}


def run(*command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=environment(**variables), capture_output=True, text=True, check=False)


def run_planform(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-c", "from planform.cli import main; main()", *arguments, cwd=cwd)


def as_told(told: str, said: str) -> bool:
    """Whether a text is what a page shows of it, where `...` stands for anything and times differ."""
    pattern = re.escape(told.strip()).replace(re.escape("..."), r"[\s\S]*")
    return re.search(re.sub(r"\d+\\\.\d+\\ s", r"\\d+\\.\\d+ s", pattern), said) is not None


# Links


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub names them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            wrong.append(target)
    assert wrong == []


def test_every_page_can_be_reached() -> None:
    seen: set[Path] = set()
    waiting = [README]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)\s#]+)[^)]*\)", page.read_text(encoding="utf-8"))
        found = [(page.parent / target).resolve() for target in targets if not target.startswith("https://")]
        waiting += [path for path in found if path.suffix == ".md" and path.exists()]
    assert {path for path in PAGES if "examples" not in path.parts} - seen == set()


# Generated pages


@pytest.mark.parametrize("path", sorted(GENERATED))
def test_generated_pages_are_in_step(path: str) -> None:
    written = (ROOT / "docs" / "reference" / path).read_text(encoding="utf-8")
    assert written == GENERATED[path], "run `python3 dev.py docs`"


def test_there_are_no_other_pages() -> None:
    there = {f"{path.parent.name}/{path.name}" for path in (ROOT / "docs" / "reference").glob("*/*.md")}
    assert there == {path for path in GENERATED if "/" in path}


# Blueprints


def laid_over(base: Any, part: Any) -> Any:
    """A part of a blueprint over a whole one; another component takes nothing of the one before."""
    if not (isinstance(base, dict) and isinstance(part, dict)):
        return part
    if "use" in part and part["use"] != base.get("use"):
        return part
    return {**base, **{key: laid_over(base.get(key), value) for key, value in part.items()}}


@pytest.mark.parametrize("block", every("yaml"), ids=lambda block: block.name)
def test_blueprints_compile(block: Block, tmp_path: Path) -> None:
    base = yaml.safe_load((ROOT / "blueprints" / "minimal.yaml").read_text())
    path = tmp_path / "platform.yaml"
    path.write_text(yaml.safe_dump(laid_over(base, yaml.safe_load(block.text)), sort_keys=False))
    assert compile_files(path).resources > 0


# Python


STACK = """\
from planform.engine import App, TerraformStack

stack = TerraformStack(App(), "acme")
"""
SCHEMA = {
    "format_version": "1.0",
    "provider_schemas": {
        "registry.terraform.io/hashicorp/random": {
            "provider": {"version": 0, "block": {}},
            "resource_schemas": {
                "random_pet": {"version": 0, "block": {"attributes": {"length": {"type": "number", "optional": True}}}}
            },
        }
    },
}


@pytest.mark.engine
@pytest.mark.parametrize("block", every("python"), ids=lambda block: block.name)
def test_code_runs(block: Block, tmp_path: Path) -> None:
    if "def build(self) -> None: ..." in block.text:
        compile(block.text, block.name, "exec")
        return
    if block.remark == "needs: random":
        (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
        added = run_planform("provider", "add", "hashicorp/random@3.7.2", "--from-file", "schema.json", cwd=tmp_path)
        assert added.returncode == 0, added.stderr
    own = "TerraformStack(" in block.text
    (tmp_path / "snippet.py").write_text(block.text if own else STACK + block.text)
    done = run(sys.executable, "snippet.py", cwd=tmp_path, PLANFORM_ENGINE="cdktf" if own else "native")
    assert done.returncode == 0, done.stderr
    for told in re.findall(r"print\(.*\)  # (.*)", block.text):
        assert told in done.stdout
    if "app.synth()" in block.text:
        assert list(tmp_path.glob("cdktf.out/stacks/*/cdk.tf.json"))


# Commands


def commands() -> list[tuple[str, str]]:
    """Every `planform ...` and `python3 dev.py ...` in a block of shell."""
    found = []
    for block in every("sh"):
        lines = block.text.replace("\\\n", " ").splitlines()
        found += [
            (block.name, line.strip()) for line in lines if line.strip().startswith(("planform ", "python3 dev.py "))
        ]
    return found


@pytest.mark.parametrize(("where", "line"), commands())
def test_commands_parse(where: str, line: str) -> None:
    words = shlex.split(line.partition(" > ")[0], comments=True)
    if words[0] == "python3":
        spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
        assert spec and spec.loader
        dev = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(dev)
        assert words[2] in dev.TASKS
        return
    command: click.Command = group
    context = click.Context(group)
    arguments = words[1:]
    while isinstance(command, click.Group):
        _, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command = found
    command.make_context("planform", arguments, parent=context)


# The README


def block_after(words: str) -> Block:
    """The first block below a line of the README."""
    lines = README.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines, 1) if words in line)
    return next(block for block in blocks(README) if block.line > start)


def test_minimal_blueprint_is_the_file() -> None:
    block = block_after("`blueprints/minimal.yaml`, whole:")
    assert block.remark == "file: blueprints/minimal.yaml"
    assert block.text == (ROOT / "blueprints" / "minimal.yaml").read_text()


def test_the_demo_ends_as_told(tmp_path: Path) -> None:
    (tmp_path / "blueprints").symlink_to(ROOT / "blueprints")
    done = run_planform("synth", "blueprints/reference", cwd=tmp_path)
    assert done.returncode == 0
    assert as_told(block_after("The first ends with").text, done.stderr), done.stderr


@pytest.mark.parametrize("page", [README, ROOT / "docs" / "concepts" / "diagnostics.md"], ids=lambda page: page.name)
def test_the_error_is_told_as_shown(page: Path, tmp_path: Path) -> None:
    text = (ROOT / "blueprints" / "minimal.yaml").read_text()
    (tmp_path / "platform.yaml").write_text(text.replace("max_nodes", "max_node"))
    shown = next(block.text for block in blocks(page) if "error[spec/unknown-key]" in block.text)
    said = run_planform("validate", "platform.yaml", cwd=tmp_path).stderr
    assert as_told(shown.removeprefix("$ planform validate platform.yaml\n"), said), said


def test_the_table_of_components_is_complete() -> None:
    catalog = builtin()
    rows = re.findall(r"^\| (\w+) \| (.*, existing) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert {capability: tuple(names.split(", ")) for capability, names in rows} == {
        capability: catalog.names(capability) for capability in catalog.capabilities
    }


def test_the_number_of_rules_is_that_of_the_pack() -> None:
    assert f"[{len(shipped_pack().rules)} rules]" in README.read_text()
