"""Rules of one's own: a folder `policies` beside the blueprint or here, judged before it is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from planform.checks.policy.severities import SEVERITIES
from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, in_order
from planform.rules.pack import digest, shipped_pack
from planform.rules.rule import Pack, read_pack, rego_files

__all__ = ["found_beside", "own_packs"]

_PACKAGE = re.compile(r"^package\s+(\S+)", re.MULTILINE)


def found_beside(blueprints: Iterable[Path]) -> tuple[Path, ...]:
    """The folders `policies` that hold something, beside each blueprint and here; planform's own is none."""
    places = [*(path.absolute().parent for path in blueprints), Path.cwd()]
    folders = dict.fromkeys(place / "policies" for place in places)
    own = digest(shipped_pack().folder)  # the same rules in a checkout of planform are planform's own too
    return tuple(each for each in folders if each.is_dir() and _has_some(each) and digest(each) != own)


def _has_some(folder: Path) -> bool:
    """Whether a folder has severities, or more rules than tests and libraries."""
    return (folder / SEVERITIES).is_file() or any(
        path.relative_to(folder).parts[0] != "lib" for path in rego_files(folder)
    )


def own_packs(folders: Sequence[Path]) -> tuple[Pack, ...]:
    """The rules of some folders, at least one of each. Raises DiagnosticError with all that is wrong with them."""
    packs: list[Pack] = []
    faults: list[Diagnostic] = []
    taken = {rule.id: str(shipped_pack().folder / rule.file) for rule in shipped_pack().rules}
    for folder in folders:
        if not folder.is_dir():
            faults.append(error("policy/no-folder", f"{folder} is no folder", help="name a folder with rules"))
            continue
        try:
            pack = read_pack(folder)
        except DiagnosticError as fault:
            faults += fault.diagnostics
            continue
        wrong = [*_library_faults(folder)]
        if not pack.rules and not wrong and not (folder / SEVERITIES).is_file():
            help = "name the folder above `<plane>/<rule>.rego`; `planform policy new` writes a rule"
            wrong.append(error("policy/no-rules", f"{folder} has no rules", Location(str(folder), 0, 0), help=help))
        faults += wrong
        for rule in pack.rules:
            place = folder / rule.file
            if rule.id in taken:
                help = "give yours another id, package and file; yours can add to a rule, not replace it"
                faults.append(
                    error(
                        "policy/duplicate-rule",
                        f"two rules have the id `{rule.id}`",
                        Location(str(place), 1, 0),
                        notes=(f"the other is {taken[rule.id]}",),
                        help=help,
                    )
                )
            taken.setdefault(rule.id, str(place))
        if pack.rules:
            packs.append(pack)
    if faults:
        raise DiagnosticError(in_order(faults))
    return tuple(packs)


def _library_faults(folder: Path) -> Iterator[Diagnostic]:
    """What could change planform's own rules: `main`, and libraries of its names."""
    shipped = {f"lib.{name}" for name in shipped_pack().library()}
    for path in sorted(folder.rglob("*.rego")):
        if path.name.endswith("_test.rego"):
            continue
        found = _PACKAGE.search(path.read_text("utf-8", errors="replace"))
        name = found[1] if found else ""
        if name in shipped or not name.startswith(("lib.", "rules.")):
            yield error(
                "policy/bad-metadata",
                f"{path.name} is of package `{name}`" + (", which is planform's own" if name in shipped else ""),
                Location(str(path), 1, 0),
                help="rules are of package `rules.<plane>.<rule>`, what they share of `lib.<a name of yours>`",
            )
