"""What a reviewer waits for: one value of the reference blueprint changes, and a preview says what that does."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.process import ROOT, Measured, measure, planform
from benchmarks.startup import NO_NODE, Start

REFERENCE = "blueprints/reference"
EDIT = ("{tier: db-custom-4-15360,", "{tier: db-custom-8-30720,")
"""Production's database gets another machine: one stack of 28 changes."""
TIMES_COMPILE, PROVIDER_SECONDS = 2, 15.0


def previews(synth: Measured, runs: int) -> Iterator[Start]:
    """Without a provider, beside what it takes to compile the same once; and with, where the provider is here."""
    with tempfile.TemporaryDirectory() as folder:
        head = shutil.copytree(ROOT / REFERENCE, Path(folder) / "head")
        file = head / "platform.yaml"
        text = file.read_text(encoding="utf-8")
        if EDIT[0] not in text:
            raise RuntimeError(f"{file.name} of the reference has no {EDIT[0]!r} any more")
        file.write_text(text.replace(*EDIT), encoding="utf-8")
        command = planform("preview", REFERENCE, head)
        alone = measure((*command, "--structure"), runs, NO_NODE)
        name = "`planform preview`, one value of blueprints/reference"
        yield Start(f"{name}, `--structure`", alone, TIMES_COMPILE * synth.least)
        asked = measure(command, runs, NO_NODE)
        if "[provider]" in asked.output:
            yield Start(f"{name}, by the provider", asked, PROVIDER_SECONDS)
