"""The MySQL server of Kubeflow Pipelines: an instance of Cloud SQL that nothing else uses."""

from __future__ import annotations

from typing import Any

from planform.contracts.keys import Keys
from planform.contracts.networking import Networking
from planform.planes.component import Component
from planform.planes.record_ids import record_id
from planform.terraform.expression import Known
from planform.terraform.google import ProjectIamMember, SqlDatabase, SqlDatabaseInstance
from planform.terraform.record import Lifecycle

__all__ = ["DATABASES", "KubeflowDatabase"]

DATABASES = ("metadb", "mlpipeline")


class KubeflowDatabase:
    """One instance with the two databases, on a private address; users are made by people, as they have passwords.

    MySQL 8.0 with `mysql_native_password`, the only sign-in that ML Metadata's client knows.
    Source: Kubeflow Pipelines 2.17.0, third-party/mysql and its note on ML Metadata; Cloud SQL's page on MySQL flags.
    """

    def __init__(
        self,
        owner: Component,
        *,
        networking: Networking,
        keys: Keys | None,
        tier: str,
        disk_gib: int,
        high_availability: bool,
    ) -> None:
        self._owner, self._networking = owner, networking
        facts = owner.environment
        name = f"{facts.prefix}-pipelines-mysql"
        key = keys.key("pipelines", users=[facts.service_agent("gcp-sa-cloud-sql")]).id if keys is not None else None
        self._instance = SqlDatabaseInstance(
            owner,
            "pipelines_mysql",
            name=name,
            project=facts.project,
            region=facts.region,
            database_version="MYSQL_8_0",
            encryption_key_name=key,
            deletion_protection=facts.production,
            deletion_policy="PREVENT" if facts.production else "DELETE",
            settings=[self._settings(tier, disk_gib, high_availability)],
            timeouts={"create": "60m", "update": "60m", "delete": "60m"},
            lifecycle=Lifecycle(
                prevent_destroy=True if facts.production else None, ignore_changes=["settings[0].disk_size"]
            ),
        )
        for database in DATABASES:
            SqlDatabase(
                owner,
                database,
                name=database,
                project=facts.project,
                instance=self._instance.name,
                charset="utf8mb4",
                collation="utf8mb4_0900_ai_ci",
                deletion_policy="ABANDON",
                lifecycle=Lifecycle(prevent_destroy=True) if facts.production else None,
            )
        connection = f"{facts.project}:{facts.region}:{name}"
        self.connection_name = Known(connection, self._instance.connection_name)
        self._resource = f"projects/{facts.project}/instances/{name}"
        self._title = name

    def admit(self, short: str, member: str) -> None:
        """Let an identity dial this instance, and no other; it still has to sign in."""
        ProjectIamMember(
            self._owner,
            record_id(short, "pipelines_mysql", "client"),
            project=self._owner.environment.project,
            role="roles/cloudsql.client",
            member=member,
            condition=[
                {
                    "title": f"only-{self._title}",
                    "expression": f"resource.name == '{self._resource}'"
                    " && resource.service == 'sqladmin.googleapis.com'",
                }
            ],
        )

    def _settings(self, tier: str, disk_gib: int, high_availability: bool) -> dict[str, Any]:
        private = self._networking.private_services()
        protected = self._owner.environment.production
        return {
            "tier": tier,
            "edition": "ENTERPRISE",
            "availability_type": "REGIONAL" if high_availability else "ZONAL",
            "activation_policy": "ALWAYS",
            "disk_type": "PD_SSD",
            "disk_size": disk_gib,
            "disk_autoresize": True,
            "deletion_protection_enabled": protected,
            "retain_backups_on_delete": True,
            "connector_enforcement": "REQUIRED",
            "ip_configuration": [
                {
                    "ipv4_enabled": False,
                    "private_network": private.network.id,
                    "allocated_ip_range": private.range_name,
                    "ssl_mode": "ENCRYPTED_ONLY",
                }
            ],
            "backup_configuration": [
                {
                    "enabled": True,
                    "start_time": "02:00",
                    "binary_log_enabled": True,
                    "transaction_log_retention_days": 7,
                    "backup_retention_settings": [{"retained_backups": 14, "retention_unit": "COUNT"}],
                }
            ],
            "maintenance_window": [{"day": 7, "hour": 3, "update_track": "stable"}],
            "database_flags": [{"name": "default_authentication_plugin", "value": "mysql_native_password"}],
            "user_labels": self._owner.labels,
        }
