"""The gate that a model's files pass before anybody registers or serves them: that there is one, and as steps of CI."""

from __future__ import annotations

import shlex

from planform.contracts.ci import Step
from planform.contracts.model_scanning import ScanGate
from planform.spec.fault import Fault

__all__ = ["no_scan_gate", "scan_steps"]

_FETCH = """\
mkdir -p model
gcloud storage cp --recursive "$MODEL/*" model/
"""


def scan_steps(gate: ScanGate, model: str) -> list[Step]:
    """Fetch a version's files and scan them; whatever ends with anything but 0 stops the job."""
    words = [word.replace("{model}", "model").replace("{verdict}", "verdict.json") for word in gate.command]
    install = f"python -m pip install --quiet {shlex.join(gate.packages)}\n" if gate.packages else ""
    return [
        Step("Fetch the model's files", run=_FETCH, variables={"MODEL": model}),
        Step(
            "Scan the model",
            run=f"{install}{shlex.join(words)}\n",
            variables=dict(gate.variables),
            secrets=dict(gate.secrets),
        ),
    ]


def no_scan_gate(environment: str, model: str, done: str) -> Fault:
    """The fault of a model that would be `done`, such as `served`, unscanned."""
    return Fault(
        "workload/no-scan-gate",
        f"model `{model}` would be {done} unscanned: environment `{environment}` has no `model_scanning`",
        ("model",),
        help="fill the slot `model_scanning` there, or leave the environment out of `environments`",
    )
