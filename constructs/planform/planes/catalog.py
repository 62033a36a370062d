"""Every component there is: the planes' own lists put together, and those of other distributions.

A component is listed as `Listed(capability, name, "module:Class")` and imported when a blueprint names it, so
that a platform pays only for what it uses.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint

from msgspec import Struct, field

from planform.diagnostics import Diagnostic, DiagnosticError, error
from planform.entry_points import entry_points_of
from planform.kubernetes.charts import charts
from planform.kubernetes.images import images
from planform.planes import control, data, delivery, observability, resource, security
from planform.planes.component import Component
from planform.planes.listed import Listed

__all__ = ["PLANES", "Catalog", "builtin"]

PLANES = (control, delivery, data, resource, security, observability)
ENTRY_POINTS = "planform.components"


class Catalog(Struct, frozen=True, dict=True):
    """Capabilities, and the components that fill them."""

    listed: Mapping[str, Mapping[str, Listed]] = field(default_factory=dict)

    @cached_property
    def capabilities(self) -> tuple[str, ...]:
        """Every capability, in alphabetical order."""
        return tuple(sorted(self.listed))

    @property
    def pinned(self) -> Mapping[str, Collection[str]]:
        """Names of the charts and images that components install, by `charts` and `images`."""
        return {"charts": charts(), "images": images()}

    def names(self, capability: str) -> tuple[str, ...]:
        """The components of one capability; the first is planform's default."""
        return tuple(self.listed.get(capability, ()))

    def load(self, capability: str, name: str) -> type[Component]:
        """The component's class.

        Raises DiagnosticError `catalog/broken-component` when another distribution's component cannot be used.
        """
        entry = self.listed[capability][name]
        try:
            module, _, attribute = entry.target.partition(":")
            component = getattr(importlib.import_module(module), attribute)
        except Exception as fault:
            if entry.distribution == "planform":
                raise
            raise DiagnosticError([_broken(entry, f"{type(fault).__name__}: {fault}")]) from fault
        problem = _unfit(component, entry)
        if problem:
            raise DiagnosticError([_broken(entry, problem)])
        return component  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Listed]:
        for components in self.listed.values():
            yield from components.values()


def builtin() -> Catalog:
    """planform's own components, then those that installed distributions add as entry points.

    An entry point of the group `planform.components` is named `<capability>.<component>`.
    """
    listed: dict[str, dict[str, Listed]] = {}
    for plane in PLANES:
        for entry in plane.COMPONENTS:
            listed.setdefault(entry.capability, {})[entry.name] = entry
    for point in entry_points_of(ENTRY_POINTS):
        entry = _foreign(point)
        taken = listed.setdefault(entry.capability, {}).get(entry.name)
        if taken is not None:
            raise DiagnosticError([_broken(entry, f"that name is taken by {taken.distribution}")])
        listed[entry.capability][entry.name] = entry
    return Catalog(listed)


def _foreign(point: EntryPoint) -> Listed:
    distribution = point.dist.name if point.dist else point.value
    capability, dot, name = point.name.partition(".")
    entry = Listed(capability, name, point.value, distribution)
    if not dot:
        raise DiagnosticError([_broken(entry, "its entry point must be named `<capability>.<component>`")])
    return entry


def _unfit(component: object, entry: Listed) -> str:
    if not (isinstance(component, type) and issubclass(component, Component)):
        return f"{entry.target} is not a Component"
    for attribute in ("name", "capability", "provides"):
        if not hasattr(component, attribute):
            return f"{entry.target} has no `{attribute}`"
    if (component.capability, component.name) != (entry.capability, entry.name):
        return f"{entry.target} calls itself {component.capability}.{component.name}"
    return ""


def _broken(entry: Listed, problem: str) -> Diagnostic:
    return error(
        "catalog/broken-component",
        f"component `{entry.name}` of {entry.distribution} cannot be used: {problem}",
        help=f"mend or uninstall {entry.distribution}, or choose another component for `{entry.capability}`",
    )
