"""Data quality scans of Dataplex."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.data_quality import DataQuality, QualityCheck
from planform.contracts.identity import Identities, Identity
from planform.contracts.monitoring import Monitoring
from planform.contracts.services import Services
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
from planform.terraform.google import (
    BigqueryDatasetIamMember,
    DataplexDatascan,
    LoggingMetric,
    ServiceAccountIamMember,
)

__all__ = ["DataplexQuality", "DataplexQualitySettings"]

AGENT = "gcp-sa-dataplex"
EDITOR, VIEWER = "roles/bigquery.dataEditor", "roles/bigquery.dataViewer"
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"), Field(examples=["ml@acme.example"])]


class DataplexQualitySettings(Settings):
    """Settings of `dataplex-quality`."""

    emails: dict[str, tuple[Email, ...]] = Field(
        default_factory=dict,
        description="Team to the addresses that get a report when a scan of its data fails. Default: none; alerts go"
        " where the slot `monitoring` sends them.",
        examples=[{"fraud": ["fraud-ml@acme.example"]}],
    )
    sampling_percent: float = Field(
        default=100, gt=0, le=100, description="Share of rows that is looked at, in percent. Default: 100."
    )
    results_dataset: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_]{1,1024}$",
        description="Dataset of the environment's project that results are kept in, in a table for each monitor."
        " Default: none; results are kept in Dataplex.",
        examples=["data_quality"],
    )
    publish: bool = Field(default=True, description="Whether results are shown with the table. Default: true.")


class DataplexQuality(Component):
    """Dataplex scans: the expectations of each table, judged in BigQuery on a schedule as an identity of its own.

    Scans run where the environment is, so tables must be in its region. The log of failed scans becomes a metric, and
    with the slot `monitoring` an alert of the team that owns the data.
    By hand: nothing; Google makes the service agent of Dataplex when its API is first used, so a first apply may have
    to be repeated.

    Provides: DataQuality, for tables of BigQuery.
    Requires: Identities, Services; Monitoring, optional.
    Emits: google_dataplex_datascan for each monitor; google_bigquery_dataset_iam_member, google_logging_metric,
    google_service_account_iam_member for Dataplex's service agent. Owners of datasets in other projects grant
    roles/bigquery.dataViewer themselves.
    Errors: contract/data-address, contract/quality-check, contract/bad-name.
    Source: provider page of google_dataplex_datascan 7.45.0, of which one spec, one trigger and one expectation a rule
    are left unchecked; Dataplex's pages on data quality rules and on the log of data scans; read 2026-11.
    """

    name = "dataplex-quality"
    capability = "data_quality"
    provides = DataQuality
    apis = ("bigquery.googleapis.com", "dataplex.googleapis.com", "logging.googleapis.com")
    Settings = DataplexQualitySettings
    settings: DataplexQualitySettings
    identity: Identities
    services: Services
    monitoring: Monitoring | None

    def build(self) -> None:
        purpose = "Data quality scans, which read tables to judge them"
        roles = ("roles/bigquery.jobUser",)
        self._identity: Identity = self.identity.service_account("data-quality", roles=roles, purpose=purpose)
        self._granted: dict[tuple[str, str], BigqueryDatasetIamMember] = {}
        self._agent = ServiceAccountIamMember(
            self,
            "agent",
            service_account_id=self._identity.id,
            role="roles/iam.serviceAccountTokenCreator",
            member=self.environment.service_agent(AGENT),
        )
        self._metric = LoggingMetric(
            self,
            "failures",
            project=self.environment.project,
            name=f"{self.environment.prefix}-data-quality-failures",
            description="Data quality scans that ended with a broken expectation.",
            filter='resource.type="dataplex.googleapis.com/DataScan" AND jsonPayload.dataQuality.passed=false',
            metric_descriptor=[{"metric_kind": "DELTA", "value_type": "INT64", "unit": "1"}],
        )
        if self.settings.results_dataset is not None:
            self._grant(self.environment.project, self.settings.results_dataset, EDITOR)

    def monitor(
        self, name: str, *, table: str, team: str, checks: Sequence[QualityCheck], schedule: str = "0 6 * * *"
    ) -> None:
        """A scan of the table with a rule for each check."""
        refuse_checks(self, name, checks, schedule)
        place, scan = bigquery_table(self, table), f"{self.environment.prefix}-{name}"
        if len(scan) > 63:
            raise self.refuse(
                "contract/bad-name", f"the scan `{scan}` has {len(scan)} characters, and 63 are allowed",
                help="shorten the name of the monitor",
            )  # fmt: skip
        self._grant(place.project, place.dataset, VIEWER)
        DataplexDatascan(
            self,
            record_id(name),
            project=self.environment.project,
            location=self.environment.region,
            data_scan_id=scan,
            display_name=name,
            description=f"Expectations of {table}, of team {team}.",
            data=[{"resource": place.resource}],
            execution_spec=[{"trigger": [{"schedule": [{"cron": f"TZ=Etc/UTC {schedule}"}]}]}],
            execution_identity=[{"service_account": [{"email": self._identity.email}]}],
            data_quality_spec=[self._spec(name, place, team, checks)],
            labels={**self.labels, "team": team},
            depends_on=[self._agent],
        )
        if self.monitoring is not None:
            self._alert(self.monitoring, name, scan, table, team)

    def _spec(self, name: str, table: Table, team: str, checks: Sequence[QualityCheck]) -> dict[str, Any]:
        return {
            "sampling_percent": self.settings.sampling_percent,
            "catalog_publishing_enabled": self.settings.publish,
            "rules": [_rule(table, check) for check in checks],
            "post_scan_actions": self._actions(name, team),
        }

    def _actions(self, name: str, team: str) -> list[dict[str, Any]] | None:
        actions: dict[str, Any] = {}
        if self.settings.results_dataset is not None:
            place = Table(self.environment.project, self.settings.results_dataset, record_id(name))
            actions["bigquery_export"] = [{"results_table": place.resource}]
        if team in self.settings.emails:
            actions["notification_report"] = [
                {
                    "recipients": [{"emails": list(self.settings.emails[team])}],
                    "score_threshold_trigger": [{"score_threshold": 100}],
                    "job_failure_trigger": [{}],
                }
            ]
        return [actions] if actions else None

    def _grant(self, project: str, dataset: str, role: str) -> None:
        if project != self.environment.project or (dataset, role) in self._granted:
            return
        self._granted[dataset, role] = BigqueryDatasetIamMember(
            self,
            record_id(dataset, "data-quality", "editor" if role == EDITOR else ""),
            project=project,
            dataset_id=dataset,
            role=role,
            member=self._identity.member,
        )

    def _alert(self, monitoring: Monitoring, name: str, scan: str, table: str, team: str) -> None:
        metric = f"logging_googleapis_com:user_{record_id(self.environment.prefix)}_data_quality_failures"
        monitoring.alert(
            f"data-quality-{name}",
            title=f"{table} is not as it should be",
            query=f'sum(increase({metric}{{datascan_id="{scan}"}}[1h])) > 0',
            minutes=1,
            team=team,
            runbook=f"gcloud dataplex datascans jobs list --datascan={scan} --location={self.environment.region}",
        )


def _rule(table: Table, check: QualityCheck) -> dict[str, Any]:
    """One rule: its dimension and exactly one expectation."""
    common = {"name": check_name(check), "column": check.column or None}
    if check.kind == "not_null":
        return {**common, "dimension": "COMPLETENESS", "threshold": 1, "non_null_expectation": [{}]}
    if check.kind == "unique":
        return {**common, "dimension": "UNIQUENESS", "uniqueness_expectation": [{}]}
    if check.kind == "one_of":
        expected = [{"values": list(check.values)}]
        return {**common, **_VALID, "set_expectation": expected}
    if check.kind == "range":
        low, high = (None if bound is None else number(bound) for bound in (check.low, check.high))
        return {**common, **_VALID, "range_expectation": [{"min_value": low, "max_value": high}]}
    if check.kind == "rows":
        enough = f"COUNT(*) >= {number(check.limit or 0)}"
        return {"name": "rows", "dimension": "VOLUME", "table_condition_expectation": [{"sql_expression": enough}]}
    old = f"SELECT * FROM ({age_query(table, check)}) WHERE age > {age_minutes(check)}"
    return {"name": check_name(check), "dimension": "FRESHNESS", "sql_assertion": [{"sql_statement": old}]}


_VALID: dict[str, Any] = {"dimension": "VALIDITY", "threshold": 1, "ignore_null": True}
