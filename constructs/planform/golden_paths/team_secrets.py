"""Secrets that a document asks for: kept for its team, and brought to the team's namespace as variables."""

from __future__ import annotations

from collections.abc import Iterator

from planform.contracts.compute import Compute
from planform.contracts.secrets import Secrets
from planform.golden_paths.path import Path
from planform.spec.fault import Fault

__all__ = ["bring_secrets", "secret_faults"]


def secret_faults(path: Path, secrets: Secrets | None) -> Iterator[Fault]:
    """That there is nothing to keep them in."""
    if path.settings.secrets and secrets is None:
        yield Fault(
            "workload/missing-capability",
            f"a {path.kind} with secrets needs `secrets`, and environment `{path.environment.name}` has none",
            ("secrets",),
            help="fill the slot `secrets`, or delete the lines",
        )


def bring_secrets(path: Path, secrets: Secrets | None, compute: Compute, name: str) -> str:
    """The Kubernetes Secret `name` with every one as a variable; "" where none was asked for."""
    if secrets is None or not path.settings.secrets:
        return ""
    held = {
        each.upper().replace("-", "_"): secrets.secret(f"{path.team}-{each}", readers=path.members, purpose=purpose)
        for each, purpose in sorted(path.settings.secrets.items())
    }
    return secrets.deliver(name, held, namespace=path.namespace, cluster=compute.cluster(), scope=path)
