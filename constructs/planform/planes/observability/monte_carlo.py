"""Monte Carlo: monitors of data as code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.data_quality import DataQuality, QualityCheck
from planform.contracts.identity import Identities, Identity
from planform.contracts.secrets import Secrets
from planform.contracts.services import Services
from planform.files import File
from planform.planes.component import Component
from planform.planes.observability.data_address import Table, bigquery_table
from planform.planes.observability.quality_checks import (
    age_minutes,
    age_query,
    check_name,
    number,
    refuse_checks,
)
from planform.planes.record_ids import record_id
from planform.spec.settings import Settings
from planform.terraform.google import BigqueryDatasetIamMember

__all__ = ["MonteCarlo", "MonteCarloSettings"]

READS = ("roles/bigquery.jobUser", "roles/bigquery.metadataViewer", "roles/bigquery.resourceViewer")
"""Running queries, what tables there are, and the history of jobs, of which lineage is made."""
VIEWER = "roles/bigquery.dataViewer"
TOKENS = {
    "MCD_DEFAULT_API_ID": ("monte-carlo-api-id", "Id of Monte Carlo's API key, for the job that applies monitors"),
    "MCD_DEFAULT_API_TOKEN": ("monte-carlo-api-token", "Monte Carlo's API key, for the job that applies monitors"),
}
CLIENT = "montecarlodata==0.177.0"
LEARNED = ("last_updated_on", "schema", "total_row_count", "total_row_count_last_changed_on")
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,99}$")]
Dataset = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,1024}$"), Field(examples=["feature_store"])]


class MonteCarloSettings(Settings):
    """Settings of `monte-carlo`."""

    warehouse: Name = Field(
        description="Name of the BigQuery warehouse in Monte Carlo.", examples=["acme-bigquery-prod"]
    )
    domain: Name = Field(description="Domain that monitors belong to.", examples=["machine-learning"])
    audience: Name = Field(
        description="Audience that is told of incidents of teams that `audiences` does not name.",
        examples=["ml-platform-oncall"],
    )
    audiences: dict[str, Name] = Field(
        default_factory=dict, description="Team to the audience that is told of its incidents. Default: none."
    )
    datasets: tuple[Dataset, ...] = Field(
        default=(),
        description="Datasets of the environment's project whose tables are all watched for freshness, volume and"
        " schema, with bounds that Monte Carlo learns. Default: none; only tables that components ask for.",
    )


class MonteCarlo(Component):
    """Monte Carlo: learned and written monitors of tables in BigQuery, kept as files and applied by a job.

    The files are a project of monitors as code, one namespace an environment: what is not in them any more is deleted
    by the next `apply`. apply.sh compiles and applies them with the client montecarlodata and the two secrets as
    environment variables; run it in CI where the default branch changes, and `apply.sh --dry-run` on pull requests.
    By hand: the warehouse's connection in Monte Carlo, with a key of the service account monte-carlo, which no
    Terraform makes, as it would stay in the state (or with Monte Carlo's own agent in the project, which keeps the key
    there); the domain and the audiences; an API key, its id and token put into the two secrets.

    Provides: DataQuality, for tables of BigQuery.
    Requires: Identities, Secrets, Services.
    Emits: montecarlo.yml, a file for each monitor, apply.sh; google_bigquery_dataset_iam_member for each dataset of the
    environment's project; owners of datasets elsewhere grant roles/bigquery.dataViewer themselves.
    Errors: contract/data-address, contract/quality-check.
    Source: montecarlodata 0.177.0 and Monte Carlo's pages on monitors as code: table monitors take no schedule, custom
    SQL gives one number, a validation describes rows that are wrong; read 2026-11. Its page on BigQuery could not be
    read: the roles are those that its queries need, and may lack some of its features.
    """

    name = "monte-carlo"
    capability = "data_quality"
    provides = DataQuality
    apis = ("bigquery.googleapis.com",)
    Settings = MonteCarloSettings
    settings: MonteCarloSettings
    identity: Identities
    secrets: Secrets
    services: Services

    def build(self) -> None:
        purpose = "Monte Carlo, which reads tables to judge them"
        self._identity: Identity = self.identity.service_account("monte-carlo", roles=READS, purpose=purpose)
        self._granted: set[str] = set()
        held = {name: self.secrets.secret(secret, purpose=why).name for name, (secret, why) in TOKENS.items()}
        File(self, "montecarlo.yml", self._project())
        File(self, "apply.sh", _script({name: str(secret) for name, secret in held.items()}, self.environment.project))
        for dataset in self.settings.datasets:
            self._read(self.environment.project, dataset)
        if self.settings.datasets:
            self._write("coverage", {"table": [self._coverage()]})

    def monitor(
        self, name: str, *, table: str, team: str, checks: Sequence[QualityCheck], schedule: str = "0 6 * * *"
    ) -> None:
        """The checks of a table as monitors with thresholds."""
        refuse_checks(self, name, checks, schedule)
        place = bigquery_table(self, table)
        self._read(place.project, place.dataset)
        monitors: dict[str, list[dict[str, Any]]] = {}
        for check in checks:
            kind, body = _monitor(place, check)
            common = self._common(f"{name}-{check_name(check)}", f"{check.kind} of {table}", team)
            times = {"type": "fixed", "interval_crontab": [schedule], "timezone": "UTC"}
            monitors.setdefault(kind, []).append({**common, **body, "schedule": times})
        self._write(name, monitors)

    def _project(self) -> dict[str, Any]:
        return {
            "version": 1,
            "namespace": self.environment.prefix,
            "default_resource": self.settings.warehouse,
            "default_domain": self.settings.domain,
            "include_file_patterns": ["monitors/*.yml"],
        }

    def _coverage(self) -> dict[str, Any]:
        databases = [{"name": self.environment.project, "schemas": sorted(self.settings.datasets)}]
        common = self._common("coverage", "Freshness, volume and schema of every table of the platform's datasets", "")
        return {
            **common,
            "asset_selection": {"databases": databases},
            "alert_conditions": list(LEARNED),
        }

    def _common(self, name: str, description: str, team: str) -> dict[str, Any]:
        return {
            "name": record_id(name),
            "description": description,
            "warehouse": self.settings.warehouse,
            "audiences": [self.settings.audiences.get(team, self.settings.audience)],
            "domains": [self.settings.domain],
            "priority": "P2" if self.environment.production else "P4",
        }

    def _read(self, project: str, dataset: str) -> None:
        if project != self.environment.project or dataset in self._granted:
            return
        self._granted.add(dataset)
        BigqueryDatasetIamMember(
            self,
            record_id(dataset, "monte-carlo"),
            project=project,
            dataset_id=dataset,
            role=VIEWER,
            member=self._identity.member,
        )

    def _write(self, name: str, monitors: dict[str, list[dict[str, Any]]]) -> None:
        File(self, f"monitors/{name}.yml", {"montecarlo": monitors})


def _monitor(table: Table, check: QualityCheck) -> tuple[str, dict[str, Any]]:
    """The type of monitor that a check becomes, and what is its own."""
    if check.kind in ("not_null", "one_of"):
        return "validation", {
            "data_source": {"table": f"{table.project}:{table.dataset}.{table.name}"},
            "alert_condition": {"type": "GROUP", "operator": "AND", "conditions": [_wrong(check)]},
        }
    sql, operator, threshold = _number(table, check)
    condition = {"type": "threshold", "operator": operator, "threshold_value": threshold}
    return "custom_sql", {"sql": sql, "alert_conditions": [condition]}


def _wrong(check: QualityCheck) -> dict[str, Any]:
    """The rows that break the check."""
    field = [{"field": check.column}]
    if check.kind == "not_null":
        return {"type": "UNARY", "predicate": {"name": "null", "negated": False}, "value": field}
    values = [{"literal": value} for value in check.values]
    return {"type": "BINARY", "predicate": {"name": "in_set", "negated": True}, "left": field, "right": values}


def _number(table: Table, check: QualityCheck) -> tuple[str, str, float]:
    """A query that gives one number, and when that number is an incident."""
    if check.kind == "fresh":
        return age_query(table, check), "GT", age_minutes(check)
    if check.kind == "rows":
        return f"SELECT COUNT(*) FROM {table.quoted}", "LT", check.limit or 0
    if check.kind == "unique":
        return f"SELECT COUNT({check.column}) - COUNT(DISTINCT {check.column}) FROM {table.quoted}", "GT", 0
    return f"SELECT COUNTIF({' OR '.join(_outside(check))}) FROM {table.quoted}", "GT", 0


def _outside(check: QualityCheck) -> Iterator[str]:
    if check.low is not None:
        yield f"{check.column} < {number(check.low)}"
    if check.high is not None:
        yield f"{check.column} > {number(check.high)}"


def _script(secrets: dict[str, str], project: str) -> str:
    reads = "".join(
        f': "${{{name}:=$(gcloud secrets versions access latest --secret {secret} --project {project})}}"\n'
        for name, secret in secrets.items()
    )
    return (
        "#!/bin/sh\n"
        "# Compiles the monitors beside it and applies them; with --dry-run it only says what would change.\n"
        "set -eu\n"
        'cd "$(dirname "$0")"\n'
        f"{reads}"
        f"export {' '.join(secrets)}\n"
        f"python3 -m pip install --quiet {CLIENT}\n"
        "montecarlo monitors compile\n"
        'montecarlo monitors apply "${1:---auto-yes}"\n'
    )
