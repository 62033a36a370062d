"""`python -m benchmarks`: measure, and write docs/reference/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bindings import compare
from benchmarks.page import page, write
from benchmarks.policies import judged
from benchmarks.previews import REFERENCE, previews
from benchmarks.process import ROOT
from benchmarks.scale import sizes
from benchmarks.startup import starts
from benchmarks.workloads import many_documents

SIZES = (100, 1_000, 5_000, 20_000)
DOCUMENTS = (250, 500, 1_000, 2_000)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the command line, the bindings, each size, and the rules, one after another."""
    given = _parser().parse_args(arguments)
    print("the command line", file=sys.stderr)
    started = list(starts(given.blueprint, given.runs))
    if given.blueprint == REFERENCE:
        synth = next(each.measured for each in started if "synth" in each.command)
        started += previews(synth, given.runs)
    comparison = None
    if not given.no_bindings:
        print("the prebuilt bindings", file=sys.stderr)
        comparison = compare(given.blueprint, given.runs)
    print("many resources", file=sys.stderr)
    measured = list(sizes(given.sizes, given.runs))
    print("many workloads", file=sys.stderr)
    documents = list(many_documents(given.documents, min(given.runs, 3)))
    print("the policy rules", file=sys.stderr)
    rules = list(judged(given.blueprint, given.sizes, given.runs))
    write(given.out, page(started, measured, documents, rules, comparison, given.runs))
    print(given.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="numbers of resources")
    parser.add_argument("--documents", type=int, nargs="+", default=DOCUMENTS, metavar="N", help="numbers of workloads")
    parser.add_argument("--blueprint", default=REFERENCE, metavar="PATH", help="default %(default)s")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each measurement; default 5")
    parser.add_argument("--no-bindings", action="store_true", help="leave the prebuilt bindings out: 367 MB to install")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/reference/benchmarks.md", help="the page to write")
    return parser


if __name__ == "__main__":
    main()
