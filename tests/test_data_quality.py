"""Checks of data: one contract, the same expectations in each tool's words, and no more rights than reading needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.contracts.data_quality import DataQuality, QualityCheck
from planform.contracts.monitoring import Monitoring, Panel, Severity
from planform.engine import App, TerraformStack
from planform.files import File
from planform.kubernetes.record import objects_of
from planform.planes.component import Refused
from planform.planes.observability.dataplex_quality import DataplexQuality, DataplexQualitySettings
from planform.planes.observability.existing_data_quality import ExistingDataQuality, ExistingDataQualitySettings
from planform.planes.observability.monte_carlo import MonteCarlo, MonteCarloSettings
from planform.planes.security.existing_secrets import ExistingSecrets, ExistingSecretsSettings
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.iam import Iam
from planform.spec.environment import Environment
from planform.terraform.google import GoogleProvider
from planform.terraform.record import records_of
from tests import terraform

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
TABLE = "bq://acme-ai-dev.features.customer_activity"
CHECKS = (
    QualityCheck("fresh", column="feature_timestamp", limit=3),
    QualityCheck("fresh", limit=0.5),
    QualityCheck("not_null", column="entity_id"),
    QualityCheck("unique", column="entity_id"),
    QualityCheck("range", column="spend_30d", low=0, high=1e6),
    QualityCheck("one_of", column="tier", values=("gold", "o'brien")),
    QualityCheck("rows", limit=1000),
)


class Place:
    """A stack with what the components need."""

    def __init__(self) -> None:
        self.stack = TerraformStack(App(), "acme-ai-dev")
        GoogleProvider(self.stack, "google", project=DEV.project, region=DEV.region)
        services = ExistingServices(self.stack, "services", environment=DEV)
        identity = Iam(self.stack, "identity", environment=DEV, services=services)
        self.needs: dict[str, Any] = {"services": services, "identity": identity}

    def monte_carlo(self, **more: Any) -> MonteCarlo:
        held = {
            name: f"projects/acme-ai-dev/secrets/{name}" for name in ("monte-carlo-api-id", "monte-carlo-api-token")
        }
        settings = ExistingSecretsSettings(secrets=held)
        secrets = ExistingSecrets(self.stack, "secrets", settings, environment=DEV)
        given = MonteCarloSettings(warehouse="acme-bq", domain="ml", audience="oncall", **more)
        return MonteCarlo(self.stack, "data_quality", given, environment=DEV, secrets=secrets, **self.needs)

    def dataplex(self, monitoring: Monitoring | None = None, **more: Any) -> DataplexQuality:
        given = DataplexQualitySettings(**more)
        return DataplexQuality(
            self.stack, "data_quality", given, environment=DEV, monitoring=monitoring, **self.needs
        )  # fmt: skip

    def made(self, kind: str) -> dict[str, Any]:
        return dict(records_of(self.stack).document().get("resource", {}).get(kind, {}))

    def files(self) -> dict[str, str]:
        return {each.name: each.text for each in objects_of(self.stack).delivered if isinstance(each, File)}


class Alerts:
    """A monitoring component that remembers its alerts."""

    def __init__(self) -> None:
        self.queries: dict[str, tuple[str, str]] = {}

    def scrape(self, name: str, **more: Any) -> None:
        """Nothing is scraped here."""

    def dashboard(self, name: str, *, title: str, panels: Sequence[Panel], team: str = "") -> None:
        """Nothing is drawn here."""

    def alert(self, name: str, *, title: str, query: str, minutes: int = 5, severity: Severity = "ticket",
              team: str = "", runbook: str = "") -> None:  # fmt: skip
        self.queries[name] = (team, query)

    def objective(self, name: str, **more: Any) -> None:
        """Nothing is promised here."""


def existing(**monitors: str) -> ExistingDataQuality:
    settings = ExistingDataQualitySettings(monitors=monitors)
    return ExistingDataQuality(TerraformStack(App(), "x"), "data_quality", settings, environment=DEV)


def ask(component: DataQuality, *checks: QualityCheck, table: str = TABLE, name: str = "activity") -> None:
    component.monitor(name, table=table, team="fraud", checks=checks or CHECKS)


def test_each_rule_of_a_scan_has_its_dimension_and_one_expectation() -> None:
    place = Place()
    ask(place.dataplex())
    scan = place.made("google_dataplex_datascan")["activity"]
    rules = scan["data_quality_spec"][0]["rules"]
    expectations = [[key for key in rule if key.endswith(("expectation", "assertion"))] for rule in rules]
    assert all(len(each) == 1 for each in expectations)
    assert [(rule["name"], rule["dimension"]) for rule in rules] == [
        ("fresh-feature-timestamp", "FRESHNESS"),
        ("fresh", "FRESHNESS"),
        ("not-null-entity-id", "COMPLETENESS"),
        ("unique-entity-id", "UNIQUENESS"),
        ("range-spend-30d", "VALIDITY"),
        ("one-of-tier", "VALIDITY"),
        ("rows", "VOLUME"),
    ]
    assert rules[0]["sql_assertion"][0]["sql_statement"].endswith("WHERE age > 180")
    assert "__TABLES__" in rules[1]["sql_assertion"][0]["sql_statement"]
    assert rules[4]["range_expectation"] == [{"min_value": "0", "max_value": "1000000"}]
    assert rules[5]["set_expectation"] == [{"values": ["gold", "o'brien"]}]
    assert rules[6]["table_condition_expectation"] == [{"sql_expression": "COUNT(*) >= 1000"}]
    assert scan["execution_spec"] == [{"trigger": [{"schedule": [{"cron": "TZ=Etc/UTC 0 6 * * *"}]}]}]
    assert scan["labels"]["team"] == "fraud"


def test_scans_run_as_an_identity_that_reads_the_datasets_it_is_asked_for() -> None:
    place = Place()
    component = place.dataplex(results_dataset="results", emails={"fraud": ("fraud@acme.example",)})
    ask(component)
    ask(component, name="again")
    ask(component, name="other", table="bq://acme-data.sales.orders")
    granted = place.made("google_bigquery_dataset_iam_member")
    assert {(each["dataset_id"], each["role"]) for each in granted.values()} == {
        ("features", "roles/bigquery.dataViewer"),
        ("results", "roles/bigquery.dataEditor"),
    }
    assert {each["role"] for each in place.made("google_project_iam_member").values()} == {"roles/bigquery.jobUser"}
    actions = place.made("google_dataplex_datascan")["again"]["data_quality_spec"][0]["post_scan_actions"][0]
    assert actions["bigquery_export"][0]["results_table"].endswith("/datasets/results/tables/again")
    assert actions["notification_report"][0]["recipients"] == [{"emails": ["fraud@acme.example"]}]


def test_a_failed_scan_alerts_the_team_of_the_data() -> None:
    place, alerts = Place(), Alerts()
    ask(place.dataplex(alerts))
    metric = place.made("google_logging_metric")["failures"]
    assert metric["name"] == "acme-ai-dev-data-quality-failures"
    assert alerts.queries == {
        "data-quality-activity": (
            "fraud",
            "sum(increase(logging_googleapis_com:user_acme_ai_dev_data_quality_failures"
            '{datascan_id="acme-ai-dev-activity"}[1h])) > 0',
        )
    }


def test_monte_carlo_gets_the_same_checks_in_its_words() -> None:
    place = Place()
    ask(place.monte_carlo(audiences={"fraud": "fraud-oncall"}))
    written = yaml.safe_load(place.files()["monitors/activity.yml"])["montecarlo"]
    assert sorted(written) == ["custom_sql", "validation"]
    names = [each["name"] for kind in written.values() for each in kind]
    assert len(names) == len(set(names)) == len(CHECKS)
    sql = {each["name"]: each for each in written["custom_sql"]}
    assert not any(each["sql"].rstrip().endswith(";") for each in sql.values())
    fresh = sql["activity_fresh_feature_timestamp"]
    assert fresh["alert_conditions"] == [{"type": "threshold", "operator": "GT", "threshold_value": 180}]
    assert sql["activity_rows"]["alert_conditions"][0]["operator"] == "LT"
    assert "spend_30d < 0 OR spend_30d > 1000000" in sql["activity_range_spend_30d"]["sql"]
    null, tier = (each["alert_condition"]["conditions"][0] for each in written["validation"])
    assert null["predicate"] == {"name": "null", "negated": False}
    assert tier["predicate"] == {"name": "in_set", "negated": True}
    assert tier["right"] == [{"literal": "gold"}, {"literal": "o'brien"}]
    for each in (*written["custom_sql"], *written["validation"]):
        assert (each["audiences"], each["domains"], each["warehouse"]) == (["fraud-oncall"], ["ml"], "acme-bq")
        assert each["schedule"] == {"type": "fixed", "interval_crontab": ["0 6 * * *"], "timezone": "UTC"}


def test_monte_carlo_s_namespace_is_the_environment_s_and_its_key_is_nowhere() -> None:
    place = Place()
    place.monte_carlo(datasets=("features",))
    files = place.files()
    assert yaml.safe_load(files["montecarlo.yml"])["namespace"] == "acme-ai-dev"
    (coverage,) = yaml.safe_load(files["monitors/coverage.yml"])["montecarlo"]["table"]
    assert "schedule" not in coverage
    assert coverage["asset_selection"]["databases"] == [{"name": "acme-ai-dev", "schemas": ["features"]}]
    assert "--secret monte-carlo-api-token" in files["apply.sh"]
    assert "montecarlodata==" in files["apply.sh"]
    assert not place.made("google_service_account_key")
    (grant,) = place.made("google_bigquery_dataset_iam_member").values()
    assert (grant["dataset_id"], grant["role"]) == ("features", "roles/bigquery.dataViewer")


@pytest.mark.parametrize(
    "check",
    [
        QualityCheck("fresh"),
        QualityCheck("rows", limit=0),
        QualityCheck("not_null"),
        QualityCheck("unique", column="a b"),
        QualityCheck("not_null", column="x) FROM secrets --"),
        QualityCheck("range", column="a"),
        QualityCheck("range", column="a", low=2, high=1),
        QualityCheck("one_of", column="a"),
    ],
)
def test_checks_that_say_too_little_or_too_much_are_refused(check: QualityCheck) -> None:
    for component in (Place().monte_carlo(), Place().dataplex(), existing(activity="x")):
        with pytest.raises(Refused) as refused:
            ask(component, check)
        assert refused.value.fault.code == "contract/quality-check"


@pytest.mark.parametrize("table", ["gs://acme-data/x", "bq://acme-data.sales", "bq://a`b.c.d"])
def test_what_is_no_table_is_refused(table: str) -> None:
    for component in (Place().monte_carlo(), Place().dataplex()):
        with pytest.raises(Refused) as refused:
            ask(component, table=table)
        assert refused.value.fault.code == "contract/data-address"


def test_existing_monitors_are_those_that_were_named() -> None:
    ask(existing(activity="https://soda.acme.example/checks/42"))
    with pytest.raises(Refused) as refused:
        ask(existing())
    assert refused.value.fault.code == "contract/not-named"
    assert "range spend_30d" in refused.value.fault.help


@pytest.mark.terraform
def test_the_real_provider_plans_scans(tmp_path: Path) -> None:
    terraform.need("google")
    place = Place()
    ask(place.dataplex(results_dataset="results", emails={"fraud": ("fraud@acme.example",)}))
    document = json.dumps(records_of(place.stack).document())
    verdict = terraform.judge({"all": document}, tmp_path)["all"]
    assert verdict.problems == ()
    assert verdict.created == len(list(records_of(place.stack)))
