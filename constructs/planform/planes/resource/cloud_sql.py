"""Cloud SQL for PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from planform.contracts.database import Database, DatabaseRef, DatabaseServerRef
from planform.contracts.identity import Identity
from planform.contracts.keys import Keys
from planform.contracts.networking import Networking
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.planes.resource.postgres_flags import (
    FlagName,
    FlagValue,
    flag_texts,
    managed_by_google,
    not_in_cloud_sql,
)
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Zone
from planform.terraform.expression import Known, template
from planform.terraform.google import (
    ProjectIamMember,
    SqlDatabase,
    SqlDatabaseInstance,
    SqlProvisionScript,
    SqlUser,
)
from planform.terraform.record import Lifecycle, Resource

__all__ = ["CloudSql", "CloudSqlSettings"]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", examples=["12-19"])]

IAM_FLAG = "cloudsql.iam_authentication"
DEFAULT_FLAGS: Mapping[str, FlagValue] = {
    IAM_FLAG: True,
    "cloudsql.enable_pgaudit": True,
    "log_checkpoints": True,
    "log_connections": True,
    "log_disconnections": True,
    "log_hostname": True,
    "log_lock_waits": True,
    "log_min_duration_statement": -1,
    "log_min_error_statement": "error",
    "log_min_messages": "warning",
    "log_statement": "ddl",
    "log_temp_files": 0,
}
SSL_MODES = {
    "encrypted": "ENCRYPTED_ONLY",
    "client-certificate": "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
}
TRACKS = {"early": "canary", "stable": "stable", "late": "week5"}
LONGEST_PITR = {"enterprise": 7, "enterprise_plus": 35}
PERFORMANCE_SIZES = (2, 4, 8, 16, 32, 48, 64, 80, 96, 128)
RESERVED_DATABASES = frozenset({"postgres", "template0", "template1", "cloudsqladmin"})


class Backups(Settings):
    """Daily backups, and the log that any second between them can be restored from. There is no way to have none."""

    retained: int = Field(
        default=14, ge=1, le=365, description="How many daily backups are kept, 1 to 365. Default: 14."
    )
    point_in_time_days: int = Field(
        default=7,
        ge=0,
        le=35,
        description="Days back that any second can be restored, at most 7 (`enterprise`) or 35 (`enterprise_plus`);"
        " 0 switches it off. Default: 7.",
        json_schema_extra={"unit": "days"},
    )
    start_hour_utc: int = Field(
        default=1, ge=0, le=23, description="Hour of the day, UTC, in whose four hours a backup is made. Default: 1."
    )
    location: str | None = Field(
        default=None,
        pattern=r"^(us|eu|asia|[a-z]+-[a-z]+[0-9]+)$",
        description="Region, or `us`, `eu` or `asia`, that backups are kept in."
        " Default: the multi-region around the environment's region.",
        examples=["eu"],
    )
    final_days: int = Field(
        default=30,
        ge=0,
        le=365,
        description="Days that a last backup outlives the instance after it is deleted; 0 makes none. Default: 30.",
        json_schema_extra={"unit": "days"},
    )


class Maintenance(Settings):
    """When Google may restart the server to update it."""

    day: Weekday = Field(default="sunday", description="Day of the week, UTC. Default: sunday.")
    hour_utc: int = Field(default=4, ge=0, le=23, description="Hour of the day, UTC. Default: 4.")
    track: Literal["early", "stable", "late"] = Field(
        default="stable",
        description="How soon after release: `early` (week 1), `stable` (week 2) or `late` (week 5). Default: stable.",
    )


class Freeze(Settings):
    """A time of every year without maintenance, at most 90 days."""

    start: MonthDay = Field(description="First day, month-day, quoted.")
    end: MonthDay = Field(description="Last day, month-day, quoted; before `start` means the next year.")


class Insights(Settings):
    """What is kept about the queries that take most of the time."""

    enabled: bool = Field(default=True, description="Whether queries are watched. Default: true.")
    query_length: int = Field(
        default=1024,
        ge=256,
        le=4500,
        description="Bytes of each query that are kept, 256 to 4500. Default: 1024.",
        json_schema_extra={"unit": "bytes"},
    )
    plans_per_minute: int = Field(
        default=5, ge=0, le=20, description="Query plans kept in a minute, 0 to 20. Default: 5."
    )
    application_tags: bool = Field(
        default=True, description="Whether tags that applications add to queries are kept. Default: true."
    )
    client_address: bool = Field(
        default=False, description="Whether clients' addresses, which are personal data, are kept. Default: false."
    )


class CloudSqlSettings(Settings):
    """A PostgreSQL server on Cloud SQL. It never has a public address and users sign in by IAM."""

    version: Literal[14, 15, 16, 17, 18] = Field(
        default=17, description="Major version of PostgreSQL. Raising it upgrades the server in place. Default: 17."
    )
    edition: Literal["enterprise", "enterprise_plus"] = Field(
        default="enterprise",
        description="`enterprise`, or `enterprise_plus` with faster machines, a data cache, 35 days of point-in-time"
        " recovery and near-zero downtime. Default: enterprise.",
    )
    tier: str | None = Field(
        default=None,
        description="Machine: `db-custom-CPUS-MEMORY_MIB`, db-g1-small or db-f1-micro (`enterprise`),"
        " `db-perf-optimized-N-CPUS` (`enterprise_plus`)."
        " Default: db-custom-2-7680, or db-perf-optimized-N-2 in `enterprise_plus`.",
        examples=["db-custom-4-15360"],
    )
    high_availability: bool | None = Field(
        default=None,
        description="Whether a standby in another zone takes over when the first fails."
        " Default: where the environment is production.",
    )
    zone: Zone | None = Field(
        default=None, description="Zone that it runs in while all is well. Default: Google's choice."
    )
    disk_gib: int = Field(
        default=20,
        ge=10,
        le=65_536,
        description="Size of the SSD, in GiB, 10 to 65536; where it grows by itself, the size that it begins with."
        " Default: 20.",
        json_schema_extra={"unit": "GiB"},
    )
    disk_autoresize: bool = Field(
        default=True,
        description="Whether the disk grows when it fills up; it never shrinks again. Default: true.",
    )
    disk_autoresize_limit_gib: int = Field(
        default=500,
        ge=0,
        le=65_536,
        description="Size that it grows to at most, in GiB; 0 for no limit. Default: 500.",
        json_schema_extra={"unit": "GiB"},
    )
    backups: Backups = Field(default_factory=Backups, description="Backups. Default: daily, 14 kept, 7 days of log.")
    maintenance: Maintenance = Field(
        default_factory=Maintenance, description="When it may be updated. Default: Sundays at 4:00 UTC."
    )
    freeze: Freeze | None = Field(
        default=None,
        description="A time of the year without maintenance. Default: none.",
        examples=[{"start": "12-19", "end": "01-05"}],
    )
    flags: dict[FlagName, FlagValue] = Field(
        default_factory=dict,
        description="Server parameters by name; true and false are on and off. Default: what is needed to see who"
        " connected and what DDL ran; IAM sign-in is always on.",
        examples=[{"max_connections": 500}],
    )
    unlisted_flags: dict[FlagName, FlagValue] = Field(
        default_factory=dict,
        description="Server parameters that planform does not know of yet; the cloud judges them. Default: none.",
    )
    insights: Insights = Field(default_factory=Insights, description="Query insights. Default: on.")
    data_cache: bool = Field(
        default=False, description="Whether a local SSD caches data; `enterprise_plus` only. Default: false."
    )
    ssl_mode: Literal["encrypted", "client-certificate"] = Field(
        default="encrypted",
        description="`encrypted`: TLS only; `client-certificate`: TLS with a certificate of the client."
        " Default: encrypted.",
    )
    connectors_only: bool = Field(
        default=True,
        description="Whether only the auth proxy and the language connectors may connect, which check IAM first."
        " False lets other clients on the private network in, such as change data capture. Default: true.",
    )
    grants_by: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9-]{4,28}[a-z0-9]\.iam\.gserviceaccount\.com$",
        description="E-mail of the service account that applies this stack; it becomes a database administrator and"
        " gives every user its database. Default: nobody, and a person runs the two GRANT statements.",
        examples=["terraform@acme-ai-dev.iam.gserviceaccount.com"],
    )
    deletion_protection: bool | None = Field(
        default=None,
        description="Whether the server cannot be deleted. Default: where the environment is production.",
    )
    generation: int = Field(
        default=1,
        ge=1,
        le=99,
        description="Number at the end of the instance's name, 1 to 99; raise it to make the server anew, as a"
        " deleted instance's name stays taken for a week. Default: 1.",
    )

    @property
    def machine(self) -> str:
        """The tier, with the edition's default filled in."""
        return self.tier or ("db-custom-2-7680" if self.edition == "enterprise" else "db-perf-optimized-N-2")

    def available(self, environment: Environment) -> bool:
        """Whether it has a standby."""
        return environment.production if self.high_availability is None else self.high_availability


class CloudSql(Component):
    """PostgreSQL on Cloud SQL: private address, TLS, IAM sign-in, daily backups and point-in-time recovery.

    Provides: Database. `connection_name` is `P:R:INSTANCE`, the instance is `<platform>-<environment>-database-01`;
    user names are IAM's, such as `mlflow@acme-ai-dev.iam`. An asked identity gets roles/cloudsql.client and
    roles/cloudsql.instanceUser, on this instance only, and a database user.
    Requires: networking, whose private services access gives the address. With keys the disk and the backups are
    encrypted with a customer-managed key; an instance cannot be given one later, so adding keys to a platform
    makes the server anew, under a name that a raised `generation` gives.
    Emits: google_sql_database_instance, google_sql_database and google_sql_user as asked, google_project_iam_member;
    with `grants_by`, google_sql_provision_script.
    Rights inside a database are SQL and not Terraform's. With `grants_by` the provider runs them through the data
    API as the identity that applies, which must be that service account and may run SQL (roles/cloudsql.admin).
    Without, someone with the role cloudsqlsuperuser runs once for each user:
    `GRANT ALL ON DATABASE name TO "user"; GRANT ALL ON SCHEMA public TO "user";`.
    Databases and users are abandoned, not dropped, when a blueprint no longer asks for them: PostgreSQL refuses to
    drop a user that owns anything. Without its IAM roles, such a user cannot sign in.
    Errors: spec/database-tier, spec/database-edition, spec/database-backups, spec/database-disk,
    spec/database-freeze, spec/database-flag, spec/database-zone, spec/name-too-long, contract/bad-name.
    Source: provider page of google_sql_database_instance; Cloud SQL's pages on instance settings (custom machines:
    1 or an even number of up to 96 vCPUs, 0.9 to 6.5 GiB each in steps of 256 MiB, at least 3.75 GiB; names with
    the project up to 98 characters), editions, IAM conditions and database users.
    """

    name = "cloud-sql"
    capability = "database"
    provides = Database
    apis = ("sqladmin.googleapis.com", "servicenetworking.googleapis.com")
    Settings = CloudSqlSettings

    settings: CloudSqlSettings
    services: Services
    networking: Networking
    keys: Keys | None

    @classmethod
    def check(cls, settings: CloudSqlSettings, environment: Environment) -> Iterable[Fault]:
        yield from _tier_faults(settings)
        yield from _edition_faults(settings)
        yield from _backup_faults(settings, environment)
        yield from _disk_faults(settings)
        yield from _flag_faults(settings)
        if settings.freeze:
            yield from _freeze_faults(settings.freeze)
        if settings.zone and not settings.zone.startswith(f"{environment.region}-"):
            yield Fault(
                "spec/database-zone",
                f"zone `{settings.zone}` is not in `{environment.region}`",
                ("zone",),
                help=f"write a zone of {environment.region}, or leave it to Google",
            )
        instance = _instance_name(environment, cls.capability, settings.generation)
        if len(environment.project) + len(instance) > 97:
            yield Fault(
                "spec/name-too-long",
                f"`{environment.project}:{instance}` is longer than the 98 characters of an instance's name",
                help="shorten the platform's or the environment's name",
            )

    def build(self) -> None:
        self._databases: dict[str, SqlDatabase] = {}
        self._users: dict[str, SqlUser] = {}
        self._granted: set[tuple[str, str]] = set()
        self._instance = self._make_instance()
        self._administrator = self._make_administrator()

    def server(self) -> DatabaseServerRef:
        """The instance."""
        return DatabaseServerRef(self._connection_name, "postgresql", str(self.settings.version))

    def database(self, name: str, *, users: Sequence[Identity] = ()) -> DatabaseRef:
        """The database, and a user of it for each identity."""
        if name not in self._databases:
            self._databases[name] = self._make_database(name)
        names = []
        for identity in users:
            user = self._user(identity)
            self._grant(name, identity, user)
            names.append(identity.database_user)
        return DatabaseRef(self._connection_name, Known(name, self._databases[name].name), tuple(dict.fromkeys(names)))

    @property
    def _connection_name(self) -> str:
        facts, instance = self.environment, self._instance
        return Known(
            f"{facts.project}:{facts.region}:{self._instance_name}",
            template("{}:{}:{}", facts.project, facts.region, instance.name),
        )

    @property
    def _instance_name(self) -> str:
        return _instance_name(self.environment, self.id, self.settings.generation)

    def _make_instance(self) -> SqlDatabaseInstance:
        settings, facts = self.settings, self.environment
        protected = facts.production if settings.deletion_protection is None else settings.deletion_protection
        key = None
        if self.keys:
            key = self.keys.key("database", users=[facts.service_agent("gcp-sa-cloud-sql")]).id
        return SqlDatabaseInstance(
            self,
            record_id(self.id),
            name=self._instance_name,
            project=facts.project,
            region=facts.region,
            database_version=f"POSTGRES_{settings.version}",
            encryption_key_name=key,
            deletion_protection=protected,
            deletion_policy="PREVENT" if protected else "DELETE",
            settings=[self._instance_settings(protected)],
            timeouts={"create": "60m", "update": "60m", "delete": "60m"},
            lifecycle=self._lifecycle(),
        )

    def _lifecycle(self) -> Lifecycle | None:
        """Kept in production; a disk that grew is left as it is."""
        production, grows = self.environment.production, self.settings.disk_autoresize
        if not (production or grows):
            return None
        return Lifecycle(
            prevent_destroy=True if production else None,
            ignore_changes=["settings[0].disk_size"] if grows else None,
        )

    def _instance_settings(self, protected: bool) -> dict[str, Any]:
        settings = self.settings
        body: dict[str, Any] = {
            "tier": settings.machine,
            "edition": settings.edition.upper(),
            "availability_type": "REGIONAL" if settings.available(self.environment) else "ZONAL",
            "activation_policy": "ALWAYS",
            "disk_type": "PD_SSD",
            "disk_size": settings.disk_gib,
            "disk_autoresize": settings.disk_autoresize,
            "deletion_protection_enabled": protected,
            "retain_backups_on_delete": True,
            "final_backup_config": [_final_backup(settings.backups)],
            "connector_enforcement": "REQUIRED" if settings.connectors_only else "NOT_REQUIRED",
            "data_api_access": "ALLOW_DATA_API" if settings.grants_by else "DISALLOW_DATA_API",
            "ip_configuration": [self._ip_configuration()],
            "backup_configuration": [_backup_configuration(settings.backups)],
            "maintenance_window": [_maintenance_window(settings.maintenance)],
            "insights_config": [_insights(settings.insights)],
            "database_flags": [{"name": name, "value": value} for name, value in _flags(settings).items()],
            "user_labels": self.labels,
        }
        if settings.disk_autoresize:
            body["disk_autoresize_limit"] = settings.disk_autoresize_limit_gib
        if settings.edition == "enterprise_plus":
            body["data_cache_config"] = [{"data_cache_enabled": settings.data_cache}]
        if settings.zone:
            body["location_preference"] = [{"zone": settings.zone}]
        if settings.freeze:
            start, end = settings.freeze.start, settings.freeze.end
            body["deny_maintenance_period"] = [{"start_date": start, "end_date": end, "time": "00:00:00"}]
        return body

    def _ip_configuration(self) -> dict[str, Any]:
        private = self.networking.private_services()
        return {
            "ipv4_enabled": False,
            "private_network": private.network.id,
            "allocated_ip_range": private.range_name,
            "ssl_mode": SSL_MODES[self.settings.ssl_mode],
            "server_ca_mode": "GOOGLE_MANAGED_CAS_CA",
            "server_certificate_rotation_mode": "AUTOMATIC_ROTATION_DURING_MAINTENANCE",
            "enable_private_path_for_google_cloud_services": True,
        }

    def _make_database(self, name: str) -> SqlDatabase:
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name) or name in RESERVED_DATABASES:
            raise self.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of a database",
                help="use lower case letters, digits and underscores, at most 63, and no name of PostgreSQL's own",
            )
        return SqlDatabase(
            self,
            record_id(name),
            name=name,
            project=self.environment.project,
            instance=self._instance.name,
            charset="UTF8",
            collation="en_US.UTF8",
            deletion_policy="ABANDON",
            lifecycle=Lifecycle(prevent_destroy=True) if self.environment.production else None,
        )

    def _user(self, identity: Identity) -> SqlUser:
        short = principal_id(identity.member, self.environment)
        if short not in self._users:
            roles = self._sign_in_roles(short, identity.member)
            self._users[short] = self._make_user(short, identity, depends_on=roles)
        return self._users[short]

    def _make_user(self, short: str, identity: Identity, **more: Any) -> SqlUser:
        user = identity.database_user
        if len(user) > 63:
            raise self.refuse(
                "contract/bad-name",
                f"`{user}` is longer than the 63 characters of a PostgreSQL user",
                help="give the service account a shorter name",
            )
        return SqlUser(
            self,
            short,
            name=user,
            project=self.environment.project,
            instance=self._instance.name,
            type="CLOUD_IAM_SERVICE_ACCOUNT",
            deletion_policy="ABANDON",
            **more,
        )

    def _sign_in_roles(self, short: str, member: str) -> list[Resource]:
        instance = f"projects/{self.environment.project}/instances/{self._instance_name}"
        condition = {
            "title": f"only-{self._instance_name}",
            "expression": f"resource.name == '{instance}' && resource.service == 'sqladmin.googleapis.com'",
        }
        return [
            ProjectIamMember(
                self,
                record_id(self.id, short, suffix),
                project=self.environment.project,
                role=role,
                member=member,
                condition=[condition],
            )
            for suffix, role in (("client", "roles/cloudsql.client"), ("user", "roles/cloudsql.instanceUser"))
        ]

    def _make_administrator(self) -> SqlUser | None:
        email = self.settings.grants_by
        if not email:
            return None
        member = f"serviceAccount:{email}"
        project = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
        identity = Identity(email, member, f"projects/{project}/serviceAccounts/{email}")
        short = principal_id(member, self.environment)
        user = self._make_user(
            short,
            identity,
            database_roles=["cloudsqlsuperuser"],
            depends_on=self._sign_in_roles(short, member),
            origin=self.at("grants_by"),
        )
        self._users[short] = user
        return user

    def _grant(self, database: str, identity: Identity, user: SqlUser) -> None:
        if self._administrator is None or user is self._administrator or (database, identity.email) in self._granted:
            return
        self._granted.add((database, identity.email))
        quoted = identity.database_user.replace('"', '""')
        SqlProvisionScript(
            self,
            record_id(database, principal_id(identity.member, self.environment)),
            project=self.environment.project,
            instance=self._instance.name,
            database=self._databases[database].name,
            description=f"Lets {identity.database_user} work in the database {database}",
            script=f'GRANT ALL ON DATABASE "{database}" TO "{quoted}"; GRANT ALL ON SCHEMA public TO "{quoted}";',
            depends_on=[self._administrator, user],
        )


def _instance_name(environment: Environment, id: str, generation: int) -> str:
    return f"{environment.prefix}-{id.replace('_', '-').lower()}-{generation:02d}"


def _flags(settings: CloudSqlSettings) -> dict[str, str]:
    return flag_texts(DEFAULT_FLAGS, settings.flags, settings.unlisted_flags)


def _final_backup(backups: Backups) -> dict[str, Any]:
    if not backups.final_days:
        return {"enabled": False}
    return {"enabled": True, "retention_days": backups.final_days}


def _backup_configuration(backups: Backups) -> dict[str, Any]:
    body: dict[str, Any] = {
        "enabled": True,
        "start_time": f"{backups.start_hour_utc:02d}:00",
        "point_in_time_recovery_enabled": backups.point_in_time_days > 0,
        "backup_retention_settings": [{"retained_backups": backups.retained, "retention_unit": "COUNT"}],
    }
    if backups.point_in_time_days:
        body["transaction_log_retention_days"] = backups.point_in_time_days
    if backups.location:
        body["location"] = backups.location
    return body


def _maintenance_window(maintenance: Maintenance) -> dict[str, Any]:
    return {
        "day": WEEKDAYS.index(maintenance.day) + 1,
        "hour": maintenance.hour_utc,
        "update_track": TRACKS[maintenance.track],
    }


def _insights(insights: Insights) -> dict[str, Any]:
    if not insights.enabled:
        return {"query_insights_enabled": False}
    return {
        "query_insights_enabled": True,
        "query_string_length": insights.query_length,
        "query_plans_per_minute": insights.plans_per_minute,
        "record_application_tags": insights.application_tags,
        "record_client_address": insights.client_address,
    }


def _tier_faults(settings: CloudSqlSettings) -> Iterator[Fault]:
    tier = settings.machine
    custom = re.fullmatch(r"db-custom-([0-9]{1,3})-([0-9]{1,7})", tier)
    performance = re.fullmatch(r"db-perf-optimized-N-([0-9]{1,3})", tier)
    if custom:
        yield from _custom_machine_faults(int(custom[1]), int(custom[2]))
    elif performance:
        if int(performance[1]) not in PERFORMANCE_SIZES:
            sizes = ", ".join(map(str, PERFORMANCE_SIZES))
            yield Fault(
                "spec/database-tier", f"there is no tier `{tier}`", ("tier",), help=f"choose one of {sizes} CPUs"
            )
    elif tier not in ("db-f1-micro", "db-g1-small"):
        yield Fault(
            "spec/database-tier",
            f"`{tier}` is no machine that Cloud SQL runs PostgreSQL on",
            ("tier",),
            help="write db-custom-CPUS-MEMORY_MIB such as db-custom-2-7680, or db-perf-optimized-N-CPUS",
        )


def _custom_machine_faults(cpus: int, mib: int) -> Iterator[Fault]:
    if cpus != 1 and (cpus % 2 or not 2 <= cpus <= 96):
        yield Fault(
            "spec/database-tier", f"a machine cannot have {cpus} CPUs", ("tier",), help="1, or an even number up to 96"
        )
        return
    least = max(3840, -(-cpus * 9 * 1024 // 10 // 256) * 256)
    most = cpus * 6656
    if mib % 256 or not least <= mib <= most:
        nearest = min(max(round(mib / 256) * 256, least), most)
        yield Fault(
            "spec/database-tier",
            f"a machine with {cpus} CPUs cannot have {mib} MiB of memory",
            ("tier",),
            help=f"write a multiple of 256 from {least} to {most}: `db-custom-{cpus}-{nearest}`",
        )


def _edition_faults(settings: CloudSqlSettings) -> Iterator[Fault]:
    plus = settings.edition == "enterprise_plus"
    fast = settings.machine.startswith("db-perf-optimized-")
    if fast != plus:
        other = "enterprise_plus" if fast else "enterprise"
        yield Fault(
            "spec/database-edition",
            f"tier `{settings.machine}` does not exist in edition `{settings.edition}`",
            ("tier",),
            help=f"write `edition: {other}`, or a tier named {'db-perf-optimized-N' if plus else 'db-custom'}-...",
        )
    if settings.data_cache and not plus:
        yield Fault(
            "spec/database-edition",
            "edition `enterprise` has no data cache",
            ("data_cache",),
            help="delete the line, or write `edition: enterprise_plus` and its tier",
        )
    days, most = settings.backups.point_in_time_days, LONGEST_PITR[settings.edition]
    if days > most:
        yield Fault(
            "spec/database-edition",
            f"edition `{settings.edition}` recovers to a point in time of the last {most} days, not {days}",
            ("backups", "point_in_time_days"),
            help=f"write at most {most}, or `edition: enterprise_plus` and its tier",
        )


def _backup_faults(settings: CloudSqlSettings, environment: Environment) -> Iterator[Fault]:
    backups = settings.backups
    if settings.available(environment) and not backups.point_in_time_days:
        yield Fault(
            "spec/database-backups",
            "a server with a standby needs point-in-time recovery, and its log is kept for 0 days",
            ("backups", "point_in_time_days"),
            help="write 1 or more days, or `high_availability: false`",
        )
    if backups.retained < backups.point_in_time_days:
        yield Fault(
            "spec/database-backups",
            f"{backups.retained} daily backups do not reach back {backups.point_in_time_days} days",
            ("backups",),
            help=f"write `retained: {backups.point_in_time_days}` or more, or fewer `point_in_time_days`",
        )


def _disk_faults(settings: CloudSqlSettings) -> Iterator[Fault]:
    limit = settings.disk_autoresize_limit_gib
    if settings.disk_autoresize and limit and limit < settings.disk_gib:
        yield Fault(
            "spec/database-disk",
            f"a disk of {settings.disk_gib} GiB cannot grow to at most {limit} GiB",
            ("disk_autoresize_limit_gib",)
            if "disk_autoresize_limit_gib" in settings.model_fields_set
            else ("disk_gib",),
            help=f"write `disk_autoresize_limit_gib: {settings.disk_gib}` or more, or 0 for no limit",
        )


def _flag_faults(settings: CloudSqlSettings) -> Iterator[Fault]:
    yield from not_in_cloud_sql(settings.flags, ("flags",))
    for field in ("flags", "unlisted_flags"):
        flags: Mapping[str, FlagValue] = getattr(settings, field)
        yield from managed_by_google(flags, (field,))
        if IAM_FLAG in flags and flag_texts(flags)[IAM_FLAG] != "on":
            yield Fault(
                "spec/database-flag",
                "users sign in by IAM, which cannot be switched off",
                (field, IAM_FLAG),
                help="delete the line",
            )
    for name in settings.flags.keys() & settings.unlisted_flags.keys():
        yield Fault(
            "spec/database-flag", f"flag `{name}` is set twice", ("unlisted_flags", name), help="delete one of the two"
        )


def _freeze_faults(freeze: Freeze) -> Iterator[Fault]:
    days = [_day(text) for text in (freeze.start, freeze.end)]
    for field, day in zip(("start", "end"), days, strict=True):
        if day is None:
            yield Fault(
                "spec/database-freeze",
                f"`{getattr(freeze, field)}` is a day that not every year has",
                ("freeze", field),
                help="write month-day, for example 12-19",
            )
    start, end = days
    if start and end:
        length = (end - start).days % 365 + 1
        if length > 90:
            yield Fault(
                "spec/database-freeze",
                f"a freeze of {length} days is longer than 90",
                ("freeze",),
                help="bring `start` and `end` nearer to each other",
            )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(f"2027-{text}")
    except ValueError:
        return None
