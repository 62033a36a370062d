"""AlloyDB for PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from planform.contracts.database import Database, DatabaseRef, DatabaseServerRef
from planform.contracts.identity import Identity
from planform.contracts.keys import Keys
from planform.contracts.networking import Networking
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.planes.resource.postgres_flags import FlagName, FlagValue, flag_texts, managed_by_google
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Zone
from planform.terraform.expression import Known, template
from planform.terraform.google import AlloydbCluster, AlloydbInstance, AlloydbUser, ProjectIamMember
from planform.terraform.record import Lifecycle, Resource

__all__ = ["AlloyDb", "AlloyDbSettings"]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
IAM_FLAG = "alloydb.iam_authentication"
DEFAULT_FLAGS: Mapping[str, FlagValue] = {
    IAM_FLAG: True,
    "alloydb.enable_pgaudit": True,
    "log_connections": True,
    "log_disconnections": True,
}
SIGN_IN_ROLES = {
    "client": "roles/alloydb.client",
    "user": "roles/alloydb.databaseUser",
    "quota": "roles/serviceusage.serviceUsageConsumer",
}
RESERVED_DATABASES = frozenset({"postgres", "template0", "template1", "alloydbadmin"})
SECONDS_OF_A_DAY = 86_400


class AlloyDbBackups(Settings):
    """Daily backups, and the log that any second between them can be restored from. There is no way to have none."""

    retained_days: int = Field(
        default=14,
        ge=1,
        le=365,
        description="Days that a daily backup is kept, 1 to 365. Default: 14.",
        json_schema_extra={"unit": "days"},
    )
    point_in_time_days: int = Field(
        default=14,
        ge=1,
        le=35,
        description="Days back that any second can be restored, 1 to 35. Default: 14.",
        json_schema_extra={"unit": "days"},
    )
    start_hour_utc: int = Field(default=1, ge=0, le=23, description="Hour of the day, UTC, to begin at. Default: 1.")
    location: str | None = Field(
        default=None,
        pattern=r"^[a-z]+-[a-z]+[0-9]+$",
        description="Region that backups are kept in. Default: the environment's region.",
        examples=["europe-west1"],
    )


class AlloyDbMaintenance(Settings):
    """When Google may restart the server to update it."""

    day: Weekday = Field(default="sunday", description="Day of the week, UTC. Default: sunday.")
    hour_utc: int = Field(default=4, ge=0, le=23, description="Hour of the day, UTC. Default: 4.")


class AlloyDbSettings(Settings):
    """A PostgreSQL cluster on AlloyDB. It never has a public address and users sign in by IAM."""

    version: Literal[14, 15, 16, 17] = Field(default=16, description="Major version of PostgreSQL. Default: 16.")
    cpus: Literal[2, 4, 8, 16, 32, 64, 96, 128] = Field(
        default=2, description="CPUs of the primary instance, each with 8 GiB of memory. Default: 2."
    )
    high_availability: bool | None = Field(
        default=None,
        description="Whether a standby node in another zone takes over when the first fails."
        " Default: where the environment is production.",
    )
    zone: Zone | None = Field(
        default=None, description="Zone of an instance without a standby. Default: Google's choice."
    )
    read_nodes: int = Field(
        default=0, ge=0, le=20, description="Nodes of a pool that only reads, 0 to 20; 0 makes none. Default: 0."
    )
    backups: AlloyDbBackups = Field(
        default_factory=AlloyDbBackups, description="Backups. Default: daily, kept 14 days, and 14 days of log."
    )
    maintenance: AlloyDbMaintenance = Field(
        default_factory=AlloyDbMaintenance, description="When it may be updated. Default: Sundays at 4:00 UTC."
    )
    flags: dict[FlagName, FlagValue] = Field(
        default_factory=dict,
        description="Server parameters by name; true and false are on and off. AlloyDB judges the names. Default: what"
        " is needed to see who connected; IAM sign-in is always on.",
        examples=[{"max_connections": 1000}],
    )
    query_insights: bool = Field(default=True, description="Whether queries are watched. Default: true.")
    connectors_only: bool = Field(
        default=True,
        description="Whether only the auth proxy and the language connectors may connect, which check IAM first."
        " False lets other clients on the private network in, by TLS. Default: true.",
    )
    deletion_protection: bool | None = Field(
        default=None,
        description="Whether the cluster cannot be deleted. Default: where the environment is production.",
    )

    def available(self, environment: Environment) -> bool:
        """Whether it has a standby."""
        return environment.production if self.high_availability is None else self.high_availability


class AlloyDb(Component):
    """PostgreSQL on AlloyDB: private address, TLS, IAM sign-in, daily and continuous backups.

    Provides: Database. `connection_name` is `projects/P/locations/R/clusters/C/instances/primary`, for the AlloyDB
    auth proxy; the cluster is `<platform>-<environment>-database`; user names are IAM's, such as
    `mlflow@acme-ai-dev.iam`. An asked identity gets roles/alloydb.client, roles/alloydb.databaseUser and
    roles/serviceusage.serviceUsageConsumer on the project, and a database user; these roles reach every AlloyDB
    cluster of the project, as nothing of Google's says that conditions on a cluster's name work for signing in.
    Requires: networking, whose private services access gives the address. With keys the cluster and its backups are
    encrypted with a customer-managed key; a cluster cannot be given one later.
    Emits: google_alloydb_cluster, google_alloydb_instance, google_alloydb_user, google_project_iam_member.
    **It does not make databases**: the provider has no resource for one and no way to run SQL on AlloyDB.
    `database("mlflow")` makes users and roles and says the name; until somebody has run
    `CREATE DATABASE mlflow; GRANT ALL ON DATABASE mlflow TO "user";` and, connected to it,
    `GRANT ALL ON SCHEMA public TO "user";` as a user with the role alloydbsuperuser, who asked for it cannot
    connect. A job within the network that is run after each apply does it best. Users are abandoned, not dropped,
    when a blueprint no longer asks for them; without their roles they cannot sign in.
    Errors: spec/database-flag, spec/database-zone, spec/name-too-long, contract/bad-name.
    Source: provider pages of google_alloydb_cluster, _instance and _user; AlloyDB's pages on machine types
    (8 GiB a CPU), IAM sign-in and continuous backup (up to 35 days).
    """

    name = "alloydb"
    capability = "database"
    provides = Database
    apis = ("alloydb.googleapis.com", "servicenetworking.googleapis.com")
    Settings = AlloyDbSettings

    settings: AlloyDbSettings
    services: Services
    networking: Networking
    keys: Keys | None

    @classmethod
    def check(cls, settings: AlloyDbSettings, environment: Environment) -> Iterable[Fault]:
        yield from _flag_faults(settings)
        yield from _zone_faults(settings, environment)
        cluster = _cluster_id(environment, cls.capability)
        if len(cluster) > 63:
            yield Fault(
                "spec/name-too-long",
                f"cluster name `{cluster}` has {len(cluster)} characters, and 63 is the most",
                help="shorten the platform's or the environment's name",
            )

    def build(self) -> None:
        self._users: dict[str, AlloydbUser] = {}
        self._cluster = self._make_cluster()
        self._primary = self._make_primary()
        if self.settings.read_nodes:
            self._make_read_pool()

    def server(self) -> DatabaseServerRef:
        """The primary instance."""
        return DatabaseServerRef(self._connection_name, "postgresql", str(self.settings.version))

    def database(self, name: str, *, users: Sequence[Identity] = ()) -> DatabaseRef:
        """The name of a database that somebody else makes, and a user on the cluster for each identity."""
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name) or name in RESERVED_DATABASES:
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of a database",
                help="use lower case letters, digits and underscores, at most 63, and no name of PostgreSQL's own",
            )
        for identity in users:
            self._user(identity)
        names = tuple(dict.fromkeys(identity.database_user for identity in users))
        return DatabaseRef(self._connection_name, name, names)

    @property
    def _connection_name(self) -> str:
        facts, cluster = self.environment, _cluster_id(self.environment, self.id)
        place = (facts.project, facts.region)
        pattern = "projects/{}/locations/{}/clusters/{}/instances/{}"
        return Known(
            pattern.format(*place, cluster, "primary"),
            template(pattern, *place, self._cluster.cluster_id, self._primary.instance_id),
        )

    def _encryption(self, location: str) -> list[dict[str, Any]] | None:
        """What is kept in a location is encrypted with a key of that location."""
        if self.keys is None:
            return None
        agent = self.environment.service_agent("gcp-sa-alloydb")
        return [{"kms_key_name": self.keys.key("database", users=[agent], location=location).id}]

    def _make_cluster(self) -> AlloydbCluster:
        settings, facts = self.settings, self.environment
        private = self.networking.private_services()
        protected = facts.production if settings.deletion_protection is None else settings.deletion_protection
        return AlloydbCluster(
            self,
            record_id(self.id),
            cluster_id=_cluster_id(facts, self.id),
            project=facts.project,
            location=facts.region,
            database_version=f"POSTGRES_{settings.version}",
            network_config=[{"network": private.network.id, "allocated_ip_range": private.range_name}],
            encryption_config=self._encryption(facts.region),
            automated_backup_policy=[self._daily_backups()],
            continuous_backup_config=[
                {
                    "enabled": True,
                    "recovery_window_days": settings.backups.point_in_time_days,
                    "encryption_config": self._encryption(facts.region),
                }
            ],
            maintenance_update_policy=[{"maintenance_windows": [_maintenance_window(settings.maintenance)]}],
            deletion_protection=protected,
            labels=self.labels,
            lifecycle=Lifecycle(prevent_destroy=True) if facts.production else None,
        )

    def _daily_backups(self) -> dict[str, Any]:
        backups = self.settings.backups
        location = backups.location or self.environment.region
        return {
            "enabled": True,
            "location": location,
            "backup_window": "3600s",
            "weekly_schedule": [
                {
                    "days_of_week": [day.upper() for day in Weekday.__args__],  # type: ignore[attr-defined]
                    "start_times": [{"hours": backups.start_hour_utc}],
                }
            ],
            "time_based_retention": [{"retention_period": f"{backups.retained_days * SECONDS_OF_A_DAY}s"}],
            "encryption_config": self._encryption(location),
            "labels": self.labels,
        }

    def _make_primary(self) -> AlloydbInstance:
        settings = self.settings
        return AlloydbInstance(
            self,
            record_id(self.id, "primary"),
            instance_id="primary",
            instance_type="PRIMARY",
            availability_type="REGIONAL" if settings.available(self.environment) else "ZONAL",
            gce_zone=settings.zone,
            **self._instance_arguments(),
            lifecycle=Lifecycle(prevent_destroy=True) if self.environment.production else None,
        )

    def _make_read_pool(self) -> AlloydbInstance:
        nodes = self.settings.read_nodes
        return AlloydbInstance(
            self,
            record_id(self.id, "read"),
            instance_id="read",
            instance_type="READ_POOL",
            availability_type="REGIONAL" if nodes > 1 else "ZONAL",
            read_pool_config=[{"node_count": nodes}],
            **self._instance_arguments(),
            depends_on=[self._primary],
        )

    def _instance_arguments(self) -> dict[str, Any]:
        settings = self.settings
        arguments: dict[str, Any] = {
            "cluster": self._cluster.name,
            "machine_config": [{"cpu_count": settings.cpus}],
            "database_flags": flag_texts(DEFAULT_FLAGS, settings.flags),
            "client_connection_config": [
                {
                    "require_connectors": settings.connectors_only,
                    "ssl_config": [{"ssl_mode": "ENCRYPTED_ONLY"}],
                }
            ],
            "network_config": [{"enable_public_ip": False}],
            "labels": self.labels,
        }
        if settings.query_insights:
            arguments["query_insights_config"] = [
                {"query_string_length": 1024, "record_application_tags": True, "record_client_address": False}
            ]
        return arguments

    def _user(self, identity: Identity) -> AlloydbUser:
        short = principal_id(identity.member, self.environment)
        if short in self._users:
            return self._users[short]
        user = identity.database_user
        if len(user) > 63:
            raise self.refuse(
                "contract/bad-name",
                f"`{user}` is longer than the 63 characters of a PostgreSQL user",
                help="give the service account a shorter name",
            )
        self._users[short] = AlloydbUser(
            self,
            short,
            cluster=self._cluster.name,
            user_id=user,
            user_type="ALLOYDB_IAM_USER",
            database_roles=["alloydbiamuser"],
            deletion_policy="ABANDON",
            depends_on=[self._primary, *self._sign_in_roles(short, identity.member)],
        )
        return self._users[short]

    def _sign_in_roles(self, short: str, member: str) -> list[Resource]:
        return [
            ProjectIamMember(
                self, record_id(self.id, short, suffix), project=self.environment.project, role=role, member=member
            )
            for suffix, role in SIGN_IN_ROLES.items()
        ]


def _cluster_id(environment: Environment, id: str) -> str:
    return f"{environment.prefix}-{id.replace('_', '-').lower()}"


def _maintenance_window(maintenance: AlloyDbMaintenance) -> dict[str, Any]:
    return {"day": maintenance.day.upper(), "start_time": [{"hours": maintenance.hour_utc}]}


def _flag_faults(settings: AlloyDbSettings) -> Iterator[Fault]:
    yield from managed_by_google(settings.flags, ("flags",))
    if IAM_FLAG in settings.flags and flag_texts(settings.flags)[IAM_FLAG] != "on":
        yield Fault(
            "spec/database-flag",
            "users sign in by IAM, which cannot be switched off",
            ("flags", IAM_FLAG),
            help="delete the line",
        )


def _zone_faults(settings: AlloyDbSettings, environment: Environment) -> Iterator[Fault]:
    if not settings.zone:
        return
    if settings.available(environment):
        yield Fault(
            "spec/database-zone",
            "a server with a standby is in two zones, which Google chooses",
            ("zone",),
            help="delete the line, or write `high_availability: false`",
        )
    elif not settings.zone.startswith(f"{environment.region}-"):
        yield Fault(
            "spec/database-zone",
            f"zone `{settings.zone}` is not in `{environment.region}`",
            ("zone",),
            help=f"write a zone of {environment.region}, or leave it to Google",
        )
