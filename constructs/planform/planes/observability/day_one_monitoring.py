"""What the monitoring that planform sets up does alike: dashboards and alerts that are there on day one."""

from __future__ import annotations

from pydantic import Field

from planform.contracts.batch_queue import BatchQueue
from planform.contracts.compute import Compute
from planform.contracts.database import Database
from planform.planes.observability.day_one import of_cluster, of_database, of_queue
from planform.planes.observability.prometheus_monitoring import PrometheusMonitoring
from planform.planes.observability.queue_metrics import scrape_queue
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["DayOneMonitoring", "DayOneSettings"]


class DayOneSettings(Settings):
    """Settings of what is watched on day one."""

    day_one: bool = Field(
        default=True,
        description="Dashboards and alerts of the cluster, its GPUs, the database and the queue, as far as they are"
        " there. Default: on.",
    )
    database_connections: int = Field(
        default=300,
        ge=1,
        le=262_143,
        description="Connections to Cloud SQL from which there is an alert. Default: 300, three quarters of what a"
        " server of 6 to 15 GiB takes.",
    )
    queue_namespace: KebabName = Field(
        default="kueue-system", description="Namespace that Kueue runs in, to read its metrics. Default: kueue-system."
    )


class DayOneMonitoring(PrometheusMonitoring):
    """The base of the monitoring that watches what the environment has before anybody asks."""

    settings: DayOneSettings
    compute: Compute | None
    database: Database | None
    batch_queue: BatchQueue | None

    def _day_one(self) -> None:
        if self.compute is not None:
            for watch in of_cluster(self.compute):
                self.watch(watch)
        if self.database is not None:
            self.watch(of_database(self.database, self.settings.database_connections))
        if self.batch_queue is not None:
            scrape_queue(self, self.settings.queue_namespace, self._collectors())
            self.watch(of_queue())
