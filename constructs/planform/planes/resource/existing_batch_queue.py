"""existing: queues that the organisation runs in the cluster."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from planform.contracts.batch_queue import BatchQueue, QueueRef
from planform.planes.component import Component
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingBatchQueue", "ExistingBatchQueueSettings"]


class ExistingBatchQueueSettings(Settings):
    """Settings of `existing` for batch_queue."""

    queues: dict[KebabName, KebabName] = Field(
        description="Teams to the names of their queues, each in the namespace of the team's name.",
        examples=[{"fraud": "training"}],
    )
    priorities: dict[KebabName, int] = Field(
        default_factory=dict, description="Priority classes by name, a higher number goes first. Default: none."
    )
    trainer: bool = Field(
        default=False,
        description="Whether Kubeflow Trainer is installed, with the runtimes of its chart, and Kueue lets TrainJobs"
        " wait. Default: no.",
    )
    ray: KebabName | None = Field(
        default=None,
        description="Namespace of the KubeRay operator, where there is one and Kueue lets RayJobs wait. Default: none.",
        examples=["ray-system"],
    )


class ExistingBatchQueue(Component):
    """A Kueue that others run, with its quotas; planform only names the queues.

    Whoever runs it makes a LocalQueue for each team in the team's namespace.

    Provides: BatchQueue, for the teams in `queues`; `most` is empty.
    Requires: nothing.
    Emits: nothing.
    Errors: contract/not-named.
    """

    name = "existing"
    capability = "batch_queue"
    provides = BatchQueue
    files_only = True
    Settings = ExistingBatchQueueSettings
    settings: ExistingBatchQueueSettings

    def team(
        self, name: str, *, namespace: str, scope: object, accelerators: Mapping[str, int] | None = None
    ) -> QueueRef:
        """The queue that was named for the team."""
        if name not in self.settings.queues:
            raise self.refuse(
                "contract/not-named",
                f"a queue for team `{name}` is asked for, and `existing` names none",
                path=("queues",),
                help=f"add `{name}: NAME-OF-ITS-QUEUE` to `queues`",
            )
        return QueueRef(self.settings.queues[name], namespace)

    def engines(self) -> dict[str, str | None]:
        """What the settings say of the cluster."""
        found: dict[str, str | None] = {"trainer": None} if self.settings.trainer else {}
        return {**found, "ray": self.settings.ray} if self.settings.ray else found

    def priorities(self) -> dict[str, int]:
        """The priority classes that were named."""
        return dict(self.settings.priorities)
