"""Orchestrators: an application gets what its environment has, as its team's identity, and nothing twice."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.contracts.identity import Identity
from planform.contracts.streaming import StreamClient, StreamRef, TopicRef
from planform.engine import App, TerraformStack
from planform.environment import build_environment
from planform.pipeline import compile_files, specs_of
from planform.planes.component import Refused
from planform.planes.delivery.existing_orchestrator import ExistingOrchestrator, ExistingOrchestratorSettings
from planform.planes.delivery.humanitec import Humanitec
from planform.planes.delivery.orchestration import ApplicationSettings
from planform.planes.delivery.score_k8s import ScoreK8s
from planform.spec.environment import Environment
from planform.terraform.record import records_of

CASES = Path(__file__).parent / "cases"
DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)


def built(case: str, environment: str = "dev") -> Any:
    """The orchestrator of a case, to be asked."""
    spec = next(each for each in specs_of(CASES / f"{case}.yaml") if each.environment.name == environment)
    return build_environment(App(), spec).components["orchestrator"]


def provisioners(component: ScoreK8s, application: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load(component._files[f"{application}/provisioners.yaml"].text))


def made(component: Humanitec, kind: str) -> dict[str, Any]:
    return dict(records_of(component).document()["resource"].get(f"humanitec_{kind}", {}))


def test_an_application_has_its_database_and_bucket_as_its_team() -> None:
    component = built("delivery.score-k8s")
    component.application("churn", team="fraud", namespace="fraud")
    offers = {each["type"]: yaml.safe_load(each["outputs"]) for each in provisioners(component, "churn")
              if each["type"] in ("postgres", "bucket", "service-account")}  # fmt: skip
    assert offers["postgres"]["name"] == "churn"
    assert offers["postgres"]["username"] == "team-fraud@acme-ai-dev.iam"
    assert offers["bucket"]["uri"] == "gs://acme-ai-dev-churn"
    assert offers["service-account"]["name"] == "workload"


def test_what_is_offered_later_reaches_the_applications_that_it_is_for() -> None:
    component = built("delivery.score-k8s")
    component.application("churn", team="fraud", namespace="fraud")
    component.provide("topic", outputs={"name": "orders", "bootstrap": "kafka:9093"}, application="churn", id="orders")
    component.provide("model-endpoint", outputs={"url": "http://m.fraud", "protocol": "v2"}, class_="churn")
    types = {name: [each["type"] for each in provisioners(component, name)] for name in ("churn", "checkout")}
    assert types["churn"][0] == "topic"
    assert "topic" not in types["checkout"]
    assert "model-endpoint" in types["churn"]
    assert "model-endpoint" in types["checkout"]


def test_a_secret_is_a_reference_in_the_cluster_alone() -> None:
    component = built("delivery.score-k8s")
    secret = next(each for each in provisioners(component, "checkout") if each["type"] == "secret")
    assert secret["outputs"] == 'value: {{ encodeSecretRef "checkout-partner-api-key" "value" }}\n'
    names = {str(path) for path in compile_files(CASES / "delivery.score-k8s.yaml").output.files}
    assert "kubernetes/dev/delivery/score-k8s/externalsecret-checkout-partner-api-key.yaml" in names


class Kafka:
    """An event bus, as its contract has it, whose clients sign in by certificate."""

    def cluster(self) -> StreamRef:
        return StreamRef("kafka:9093", "mtls")

    def topic(self, name: str, *, partitions: int = 3, retention_hours: int = 168, compacted: bool = False,
              team: str = "") -> TopicRef:  # fmt: skip
        return TopicRef(f"{team}.{name}", partitions)

    def client(self, name: str, *, namespace: str, scope: object, reads: Any = (), writes: Any = (), group: str = "",
               service_account: str = "", identity: Identity | None = None) -> StreamClient:  # fmt: skip
        return StreamClient("kafka:9093", {}, {"/var/run/kafka/user.p12": (f"kafka-{name}", "user.p12")})


def test_topics_reach_pods_with_what_signs_them_in() -> None:
    component = built("delivery.score-k8s")
    component.streaming = Kafka()
    orders = ApplicationSettings(team="fraud", topics=("orders",))
    component.settings = component.settings.model_copy(update={"applications": {"stream": orders}})
    component.application("stream", team="fraud", namespace="fraud")
    topic = next(each for each in provisioners(component, "stream") if each["type"] == "topic")
    assert topic["id"] == "orders"
    assert yaml.safe_load(topic["outputs"]) == {"bootstrap": "kafka:9093", "name": "fraud.orders"}
    patch = component._files["stream/patch.tpl"].text
    assert '"secretName": "kafka-stream"' in patch
    assert '"mountPath": "/var/run/kafka/user.p12"' in patch
    assert "kafka-stream" not in component._files["checkout/patch.tpl"].text


def test_template_marks_in_a_value_are_text() -> None:
    component = built("delivery.score-k8s")
    component.provide("dns", outputs={"host": "{{ .Evil }}.acme.example"}, class_="odd")
    odd = next(each for each in provisioners(component, "checkout") if each.get("class") == "odd")
    assert odd["outputs"] == 'host: "{{ "{{" }} .Evil }}.acme.example"\n'


@pytest.mark.parametrize("case", ["delivery.score-k8s", "delivery.humanitec"])
@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda o: o.application("checkout", team="ads", namespace="ads"), "contract/other-team"),
        (lambda o: o.provide("postgress", outputs={}), "contract/unknown-resource-type"),
        (lambda o: o.provide("dns", outputs={"hostname": "a"}), "contract/unknown-output"),
        (lambda o: o.provide("bucket", outputs={"name": "a"}), "contract/unknown-output"),
        (lambda o: o.provide("dns", outputs={"host": "a"}, application="chekout"), "contract/unknown-application"),
        (lambda o: o.provide("secret", outputs={"value": "a"}), "contract/no-delivery"),
        (lambda o: o.deploy("nobody", workload="api", image="i"), "contract/unknown-application"),
    ],
)
def test_both_refuse_the_same(case: str, ask: Any, code: str) -> None:
    component = built(case)
    with pytest.raises(Refused) as caught:
        ask(component)
    assert caught.value.fault.code == code


@pytest.mark.parametrize("case", ["delivery.score-k8s", "delivery.humanitec"])
def test_one_wish_is_met_in_one_way(case: str) -> None:
    component = built(case)
    for _ in range(2):
        component.provide("model-endpoint", outputs={"url": "http://a", "protocol": "v2"}, class_="a")
    with pytest.raises(Refused) as caught:
        component.provide("model-endpoint", outputs={"url": "http://b", "protocol": "v2"}, class_="a")
    assert caught.value.fault.code == "contract/two-offers"


def test_deployment_commits_among_the_files_that_the_team_syncs() -> None:
    steps = built("delivery.score-k8s").deploy("checkout", workload="api", image="europe-docker.pkg.dev/a/b:1")
    render, deliver = steps[2], steps[3]
    assert steps[1].tool == "score"
    assert render.variables["APPLICATION"] == ".platform/planform.out/files/dev/delivery/score-k8s/checkout"
    assert deliver.variables["TARGET"] == "planform.out/kubernetes/dev/team-fraud/base/workload-checkout-api.yaml"
    assert deliver.secrets == {"PLATFORM_TOKEN": "projects/acme-ai-dev/secrets/acme-ai-dev-gitops-push-token"}


@pytest.mark.parametrize("case", ["delivery.score-k8s", "delivery.humanitec"])
def test_commands_are_sound_and_hold_nothing_of_the_blueprint(case: str) -> None:
    steps = built(case).deploy("checkout", workload="api", image="europe-docker.pkg.dev/a/b:1")
    assert any(step.run for step in steps)
    for step in steps:
        done = subprocess.run(["sh", "-n"], input=step.run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "checkout" not in step.run
        assert "europe-docker" not in step.run


def test_humanitec_deploys_with_the_secret_where_it_is() -> None:
    steps = built("delivery.humanitec").deploy("checkout", workload="api", image="europe-docker.pkg.dev/a/b:1")
    assert steps[1].secrets == {"HUMANITEC_TOKEN": "projects/acme-ai-dev/secrets/acme-ai-dev-humanitec-token"}


def test_humanitec_signs_in_without_a_key_and_trusts_one_account() -> None:
    documents = records_of(built("delivery.humanitec")).document()["resource"]
    provider = documents["google_iam_workload_identity_pool_provider"]["humanitec"]
    assert provider["attribute_condition"] == 'assertion.sub == "acme/acme-ai-dev"'
    assert "google_service_account_key" not in documents


def test_what_the_organisation_has_once_is_made_in_production() -> None:
    dev, prod = built("delivery.humanitec"), built("delivery.humanitec", "prod")
    assert made(dev, "application") == {}
    assert made(dev, "resource_type") == {}
    assert set(made(prod, "application")) == {"checkout"}
    assert made(prod, "resource_type")["bucket"]["id"] == "acme/bucket"
    assert made(dev, "environment")["checkout"]["app_id"] == "checkout"


def test_ids_of_two_environments_differ() -> None:
    dev, prod = built("delivery.humanitec"), built("delivery.humanitec", "prod")
    for kind in ("resource_definition", "resource_account", "secretstore"):
        ids = [{each["id"] for each in made(component, kind).values()} for component in (dev, prod)]
        assert ids[0]
        assert not ids[0] & ids[1]


def test_every_definition_is_chosen_by_its_environment() -> None:
    criteria = made(built("delivery.humanitec"), "resource_definition_criteria")
    definitions = made(built("delivery.humanitec"), "resource_definition")
    assert criteria.keys() == definitions.keys()
    assert {each["env_type"] for each in criteria.values()} == {"${humanitec_environment_type.dev.id}"}


def test_existing_takes_what_it_is_told() -> None:
    settings = ExistingOrchestratorSettings(
        applications={"churn": "ml-churn"}, types=("postgres",), command="./deploy.sh", secret="release-token"
    )
    existing = ExistingOrchestrator(TerraformStack(App(), "a"), "orchestrator", settings, environment=DEV)
    application = existing.application("churn", team="fraud", namespace="fraud")
    (step,) = existing.deploy(application, workload="api", image="i:1")
    assert step.variables["APPLICATION"] == "ml-churn"
    assert step.secrets == {"DEPLOY_TOKEN": "release-token"}
    existing.provide("postgres", outputs={"name": "a"})
    for ask in (lambda: existing.provide("bucket", outputs={"name": "a"}),
                lambda: existing.application("ads", team="ads", namespace="ads")):  # fmt: skip
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.fault.code == "contract/not-named"
