"""batch_queue: whose jobs run on the accelerators, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from planform.contracts.delivers_files import DeliversFiles

__all__ = ["BatchQueue", "QueueRef"]


class QueueRef(Struct, frozen=True):
    """Where a team's jobs wait: the queue `name` of a namespace, for the label `kueue.x-k8s.io/queue-name`.

    `most` is what the team can hold at once, borrowed quota included, by resource name: `nvidia.com/gpu`. It is
    empty where planform does not know.
    """

    name: str
    namespace: str
    most: Mapping[str, int] = field(default_factory=dict)


@runtime_checkable
class BatchQueue(DeliversFiles, Protocol):
    """Queues in front of the cluster: a job starts once its team's quota, or idle quota of others, has room."""

    def team(
        self, name: str, *, namespace: str, scope: object, accelerators: Mapping[str, int] | None = None
    ) -> QueueRef:
        """The queue of a team, with its quota by accelerator type; its objects in the namespace are made in `scope`."""

    def engines(self) -> Mapping[str, str | None]:
        """What trains one model on several nodes, by jobs that wait here: `trainer`, Kubeflow Trainer with its chart's
        runtimes, and `ray`, KubeRay; each to the namespace from which its operator asks the job's pods, if it does.
        """

    def priorities(self) -> Mapping[str, int]:
        """Names of priority classes, for the label `kueue.x-k8s.io/priority-class`; a higher number goes first."""
