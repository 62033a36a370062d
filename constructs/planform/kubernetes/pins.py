"""The `Versions` document of a platform, kept in step with what planform installs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import asdict

from planform.diagnostics import DiagnosticError, error, suggest
from planform.kubernetes.charts import charts
from planform.kubernetes.images import images

__all__ = ["Move", "Pins", "moves", "pin", "shipped", "text"]

Pins = Mapping[str, Mapping[str, str]]
"""`charts` and `images` to name to version."""

_HEAD = """\
# What the platform runs, whatever planform ships: written by `planform lock`, which also moves it.
planform: 1
kind: Versions
"""


class Move(Struct, frozen=True):
    """One version that changes: `old` is "" for what is new, `new` is "" for what is dropped."""

    kind: str
    name: str
    old: str
    new: str

    def as_dict(self) -> dict[str, str]:
        """The same for `--json`."""
        return asdict(self)


def shipped() -> Pins:
    """The versions that this planform ships."""
    return {
        "charts": {name: chart.version for name, chart in charts().items()},
        "images": {name: image.version for name, image in images().items()},
    }


def pin(held: Pins, *, names: Collection[str] = (), everything: bool = False) -> Pins:
    """What is held, less what planform does not install, and with planform's version of what is new or named.

    Raises DiagnosticError `spec/unknown-version` for a name that planform does not install.
    """
    own = shipped()
    known = {name for each in own.values() for name in each}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DiagnosticError(
            error(
                "spec/unknown-version",
                f"planform installs nothing called `{name}`",
                notes=(f"did you mean `{near}`?",) if (near := suggest(name, known)) else (),
                help="name a chart or image of versions.yaml",
            )
            for name in unknown
        )
    return {
        kind: {
            name: version if everything or name in names else held.get(kind, {}).get(name, version)
            for name, version in sorted(versions.items())
        }
        for kind, versions in own.items()
    }


def moves(old: Pins, new: Pins) -> Iterator[Move]:
    """What changes from one to the other."""
    for kind in new:
        before, after = old.get(kind, {}), new[kind]
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                yield Move(kind, name, before.get(name, ""), after.get(name, ""))


def text(pins: Pins) -> str:
    """The document."""
    lines = [_HEAD]
    for kind, versions in pins.items():
        lines.append(f"{kind}:\n" if versions else f"{kind}: {{}}\n")
        lines += [f'  {name}: "{version}"\n' for name, version in versions.items()]
    return "".join(lines)
