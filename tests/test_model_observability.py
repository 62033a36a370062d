"""Models that are watched: with the key of their team only, by monitors that the tool really has."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.contracts.ci import Ci, Workflow
from planform.contracts.model_observability import ModelObservability
from planform.contracts.version_control import CodeRepository
from planform.files import File, RepositoryFile
from planform.kubernetes.record import objects_of
from planform.planes.component import Component, Refused
from planform.planes.observability.arize import Arize, ArizeSettings
from planform.planes.observability.arize_monitors import PROGRAM
from planform.planes.observability.existing_model_observability import (
    ExistingModelObservability,
    ExistingModelObservabilitySettings,
)
from planform.planes.observability.phoenix import Phoenix, PhoenixSettings
from planform.spec.environment import Environment
from tests.alone import DEV, PROD, Alone

PHOENIX_NEEDS = ("services", "database", "identity", "secrets", "compute", "gitops", "network_policy")


def arize(at: Alone, *, ci: Component | None = None, **settings: Any) -> Arize:
    given = ArizeSettings.model_validate({"organization": "Acme", **settings})
    needs = at.needs("compute", "secrets", "network_policy", "identity")
    return Arize(at.own, "model_observability", given, **needs, ci=ci)


def phoenix(at: Alone, **settings: Any) -> Phoenix:
    given = PhoenixSettings.model_validate(settings)
    return Phoenix(at.own, "model_observability", given, **at.needs(*PHOENIX_NEEDS))


def existing(at: Alone, **settings: Any) -> ExistingModelObservability:
    given = ExistingModelObservabilitySettings.model_validate(
        {"endpoint": "https://otlp.vendor.example", "url": "https://vendor.example",
         "headers": {"api_key": "vendor-api-key"}, **settings}
    )  # fmt: skip
    needs = at.needs("compute", "secrets", "network_policy")
    return ExistingModelObservability(at.own, "model_observability", given, **needs)


TOOLS = [arize, phoenix, existing]


def watch(tool: ModelObservability, at: Alone, name: str = "churn", **more: Any) -> Any:
    asked = {"kind": "classification", "team": "fraud", "namespace": "fraud", "scope": at.asker, **more}
    return tool.model(name, **asked)


def files(at: Alone) -> dict[str, str]:
    return {each.name: each.text for each in objects_of(at.own).delivered if isinstance(each, File)}


@pytest.mark.parametrize("make", TOOLS)
def test_a_model_sends_with_a_key_that_is_only_referred_to(make: Any) -> None:
    at = Alone()
    tool = make(at)
    ref = watch(tool, at)
    assert watch(tool, at) == ref
    held = at.objects()[f"fraud/ExternalSecret/{ref.secret}"]["spec"]["data"]
    assert {key for _, key in ref.headers} <= {each["secretKey"] for each in held}
    assert ref.project == "churn"
    kinds = {name.partition(".")[0] for name in at.records(at.asker)}
    assert kinds == {"google_secret_manager_secret_iam_member"}


@pytest.mark.parametrize("make", TOOLS)
def test_only_text_can_be_judged_to_be_made_up(make: Any) -> None:
    at = Alone()
    tool = make(at)
    watch(tool, at, "assistant", kind="language", monitors=["hallucination"])
    with pytest.raises(Refused) as refused:
        watch(tool, at, monitors=["hallucination"])
    assert refused.value.fault.code == "contract/other-monitor"
    with pytest.raises(Refused) as refused:
        watch(tool, at, "Churn Model")
    assert refused.value.fault.code == "contract/bad-name"


# Arize


@pytest.mark.parametrize(
    ("region", "given", "host"),
    [
        ("europe-west4", None, "otlp.eu-west-1a.arize.com"),
        ("us-central1", None, "otlp.arize.com"),
        ("northamerica-northeast1", None, "otlp.ca-central-1a.arize.com"),
        ("europe-west4", "us", "otlp.arize.com"),
    ],
)
def test_data_goes_to_the_region_of_the_account(region: str, given: str | None, host: str) -> None:
    at = Alone(DEV.model_copy(update={"region": region}))
    tool = arize(at, region=given)
    assert watch(tool, at).endpoint == f"https://{host}"
    (rule,) = at.objects()["fraud/FQDNNetworkPolicy/egress-arize"]["spec"]["egress"]
    assert rule["matches"] == [{"name": host}]


def test_a_team_has_a_space_and_keys_of_its_own() -> None:
    at = Alone()
    tool = arize(at)
    watch(tool, at)
    watch(tool, at, "recommend", team="shop", namespace="shop", kind="ranking")
    assert json.loads(files(at)["spaces.json"])["spaces"] == ["acme-ai-dev-fraud", "acme-ai-dev-shop"]
    held = at.objects()["shop/ExternalSecret/arize"]["spec"]["data"]
    assert {each["remoteRef"]["key"] for each in held} == {
        "acme-ai-dev-arize-shop-api-key",
        "acme-ai-dev-arize-shop-space-id",
    }


@pytest.mark.parametrize(
    ("kind", "monitor", "mutation", "part"),
    [
        ("classification", "performance", "createPerformanceMonitor",
         {"performanceMetric": "accuracy", "operator": "lessThan"}),
        ("regression", "performance", "createPerformanceMonitor",
         {"performanceMetric": "mae", "operator": "greaterThan"}),
        ("ranking", "performance", "createPerformanceMonitor", {"performanceMetric": "ndcg", "operator": "lessThan"}),
        ("language", "performance", "createDataQualityMonitor",
         {"dimensionName": "latency_ms", "modelEnvironmentName": "tracing"}),
        ("regression", "drift", "createDriftMonitor", {"driftMetric": "psi", "dimensionCategory": "prediction"}),
        ("language", "drift", "createDriftMonitor", {"dimensionCategory": "spanProperty"}),
        ("ranking", "data_quality", "createDataQualityMonitor", {"dataQualityMetric": "percentEmpty"}),
        ("language", "hallucination", "createDataQualityMonitor", {"dimensionCategory": "llmEval", "threshold": 0.1}),
    ],
)  # fmt: skip
def test_monitors_are_what_arizes_api_takes(kind: str, monitor: str, mutation: str, part: dict[str, Any]) -> None:
    at = Alone()
    tool = arize(at, alert_emails=["ml@acme.example"], window_hours=24)
    watch(tool, at, kind=kind, monitors=[monitor])
    (found,) = json.loads(files(at)["monitors/churn.json"])["monitors"]
    assert found["mutation"] == mutation
    assert part.items() <= found["input"].items()
    assert found["input"]["evaluationWindowLengthSeconds"] == 86_400
    assert found["input"]["contacts"] == [{"notificationChannelType": "email", "emailAddress": "ml@acme.example"}]
    assert ("threshold" in found["input"]) != ("dynamicAutoThreshold" in found["input"])


def test_contents_stay_unless_that_is_wanted() -> None:
    kept, sent = Alone(), Alone()
    arize(kept)
    arize(sent, content=True)
    plain, open_ = (yaml.safe_load(files(each)["collector-exporter.yaml"]) for each in (kept, sent))
    dropped = {each["key"] for each in plain["processors"]["attributes/arize"]["actions"]}
    assert {"input.value", "gen_ai.output.messages"} <= dropped
    assert "processors" not in open_
    headers = plain["exporters"]["otlp_http/arize"]["headers"]
    assert headers == {"space_id": "${env:ARIZE_SPACE_ID}", "api_key": "${env:ARIZE_API_KEY}"}


class FakeArize(BaseHTTPRequestHandler):
    """As much of the service as the program asks; it keeps what it was told."""

    spaces: dict[str, str]
    models: set[str]
    monitors: dict[str, dict[str, str]]
    asked: list[str]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        query, variables = asked["query"], asked["variables"]
        assert self.headers["x-api-key"] == "from-the-store"
        answer: dict[str, Any]
        if "organizations(" in query:
            spaces = [{"node": {"id": id, "name": name}} for name, id in self.spaces.items()]
            node = {"id": "org", "name": "Acme", "spaces": {"edges": spaces}}
            answer = {"account": {"organizations": {"edges": [{"node": node}]}}}
        elif "createSpace" in query:
            name = variables["input"]["name"]
            self.spaces[name] = f"id-{name}"
            answer = {"createSpace": {"space": {"id": f"id-{name}", "name": name}}}
        elif "deleteMonitor" in query:
            gone = next(name for name, each in self.monitors.items() if each["id"] == variables["input"]["monitorId"])
            del self.monitors[gone]
            answer = {"deleteMonitor": {"monitor": {"id": "x"}}}
        elif query.startswith("mutation"):
            given = variables["input"]
            self.monitors[given["name"]] = {"id": given["name"], "notes": given["notes"], "space": given["spaceId"]}
            answer = {}
        else:
            answer = {"node": {
                "models": {"edges": [{"node": {"id": name, "name": name}} for name in sorted(self.models)]},
                "monitors": {"edges": [
                    {"node": {"name": name, **each}} for name, each in self.monitors.items()
                ]},
            }}  # fmt: skip
        self.asked.append(query.split("(")[0])
        body = json.dumps({"data": answer}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def service(models: set[str]) -> Iterator[tuple[type[FakeArize], str]]:
    kept = type("Kept", (FakeArize,), {"spaces": {}, "models": models, "monitors": {}, "asked": []})
    with HTTPServer(("127.0.0.1", 0), kept) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield kept, f"http://127.0.0.1:{server.server_port}/graphql"
        finally:
            server.shutdown()


def test_the_program_makes_what_the_files_say_and_then_nothing(tmp_path: Path) -> None:
    at = Alone()
    tool = arize(at)
    watch(tool, at)
    watch(tool, at, "silent", kind="regression")

    def run(api: str) -> str:
        for name, text in files(at).items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.replace("https://app.eu-west-1a.arize.com/graphql", api))
        variables = {**os.environ, "ARIZE_API_KEY": "from-the-store", "no_proxy": "*"}
        done = subprocess.run([sys.executable, tmp_path / "apply_monitors.py"], env=variables, capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    with service({"churn"}) as (kept, api):
        first = run(api)
        assert "made space acme-ai-dev-fraud" in first
        assert set(kept.monitors) == {"churn drift", "churn performance"}
        assert {each["space"] for each in kept.monitors.values()} == {"id-acme-ai-dev-fraud"}
        assert run(api) == ""
        watch(tool, at, monitors=["drift", "performance", "data_quality"])
        assert run(api) == "made monitor churn data quality\n"
        kept.monitors["churn drift"]["notes"] = "somebody's own"
        assert run(api) == "changed monitor churn drift\n"
    assert "from-the-store" not in json.dumps(files(at))


class WritesYaml(Component):
    """A CI of somebody's: one YAML file a workflow."""

    name = "writes-yaml"
    capability = "ci"
    provides = Ci

    def one_identity(self) -> bool:
        return False

    def one_tool(self) -> bool:
        return False

    def comments(self) -> bool:
        return False

    def render(self, workflow: Workflow, *, repository: CodeRepository | None = None) -> Mapping[str, str]:
        (job,) = workflow.jobs
        steps = [{"run": step.run, "secrets": dict(step.secrets)} for step in job.steps]
        return {f".ci/{workflow.name}.yaml": yaml.safe_dump({"paths": list(workflow.trigger.paths), "steps": steps})}


def test_ci_applies_monitors_with_a_key_of_the_store() -> None:
    at = Alone()
    arize(at, ci=WritesYaml(at.theirs, "ci", environment=DEV))
    (file,) = (each for each in objects_of(at.own).delivered if isinstance(each, RepositoryFile))
    workflow = yaml.safe_load(file.text)
    assert file.name == ".ci/arize-monitors-dev.yaml"
    assert workflow["paths"] == ["**/files/dev/platform/arize/**"]
    assert workflow["steps"][-1]["secrets"] == {
        "ARIZE_API_KEY": "projects/acme-ai-dev/secrets/acme-ai-dev-arize-ci-api-key"
    }
    assert "files/dev/platform/arize/apply_monitors.py" in workflow["steps"][-1]["run"]
    ast.parse(PROGRAM)


# Phoenix


def values(at: Alone) -> dict[str, Any]:
    (release,) = objects_of(at.own).releases
    return release.values


@pytest.mark.parametrize("environment", [DEV, PROD], ids=["dev", "prod"])
def test_phoenix_asks_everyone_to_sign_in_and_tells_nobody(environment: Environment) -> None:
    at = Alone(environment)
    phoenix(at)
    found = values(at)
    assert (found["auth"]["enableAuth"], found["auth"]["createSecret"]) == (True, False)
    assert (found["server"]["telemetryEnabled"], found["server"]["allowExternalResources"]) == (False, False)
    keys = {each["secretKey"] for each in at.objects()["phoenix/ExternalSecret/phoenix"]["spec"]["data"]}
    assert {each["key"] for each in found["auth"]["secret"]} == keys
    assert "PHOENIX_POSTGRES_PASSWORD" not in keys
    assert "phoenix/NetworkPolicy/default-deny" in at.objects()


def test_phoenix_reaches_its_database_through_the_proxy_alone() -> None:
    at = Alone()
    phoenix(at)
    assert values(at)["database"]["url"] == "postgresql://phoenix%40acme-ai-dev.iam@phoenix-database:5432/traces"
    pod = at.objects()["phoenix/Deployment/phoenix-database"]["spec"]["template"]["spec"]
    (proxy,) = pod["containers"]
    assert "--address=0.0.0.0" in proxy["args"]
    assert "restartPolicy" not in proxy
    egress = at.objects()["phoenix/NetworkPolicy/egress-database"]["spec"]
    assert egress["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "phoenix-database"}}
    account = at.objects()["phoenix/ServiceAccount/phoenix-database"]["metadata"]["annotations"]
    assert account == {"iam.gke.io/gcp-service-account": "phoenix@acme-ai-dev.iam.gserviceaccount.com"}


def test_phoenix_lets_in_namespaces_of_models_alone() -> None:
    at = Alone()
    tool = phoenix(at)
    watch(tool, at, kind="language")
    opened = [name for name in at.objects() if name.startswith("phoenix/NetworkPolicy/ingress-")]
    assert opened == ["phoenix/NetworkPolicy/ingress-from-fraud"]
    assert "fraud/NetworkPolicy/egress-phoenix" in at.objects()
    evaluation = json.loads(files(at)["evaluations/churn.json"])
    assert sorted(evaluation["monitors"]) == ["drift", "performance"]


def test_phoenix_signs_people_in_with_google_when_that_is_wanted() -> None:
    plain, google = Alone(), Alone()
    phoenix(plain)
    phoenix(google, google_client_id="111111111111-abc123.apps.googleusercontent.com")
    assert "oauth2" not in values(plain)["auth"]
    assert values(google)["auth"]["oauth2"]["enabled"] is True
    assert "phoenix/FQDNNetworkPolicy/egress-phoenix" in google.objects()
    assert "phoenix/FQDNNetworkPolicy/egress-phoenix" not in plain.objects()


# What is there already


def test_an_existing_tool_may_want_no_key() -> None:
    at = Alone()
    ref = watch(existing(at, headers={}, endpoint="http://collector.vendor.example:4318"), at)
    assert (ref.secret, ref.headers) == ("", ())
    assert not any("/ExternalSecret/" in name for name in at.objects())
    (rule,) = at.objects()["fraud/FQDNNetworkPolicy/egress-model-observability"]["spec"]["egress"]
    assert (rule["matches"], rule["ports"][0]["port"]) == ([{"name": "collector.vendor.example"}], 4318)
