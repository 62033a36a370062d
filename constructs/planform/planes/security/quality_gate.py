"""SonarQube's words for a quality gate, a profile and languages, and which of them go together.

Source: SonarQube Server 2026.4, metric definitions and quality gates; provider pages of sonarqube_qualitygate and
sonarqube_qualityprofile_activate_rule 0.16.21; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from planform.spec.fault import Fault

__all__ = ["GATE", "LANGUAGES", "Metric", "Severity", "conditions", "gate_faults"]

Metric = Literal[
    "new_blocker_violations",
    "new_coverage",
    "new_critical_violations",
    "new_duplicated_lines_density",
    "new_maintainability_rating",
    "new_reliability_rating",
    "new_security_hotspots_reviewed",
    "new_security_rating",
    "new_violations",
    "new_vulnerabilities",
]
Severity = Literal["blocker", "critical", "major", "minor", "info"]
LESS_IS_WORSE = frozenset({"new_coverage", "new_security_hotspots_reviewed"})
GATE: Mapping[Metric, float] = {
    "new_coverage": 80,
    "new_duplicated_lines_density": 3,
    "new_security_hotspots_reviewed": 100,
    "new_violations": 0,
}
LANGUAGES: Mapping[str, str] = {
    "csharp": "cs",
    "docker": "docker",
    "go": "go",
    "java": "java",
    "javascript": "js",
    "kotlin": "kotlin",
    "python": "py",
    "terraform": "terraform",
    "typescript": "ts",
}
"""Names of languages to SonarQube's keys."""


def conditions(gate: Mapping[Metric, float]) -> list[dict[str, str]]:
    """The gate's conditions, by metric: the server keeps their order, so it must not hang on how they were written."""
    return [
        {"metric": metric, "op": "LT" if metric in LESS_IS_WORSE else "GT", "threshold": f"{threshold:g}"}
        for metric, threshold in sorted(gate.items())
    ]


def gate_faults(gate: Mapping[Metric, float]) -> Iterator[Fault]:
    """A fault for each threshold that its metric cannot have."""
    for metric, threshold in gate.items():
        if metric.endswith("_rating") and threshold not in (1, 2, 3, 4):
            yield Fault(
                "spec/gate-condition",
                f"`{metric}` is a grade, and {threshold:g} is none that can be missed",
                ("gate", metric),
                help="write the worst grade that passes: 1 for A to 4 for D",
            )
        elif metric not in LESS_IS_WORSE and not metric.endswith("_density") and threshold != int(threshold):
            yield Fault(
                "spec/gate-condition",
                f"`{metric}` is a count, and {threshold:g} is no whole number",
                ("gate", metric),
                help="write how many pass, such as 0",
            )
