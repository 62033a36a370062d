"""pipelines: runs of machine learning pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from planform.contracts.ci import Step
from planform.contracts.identity import Identity

__all__ = ["PipelineSpace", "Pipelines", "PipelinesRef"]


class PipelinesRef(Struct, frozen=True):
    """The service that runs pipelines compiled by the kfp SDK.

    `endpoint` is what the SDK's client dials; `root` is the `gs://` folder of artefacts; `url` is for people.
    """

    engine: Literal["kubeflow", "vertex"]
    endpoint: str
    root: str
    url: str


class PipelineSpace(Struct, frozen=True):
    """A team's share: steps run as `service_account` of `namespace` in the cluster, or as `identity` outside."""

    root: str
    namespace: str = ""
    service_account: str = ""
    identity: Identity | None = None


@runtime_checkable
class Pipelines(Protocol):
    """Pipelines written once with the kfp SDK, run with a team's identity, their artefacts in the object store."""

    def service(self) -> PipelinesRef:
        """The service."""

    def team(self, name: str, *, namespace: str = "", identity: Identity | None = None) -> PipelineSpace:
        """Let a team's pipelines run, in its namespace and as its identity."""

    def submit(self, name: str, *, package: str, team: str, parameters: Mapping[str, str] | None = None,
               schedule: str = "") -> Sequence[Step]:  # fmt: skip
        """The steps by which CI uploads a compiled pipeline and starts it, or lets it start on a schedule (cron)."""
