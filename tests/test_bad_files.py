"""What no YAML comment can announce: files that are too large, of the wrong kind, or hostile from the first byte.

Each is refused by the command itself: with exit code 1, one code, a line of help, nothing on stdout, nothing written,
nothing of the input that a terminal would obey, and in seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from planform.cli import main
from planform.pages import page
from planform.pipeline import compile_files

GOOD = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
planes:
  security: {services: project-services}
environments:
  dev: {project: acme-ai-dev, project_number: 111111111111}
"""
SECONDS = 20
"""More than any of these may take on a slow machine; the slowest takes one."""


@dataclass(frozen=True)
class Refusal:
    code: str
    stderr: str


@pytest.fixture
def refuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Refusal]:
    """Run `planform synth` on what ought to be refused."""

    def run(*blueprints: str | Path) -> Refusal:
        out = tmp_path / "planform.out"
        before = sorted(tmp_path.rglob("*"))
        started = time.monotonic()
        with pytest.raises(SystemExit) as ended:
            main(["synth", *map(str, blueprints), "--out", str(out), "--no-color"])
        said = capsys.readouterr()
        assert time.monotonic() - started < SECONDS
        assert (ended.value.code, said.out) == (1, "")
        assert "Traceback" not in said.err
        assert "= help: " in said.err
        assert "nothing was written" in said.err
        assert sorted(tmp_path.rglob("*")) == before
        assert all(character.isprintable() or character == "\n" for character in said.err)
        code = said.err.partition("error[")[2].partition("]")[0]
        assert page(code)
        return Refusal(code, said.err)

    return run


Refuse = Callable[..., Refusal]


def test_the_good_one_is_good(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    for text in (GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), f"# note\n---\n{GOOD}...\n"):
        path.write_bytes(text.encode())
        assert compile_files(path).resources > 0


BYTES: Sequence[tuple[str, bytes, str]] = (
    ("empty", b"", "blueprint/empty"),
    ("blank", b" \n\n", "blueprint/empty"),
    ("only a comment", b"# planform: 1\n", "blueprint/empty"),
    ("only a byte order mark", "\ufeff".encode(), "blueprint/empty"),
    ("latin-1", GOOD.replace("acme-ai\n", "acmé\n").encode("latin-1"), "blueprint/not-utf-8"),
    ("utf-16", GOOD.encode("utf-16"), "blueprint/not-utf-8"),
    ("cut in a character", GOOD.encode() + "é".encode()[:1], "blueprint/not-utf-8"),
    ("a NUL", GOOD.replace("acme-ai", "acme\0ai", 1).encode(), "blueprint/control-character"),
    ("an escape sequence", GOOD.replace("acme-ai", "\x1b[31macme", 1).encode(), "blueprint/control-character"),
    ("turned text", GOOD.replace("acme-ai", "acme\u202eia", 1).encode(), "blueprint/control-character"),
    ("a mark amid the text", GOOD.replace("acme-ai", "acme\ufeffai", 1).encode(), "blueprint/control-character"),
    ("a bare carriage return", GOOD.replace("kind", "\rkind", 1).encode(), "blueprint/control-character"),
    ("an escaped NUL", GOOD.replace("acme-ai", '"acme\\0ai"', 1).encode(), "spec/bad-form"),
    ("a lone surrogate", GOOD.replace("acme-ai", '"\\ud800"', 1).encode(), "blueprint/unknown-escape"),
    ("a program", b"#!/bin/sh\nrm -rf /\n", "blueprint/not-a-mapping"),
    ("an archive", b"\x1f\x8b\x08\x00\x00\x00", "blueprint/not-utf-8"),
    ("tabs", GOOD.replace("  security", "\tsecurity").encode(), "blueprint/tab-indentation"),
    ("JSON that is cut", b'{"planform": 1, "kind": "Platform"', "blueprint/unclosed-bracket"),
    ("deep brackets", b"a: " + b"[" * 100_000, "blueprint/too-deep"),
    ("deep braces", b"{a: " * 100_000, "blueprint/too-deep"),
    ("deep indentation", "".join(f"{' ' * n}a:\n" for n in range(1000)).encode(), "blueprint/too-deep"),
    ("many values", b"a: [" + b"1," * 200_000 + b"1]", "blueprint/too-many-values"),
    ("many documents", b"--- {}\n" * 20_000, "blueprint/too-many-documents"),
    ("many faults", GOOD.encode() + b"name: x\n" * 50_000, "blueprint/duplicate-key"),
    ("a long word", GOOD.replace("acme-ai", "a" * 900_000, 1).encode(), "spec/out-of-range"),
    ("a long key", f"{GOOD}{'k' * 1000}: 1\n".encode(), "spec/unknown-key"),
)


@pytest.mark.parametrize(("content", "code"), [each[1:] for each in BYTES], ids=[each[0] for each in BYTES])
def test_bytes_that_are_no_blueprint(refuse: Refuse, tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "platform.yaml"
    path.write_bytes(content)
    refusal = refuse(path)
    assert refusal.code == code
    assert len(refusal.stderr) < 100_000


def test_aliases_that_multiply(refuse: Refuse, tmp_path: Path) -> None:
    names = [f"l{number}" for number in range(30)]
    lines = [f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]" for below, name in pairwise(names)]
    path = tmp_path / "platform.yaml"
    path.write_text("\n".join(["l0: &l0 [x]", *lines]))
    assert refuse(path).code == "blueprint/too-many-values"


def test_merge_keys_that_multiply(refuse: Refuse, tmp_path: Path) -> None:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{x{n}: *a{n - 1}, y{n}: *a{n - 1}, <<: *a{n - 1}}}" for n in range(1, 40)]
    path = tmp_path / "platform.yaml"
    path.write_text("\n".join(lines))
    assert refuse(path).code in ("blueprint/too-many-values", "blueprint/too-deep")


def test_fifty_megabytes(refuse: Refuse, tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    refusal = refuse(path)
    assert refusal.code == "blueprint/too-large"
    assert "50,000,000 bytes" in refusal.stderr


# Paths


def test_a_missing_file_names_its_neighbour(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "platform.yaml").write_text(GOOD)
    refusal = refuse(tmp_path / "platfrom.yaml")
    assert refusal.code == "blueprint/not-found"
    assert "platform.yaml" in refusal.stderr.partition("help:")[2]


@pytest.mark.parametrize("name", ["", "a\0b.yaml", "x" * 5000, "no/such/folder/platform.yaml"])
def test_names_that_are_no_files(refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert refuse(name).code in ("blueprint/not-found", "blueprint/unreadable", "blueprint/no-yaml")


def test_a_folder_without_blueprints(refuse: Refuse, tmp_path: Path) -> None:
    folder = tmp_path / "blueprints"
    folder.mkdir()
    (folder / "platform.yml.bak").write_text(GOOD)
    (folder / ".hidden.yaml").write_text(GOOD)
    assert refuse(folder).code == "blueprint/no-yaml"


def test_a_folder_that_is_named_like_a_file(refuse: Refuse, tmp_path: Path) -> None:
    folder = tmp_path / "platform.yaml"
    folder.mkdir()
    assert refuse(folder).code == "blueprint/no-yaml"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device(refuse: Refuse, device: str) -> None:
    if not Path(device).exists():
        pytest.skip("no such device here")
    assert refuse(device).code == "blueprint/unreadable"


def test_a_pipe(refuse: Refuse, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "platform.yaml")
    assert refuse(tmp_path / "platform.yaml").code == "blueprint/unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(refuse: Refuse, tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text(GOOD)
    path.chmod(0)
    assert refuse(path).code == "blueprint/unreadable"


def test_a_link_out_of_the_folder(refuse: Refuse, tmp_path: Path) -> None:
    folder = tmp_path / "blueprints"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("password: hunter2\n")
    (folder / "platform.yaml").write_text(GOOD)
    (folder / "team.yaml").symlink_to("../secret.yaml")
    refusal = refuse(folder)
    assert refusal.code == "blueprint/outside-folder"
    assert "hunter2" not in refusal.stderr


def test_links_that_lead_nowhere(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    (tmp_path / "broken.yaml").symlink_to("gone.yaml")
    for name in ("circle.yaml", "broken.yaml"):
        assert refuse(tmp_path / name).code in ("blueprint/not-found", "blueprint/unreadable")


@pytest.mark.parametrize("name", [b"\x1b[31mred.yaml", b"\xff.yaml", "\u202eflipped.yaml".encode(), b"two\nlines.yaml"])
def test_file_names_that_a_terminal_would_obey(refuse: Refuse, tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    try:
        path.write_text("kind: Platfrom\n")
    except OSError:
        pytest.skip("this file system takes no such name")
    assert refuse(path).code == "spec/missing-key"


# What is in a file stays in it


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2" * 8,
        "glpat-" + "a1B2" * 5,
        "AIza" + "a1B2C" * 7,
        "ya29." + "a1B2" * 8,
        "GOCSPX-" + "a1B2" * 7,
        "xoxb-" + "1234567890-" * 2 + "ab",
        "sk-proj-" + "a1B2" * 8,
        "hvs." + "a1B2" * 8,
        ".".join(["eyJ" + "a1B2" * 5] * 2 + ["a1B2" * 5]),
        "AKIA" + "A1B2" * 4,
        "postgres://ml:hunter2@10.0.0.3/ml",
    ],
    ids=lambda secret: secret[:4],
)
def test_no_secret_reaches_the_screen(refuse: Refuse, tmp_path: Path, secret: str) -> None:
    path = tmp_path / "platform.yaml"
    for number, text in enumerate(
        (
            GOOD.replace("acme.example", f'"{secret}"'),
            GOOD.replace("acme-ai\n", f'"{secret}"  # {secret}\n'),
            f'{GOOD}labels: {{owner: "{secret}", "{secret}": x, other: [1, "{secret}"]}}\n',
            GOOD.replace("project-services", f'"{secret}"'),
            GOOD.replace("111111111111", f'"{secret}", {{'),
        )
    ):
        path.write_text(text)
        refusal = refuse(path)
        assert secret not in refusal.stderr, number
        assert secret[8:] not in refusal.stderr, number


def test_every_file_s_faults_are_told_at_once(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("name: [\n")
    (tmp_path / "a.yaml").write_bytes(b"\xff")
    (tmp_path / "c.yaml").write_text(GOOD)
    said = refuse(tmp_path).stderr
    assert said.index("blueprint/not-utf-8") < said.index("blueprint/unclosed-bracket")
    assert said.count("error[") == 2
