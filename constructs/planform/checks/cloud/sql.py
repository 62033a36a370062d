"""Cloud SQL instances and users."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule, unknown_word

_VERSIONS = (
    "MYSQL_5_6",
    "MYSQL_5_7",
    "MYSQL_8_0",
    "MYSQL_8_4",
    "POSTGRES_9_6",
    *(f"POSTGRES_{major}" for major in range(10, 19)),
    *(
        f"SQLSERVER_{year}_{edition}"
        for year in (2017, 2019, 2022, 2025)
        for edition in ("STANDARD", "ENTERPRISE", "EXPRESS", "WEB")
    ),
)
_MYSQL_MINOR = re.compile(r"MYSQL_(8_0_\d+|8_4_\d+)")
_TIER = re.compile(r"db-[a-z0-9]+(-[A-Za-z0-9]+)*|D\d+")
_CUSTOM = re.compile(r"db-custom-(\d+)-(\d+)")
_SHARED_CORE = ("db-f1-micro", "db-g1-small")
_USER_TYPES = (
    "BUILT_IN",
    "CLOUD_IAM_USER",
    "CLOUD_IAM_SERVICE_ACCOUNT",
    "CLOUD_IAM_GROUP",
    "CLOUD_IAM_GROUP_USER",
    "CLOUD_IAM_GROUP_SERVICE_ACCOUNT",
    "ENTRAID_USER",
)
_PLUS_DAYS, _DAYS = 35, 7
_SERVICE_ACCOUNT = ".gserviceaccount.com"


def _engine(body: Block) -> str | None:
    version = body.text("database_version")
    return version.partition("_")[0] if version else None


def _edition(body: Block) -> str | None:
    """The edition written, or the one that the API takes for the version; None where that is not known."""
    settings, version = body.block("settings"), body.text("database_version") or ""
    if settings.given("edition"):
        return settings.text("edition")
    match = re.fullmatch(r"POSTGRES_(\d+)(?:_\d+)?", version)
    if match:
        return "ENTERPRISE_PLUS" if int(match.group(1)) >= 16 else "ENTERPRISE"
    return "ENTERPRISE" if version.startswith(("MYSQL_5_", "MYSQL_8_0")) else None


def _primary(body: Block) -> bool:
    read_only = body.text("instance_type") in ("READ_REPLICA_INSTANCE", "READ_POOL_INSTANCE")
    copied = any(map(body.given, ("master_instance_name", "clone", "restore_backup_context", "backupdr_backup")))
    return not (read_only or copied or body.unknown("instance_type"))


def _version(body: Block, _: Context) -> Iterator[Finding]:
    """An engine and one of its versions that Cloud SQL offers; the provider takes any text."""
    text = body.text("database_version")
    if text and text not in _VERSIONS and not _MYSQL_MINOR.fullmatch(text):
        yield Finding(
            "database_version",
            f"Cloud SQL has no version `{text}`",
            f"for example {', '.join(word for word in _VERSIONS if word.startswith(text[:5])) or 'POSTGRES_17'}",
        )


def _tier(body: Block, _: Context) -> Iterator[Finding]:
    """A tier is a machine type of Cloud SQL and begins with `db-`; Compute Engine's names are not among them."""
    tier = body.block("settings").text("tier")
    if tier and not _TIER.fullmatch(tier):
        yield Finding("settings[0].tier", f"`{tier}` is no tier of Cloud SQL", "for example db-perf-optimized-N-2")


def _edition_tier(body: Block, _: Context) -> Iterator[Finding]:
    """Shared-core and custom tiers belong to ENTERPRISE, db-perf-optimized tiers to ENTERPRISE_PLUS.

    PostgreSQL 16 and later are ENTERPRISE_PLUS unless `edition` says otherwise, so a custom tier alone fails at
    apply with `Invalid Tier (...) for (ENTERPRISE_PLUS) Edition`.
    """
    tier, edition = body.block("settings").text("tier"), _edition(body)
    if not tier or edition is None:
        return
    wanted = "ENTERPRISE" if tier in _SHARED_CORE or tier.startswith("db-custom-") else None
    wanted = "ENTERPRISE_PLUS" if tier.startswith("db-perf-optimized-") else wanted
    if wanted is not None and edition != wanted:
        yield Finding(
            "settings[0].tier",
            f"tier {tier} is not of edition {edition}",
            f'set settings.edition = "{wanted}", or choose another tier',
        )


def _custom_tier(body: Block, _: Context) -> Iterator[Finding]:
    """A custom tier is db-custom-CPUS-MEMORY: one CPU or an even number to 96, memory in MB.

    Memory is a multiple of 256, at least 3840, and 0.9 to 6.5 GB for each CPU.
    """
    tier = body.block("settings").text("tier") or ""
    match = _CUSTOM.fullmatch(tier)
    if match is None:
        if tier.startswith("db-custom-") and "-extra" not in tier:
            yield Finding("settings[0].tier", f"`{tier}` is no custom tier", "write db-custom-CPUS-MEMORY_MB")
        return
    cpus, memory = int(match.group(1)), int(match.group(2))
    if cpus != 1 and (cpus % 2 or not 2 <= cpus <= 96):
        yield Finding("settings[0].tier", f"{cpus} CPUs in {tier}", "one CPU, or an even number from 2 to 96")
    elif memory % 256 or memory < 3840 or not 0.9 * 1024 * cpus <= memory <= 6.5 * 1024 * cpus:
        yield Finding(
            "settings[0].tier",
            f"{memory} MB for {cpus} CPUs in {tier}",
            "a multiple of 256 MB, at least 3840, and 922 to 6656 MB for each CPU",
        )


def _backups(body: Block, _: Context) -> Iterator[Finding]:
    """High availability and point-in-time recovery rest on automated backups, which therefore have to be on.

    MySQL needs its binary log for a standby. Replicas take no backups of their own.
    """
    settings = body.block("settings")
    backup = settings.block("backup_configuration")
    if not _primary(body) or backup.unknown("enabled") or settings.unknown("backup_configuration"):
        return
    path, help_ = f"{backup.path}.enabled", "set backup_configuration.enabled to true"
    standby = settings.text("availability_type") == "REGIONAL"
    if backup.flag("enabled") is not True:
        if backup.flag("point_in_time_recovery_enabled"):
            yield Finding(path, "point-in-time recovery without backups", help_)
        if standby:
            yield Finding(path, "a REGIONAL instance without backups", help_)
    elif standby and _engine(body) == "MYSQL" and _off(backup, "binary_log_enabled"):
        yield Finding(f"{backup.path}.binary_log_enabled", "REGIONAL MySQL without a binary log", "set it to true")


def _off(block: Block, argument: str) -> bool:
    return block.absent(argument) or block.flag(argument) is False


def _log_kind(body: Block, _: Context) -> Iterator[Finding]:
    """Recovery to a point in time is the binary log on MySQL, and `point_in_time_recovery_enabled` elsewhere."""
    backup, engine = body.block("settings").block("backup_configuration"), _engine(body)
    if engine in ("POSTGRES", "SQLSERVER") and backup.flag("binary_log_enabled"):
        yield Finding(
            backup.at("binary_log_enabled"),
            f"a binary log on {engine}",
            "use `point_in_time_recovery_enabled`",
        )
    if engine == "MYSQL" and backup.flag("point_in_time_recovery_enabled"):
        yield Finding(
            backup.at("point_in_time_recovery_enabled"),
            "`point_in_time_recovery_enabled` on MYSQL",
            "use `binary_log_enabled`",
        )


def _log_days(body: Block, _: Context) -> Iterator[Finding]:
    """Transaction logs are kept 1 to 7 days, on ENTERPRISE_PLUS 1 to 35."""
    backup = body.block("settings").block("backup_configuration")
    days = backup.number("transaction_log_retention_days")
    most = _DAYS if _edition(body) == "ENTERPRISE" else _PLUS_DAYS
    if days is not None and not 1 <= days <= most:
        yield Finding(
            backup.at("transaction_log_retention_days"), f"transaction logs for {days:g} days", f"1 to {most}"
        )


def _reachable(body: Block, _: Context) -> Iterator[Finding]:
    """An instance has a public address, a private network, or Private Service Connect: one of them at least."""
    for address in body.block("settings").blocks("ip_configuration"):
        psc = any(one.flag("psc_enabled") is not False for one in address.blocks("psc_config"))
        hidden = address.flag("ipv4_enabled") is False and address.absent("private_network")
        if hidden and not psc and not address.unknown("psc_config"):
            yield Finding(
                address.at("private_network"),
                "an instance that nothing can reach",
                "set `private_network`, `psc_config.psc_enabled` or `ipv4_enabled`",
            )


def _words(body: Block, _: Context) -> Iterator[Finding]:
    """Disk types, update tracks and the like are closed lists in the API and free text in the provider."""
    settings = body.block("settings")
    yield from unknown_word(settings, "disk_type", ("PD_SSD", "PD_HDD", "HYPERDISK_BALANCED"), "disk type")
    yield from unknown_word(settings, "activation_policy", ("ALWAYS", "NEVER", "ON_DEMAND"), "activation policy")
    yield from unknown_word(
        settings.block("maintenance_window"), "update_track", ("canary", "stable", "week5"), "update track"
    )
    backup = settings.block("backup_configuration")
    start = backup.text("start_time")
    if start and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", start):
        yield Finding(backup.at("start_time"), f"`{start}` is no time of day", 'write HH:MM: "03:00"')


def _query_length(body: Block, _: Context) -> Iterator[Finding]:
    """Query Insights keeps 256 to 4500 bytes of a query, on ENTERPRISE_PLUS up to 100 kB, and 0 to 20 plans a minute.

    ENTERPRISE_PLUS samples up to 200 plans a minute.
    """
    insights, plus = body.block("settings").block("insights_config"), _edition(body) != "ENTERPRISE"
    for argument, least, most in (
        ("query_string_length", 256, 102400 if plus else 4500),
        ("query_plans_per_minute", 0, 200 if plus else 20),
    ):
        number = insights.number(argument)
        if number is not None and not least <= number <= most:
            yield Finding(insights.at(argument), f"`{argument}` is {number:g}", f"{least} to {most}")


def _disk_size(body: Block, _: Context) -> Iterator[Finding]:
    """A data disk has at least 10 GB, a HYPERDISK_BALANCED one at least 20."""
    settings = body.block("settings")
    size, least = settings.number("disk_size"), 20 if settings.text("disk_type") == "HYPERDISK_BALANCED" else 10
    if size is not None and size < least:
        yield Finding("settings[0].disk_size", f"a disk of {size:g} GB", f"{least} GB or more")


def _instance_id(body: Block, context: Context) -> Iterator[Finding]:
    """`PROJECT:INSTANCE` has at most 98 characters: it becomes part of certificates and socket paths."""
    name, project = body.text("name"), context.project_of(body)
    if name and project and len(f"{project}:{name}") > 98:
        yield Finding("name", f"`{project}:{name}` has {len(project) + len(name) + 1} characters", "98 at most")


def _user_type(body: Block, _: Context) -> Iterator[Finding]:
    """A user logs in with a password (BUILT_IN) or as a principal of IAM; the provider takes any text."""
    yield from unknown_word(body, "type", _USER_TYPES, "user type")


def _user_name(body: Block, context: Context) -> Iterator[Finding]:
    """PostgreSQL knows a service account without `.gserviceaccount.com`: its user names end after 63 bytes.

    Only an instance of the same document is known to be PostgreSQL; MySQL takes the whole address.
    """
    name = body.text("name") or ""
    whole = body.text("type") == "CLOUD_IAM_SERVICE_ACCOUNT" and name.endswith(_SERVICE_ACCOUNT)
    if whole and _engine_of(body, context) == "POSTGRES":
        yield Finding("name", f"`{name}` is no PostgreSQL user", f"write {name.removesuffix(_SERVICE_ACCOUNT)}")


def _user_password(body: Block, context: Context) -> Iterator[Finding]:
    """A BUILT_IN user of PostgreSQL needs a password; a user of IAM has none.

    Only an instance of the same document is known to be PostgreSQL; MySQL allows users without one.
    """
    passwords = [name for name in ("password", "password_wo") if body.given(name)]
    built_in = body.absent("type") or body.text("type") == "BUILT_IN"
    if built_in and not passwords and _engine_of(body, context) == "POSTGRES":
        yield Finding("password_wo", "a BUILT_IN user without a password", "set `password_wo`, or use an IAM user")
    if (body.text("type") or "").startswith("CLOUD_IAM_") and passwords:
        yield Finding(passwords[0], f"a password on a {body.text('type')}", f"remove `{passwords[0]}`")


def _engine_of(body: Block, context: Context) -> str | None:
    instance = context.named("google_sql_database_instance", "name", body.value.get("instance"))
    return _engine(instance) if instance is not None else None


_INSTANCE = ("google_sql_database_instance",)
_USER = ("google_sql_user",)
_PLUS: dict[str, object] = {"tier": "db-perf-optimized-N-2", "edition": "ENTERPRISE_PLUS"}
_POSTGRES = {"google_sql_database_instance": {"name": "main", "database_version": "POSTGRES_17"}}
_SOURCE = "provider 7.45.0, google_sql_database_instance; Cloud SQL Admin API v1, Settings (2026-08)"
_USER_SOURCE = "provider 7.45.0, google_sql_user; Cloud SQL Admin API v1, users, SqlUserType (2026-08)"


def _with(version: str = "POSTGRES_17", **settings: object) -> dict[str, object]:
    return {"name": "main", "database_version": version, "settings": [_PLUS | settings]}


def _user(**arguments: object) -> dict[str, object]:
    return {"name": "app", "instance": "main"} | arguments


RULES = (
    Rule(
        code="cloud/sql-version",
        types=_INSTANCE,
        title="a database version that Cloud SQL does not offer",
        judge=_version,
        source="Cloud SQL Admin API v1, SqlDatabaseVersion; provider 7.45.0, database_version",
        wrong=_with("POSTGRES_99"),
        right=_with("POSTGRES_17"),
    ),
    Rule(
        code="cloud/sql-tier",
        types=_INSTANCE,
        title="a tier that is no machine type of Cloud SQL",
        judge=_tier,
        source=_SOURCE,
        wrong=_with(tier="n2-standard-4"),
        right=_with(),
    ),
    Rule(
        code="cloud/sql-edition-tier",
        types=_INSTANCE,
        title="a tier of the other edition",
        judge=_edition_tier,
        source="provider 7.45.0, google_sql_database_instance, settings.edition and settings.tier (2026-08)",
        wrong={"name": "main", "database_version": "POSTGRES_17", "settings": [{"tier": "db-custom-2-8192"}]},
        right={
            "name": "main",
            "database_version": "POSTGRES_17",
            "settings": [{"tier": "db-custom-2-8192", "edition": "ENTERPRISE"}],
        },
    ),
    Rule(
        code="cloud/sql-custom-tier",
        types=_INSTANCE,
        title="a custom tier with CPUs or memory that do not exist",
        judge=_custom_tier,
        source="Cloud SQL, instance settings, custom machine types: vCPUs and memory (2026-08)",
        wrong=_with(tier="db-custom-3-8192", edition="ENTERPRISE"),
        right=_with(tier="db-custom-4-16384", edition="ENTERPRISE"),
    ),
    Rule(
        code="cloud/sql-backups",
        types=_INSTANCE,
        title="high availability or point-in-time recovery without backups",
        judge=_backups,
        source="Cloud SQL Admin API v1, Settings.availabilityType; provider 7.45.0, availability_type (2026-08)",
        wrong=_with(availability_type="REGIONAL"),
        right=_with(
            availability_type="REGIONAL",
            backup_configuration=[{"enabled": True, "point_in_time_recovery_enabled": True}],
        ),
    ),
    Rule(
        code="cloud/sql-recovery-log",
        types=_INSTANCE,
        title="the recovery log of another engine",
        judge=_log_kind,
        source=_SOURCE,
        wrong=_with(backup_configuration=[{"enabled": True, "binary_log_enabled": True}]),
        right=_with(backup_configuration=[{"enabled": True, "point_in_time_recovery_enabled": True}]),
    ),
    Rule(
        code="cloud/sql-log-retention",
        types=_INSTANCE,
        title="transaction logs kept too long",
        judge=_log_days,
        source=_SOURCE,
        wrong=_with(backup_configuration=[{"enabled": True, "transaction_log_retention_days": 99}]),
        right=_with(backup_configuration=[{"enabled": True, "transaction_log_retention_days": 14}]),
    ),
    Rule(
        code="cloud/sql-unreachable",
        types=_INSTANCE,
        title="an instance with neither a public nor a private way in",
        judge=_reachable,
        source="provider 7.45.0, settings.ip_configuration; Cloud SQL, Private Service Connect (2026-08)",
        wrong=_with(ip_configuration=[{"ipv4_enabled": False}]),
        right=_with(ip_configuration=[{"ipv4_enabled": False, "private_network": "projects/p/global/networks/n"}]),
    ),
    Rule(
        code="cloud/sql-word",
        types=_INSTANCE,
        title="a word that Cloud SQL does not know",
        judge=_words,
        source=_SOURCE,
        wrong=_with(disk_type="SSD"),
        right=_with(disk_type="PD_SSD"),
    ),
    Rule(
        code="cloud/sql-query-insights",
        types=_INSTANCE,
        title="Query Insights beyond its limits",
        judge=_query_length,
        source="Cloud SQL, use Query Insights, comparison of editions; Admin API v1, InsightsConfig (2026-08)",
        wrong=_with(
            "POSTGRES_15",
            tier="db-custom-2-8192",
            edition="ENTERPRISE",
            insights_config=[{"query_string_length": 9999}],
        ),
        right=_with(
            "POSTGRES_15",
            tier="db-custom-2-8192",
            edition="ENTERPRISE",
            insights_config=[{"query_string_length": 4500}],
        ),
    ),
    Rule(
        code="cloud/sql-disk-size",
        types=_INSTANCE,
        title="a data disk that is too small",
        judge=_disk_size,
        source=_SOURCE,
        wrong=_with(disk_size=5),
        right=_with(disk_size=10),
    ),
    Rule(
        code="cloud/sql-instance-id",
        types=_INSTANCE,
        title="an instance ID that is too long with its project",
        judge=_instance_id,
        source="Cloud SQL, create instances, instance ID (2026-08)",
        wrong={"project": "acme-ai-platform-production", "name": "a" * 80, "database_version": "POSTGRES_17"},
        right={"project": "acme-ai-platform-production", "name": "main", "database_version": "POSTGRES_17"},
    ),
    Rule(
        code="cloud/sql-user-type",
        types=_USER,
        title="a user type that Cloud SQL does not have",
        judge=_user_type,
        source=_USER_SOURCE,
        wrong=_user(type="IAM"),
        right=_user(type="CLOUD_IAM_USER"),
    ),
    Rule(
        code="cloud/sql-user-name",
        types=_USER,
        title="a PostgreSQL user with a whole service account address",
        judge=_user_name,
        source="Cloud SQL for PostgreSQL, IAM authentication, database users; provider 7.45.0, google_sql_user",
        wrong=_user(name="app@acme-dev.iam.gserviceaccount.com", type="CLOUD_IAM_SERVICE_ACCOUNT"),
        right=_user(name="app@acme-dev.iam", type="CLOUD_IAM_SERVICE_ACCOUNT"),
        beside=_POSTGRES,
    ),
    Rule(
        code="cloud/sql-user-password",
        types=_USER,
        title="a PostgreSQL user without a password, or an IAM user with one",
        judge=_user_password,
        source=_USER_SOURCE,
        wrong=_user(),
        right=_user(password_wo="${ephemeral.random_password.app.result}", password_wo_version=1),
        beside=_POSTGRES,
    ),
)
