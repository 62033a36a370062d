"""Versions of charts that a blueprint sets apart from the lock file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planform.diagnostics import suggest
from planform.kubernetes.charts import Chart
from planform.spec.fault import Fault

__all__ = ["check_versions"]


def check_versions(versions: Mapping[str, str], known: Mapping[str, Chart]) -> Iterator[Fault]:
    """A fault for every name that the lock file does not have."""
    for name in versions:
        if name not in known:
            near = suggest(name, known)
            yield Fault(
                "kubernetes/unknown-chart",
                f"no chart `{name}` is in the lock file",
                ("chart_versions", name),
                label=f"did you mean `{near}`?" if near else "",
                help=f"charts: {', '.join(known)}",
                of_key=True,
            )
