"""Every component keeps its contract: asked the same by others, each capability's components answer alike.

A component stands in the reference platform's staging environment, in place of the one that is there, and is asked
for everything that its contract offers, as a component of another plane would. `tests/fills.yaml` has the settings by
which each fills its slot.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest

from planform.checks.run import documents_in, run_checks
from planform.contracts.catalog import CONTRACTS
from planform.contracts.ci import Job, Step, Trigger, Workflow
from planform.contracts.compute import Compute
from planform.contracts.data_quality import QualityCheck
from planform.contracts.identity import Identity
from planform.contracts.infrastructure import StackFacts
from planform.contracts.monitoring import Panel
from planform.contracts.version_control import VersionControl
from planform.contracts.workload_spec import Container, Workload, WorkloadResource
from planform.engine import App, Construct, TerraformStack, synthesize
from planform.environment import BuiltEnvironment, build_environment
from planform.planes.catalog import builtin
from planform.spec.resolve import resolve
from tests.fills import FILLS, components, documents

NAMESPACE = "conformance"
READER = "serviceAccount:reader@acme-ai-staging.iam.gserviceaccount.com"
WRITER = "serviceAccount:writer@acme-ai-staging.iam.gserviceaccount.com"
EMAIL = "conformance@acme-ai-staging.iam.gserviceaccount.com"
SOMEBODY = Identity(EMAIL, f"serviceAccount:{EMAIL}", f"projects/acme-ai-staging/serviceAccounts/{EMAIL}")
PODS = {"app": "conformance"}


@dataclasses.dataclass(frozen=True)
class Asker:
    """Who asks: a stack of its own, in an environment; `round` is 1, then 2."""

    scope: Construct
    built: BuiltEnvironment
    round: int

    @property
    def name(self) -> str:
        """A name that differs each round, for what may be asked for once only."""
        return f"conformance-{self.round}"


def services(it: Any, who: Asker) -> Iterator[Any]:
    yield len(it.enable("storage.googleapis.com")) <= 1


def identity(it: Any, who: Asker) -> Iterator[Any]:
    account = it.service_account("conformance", roles=("roles/logging.logWriter",), purpose="Conformance")
    yield account
    assert account.member == f"serviceAccount:{account.email}"
    it.bind_kubernetes(account, namespace=NAMESPACE, service_account=who.name, scope=who.scope)
    yield from (it.plan(), it.apply())


def keys(it: Any, who: Asker) -> Iterator[Any]:
    key = it.key("conformance", users=[WRITER])
    yield key
    assert key.id.startswith("projects/") and key.location == "europe-west4"


def secrets(it: Any, who: Asker) -> Iterator[Any]:
    secret = it.secret("conformance-token", readers=[READER], purpose="Conformance")
    yield secret
    compute = who.built.components["compute"]
    assert isinstance(compute, Compute)
    yield it.deliver(who.name, {"token": secret}, namespace=NAMESPACE, cluster=compute.cluster(), scope=who.scope)


def networking(it: Any, who: Asker) -> Iterator[Any]:
    yield from (it.network(), it.subnet(), it.private_services())
    assert it.subnet().region == "europe-west4"
    yield from (it.control_plane_cidr(), *it.cidrs())


def compute(it: Any, who: Asker) -> Iterator[Any]:
    cluster = it.cluster()
    yield cluster
    assert cluster.workload_pool.endswith(".svc.id.goog") and cluster.issuer.endswith(cluster.id)
    yield from (it.node_identity(), it.node_tag(), it.membership(), *it.accelerator_pools())


def database(it: Any, who: Asker) -> Iterator[Any]:
    server, held = it.server(), it.database("conformance", users=[SOMEBODY])
    yield from (server, held)
    assert held.connection_name == server.connection_name
    assert held.users == ("conformance@acme-ai-staging.iam",)


def object_store(it: Any, who: Asker) -> Iterator[Any]:
    bucket = it.bucket("conformance", readers=[READER], writers=[WRITER])
    yield bucket
    assert bucket.uri == f"gs://{bucket.name}"


def registry(it: Any, who: Asker) -> Iterator[Any]:
    yield it.repository("conformance", readers=[READER], writers=[WRITER], moving_tags=True)


def gitops(it: Any, who: Asker) -> Iterator[Any]:
    yield from (it.source(), it.home(), it.namespace(NAMESPACE))


def network_policy(it: Any, who: Asker) -> Iterator[Any]:
    it.isolate(who.name, scope=who.scope)
    outside = ["203.0.113.0/24"]
    it.allow_egress(who.name, "api", scope=who.scope, pods=PODS, cidrs=outside, namespaces=["api"], target_pods=PODS)
    it.allow_ingress(who.name, "web", scope=who.scope, pods=PODS, cidrs=outside, namespaces=["web"], ports=[8080])
    it.exempt("operators")
    yield True


def policy(it: Any, who: Asker) -> Iterator[Any]:
    it.exempt("operators")
    yield from it.exempted()
    assert "operators" in it.exempted()


def batch_queue(it: Any, who: Asker) -> Iterator[Any]:
    yield it.team("fraud", namespace="fraud", scope=who.scope, accelerators={"nvidia-l4": 2})
    yield from it.priorities()


def streaming(it: Any, who: Asker) -> Iterator[Any]:
    topic = it.topic("conformance", partitions=3, retention_hours=24, team="fraud")
    cluster = it.cluster()
    yield from (cluster, topic)
    client = it.client(who.name, namespace=NAMESPACE, scope=who.scope, reads=[topic], writes=[topic],
                       service_account="pods", identity=SOMEBODY)  # fmt: skip
    yield client
    assert client.bootstrap == cluster.bootstrap and client.settings


def model_server(it: Any, who: Asker) -> Iterator[Any]:
    yield from it.formats()
    endpoint = it.endpoint(
        who.name,
        namespace=NAMESPACE,
        scope=who.scope,
        model="gs://acme-ai-staging-models/churn/1",
        format=it.formats()[0],
        accelerator="nvidia-l4",
        service_account="pods",
        team="fraud",
    )
    yield endpoint
    assert endpoint.namespace == NAMESPACE and endpoint.url.startswith("http")


def key_value(it: Any, who: Asker) -> Iterator[Any]:
    table = it.table("conformance", key="id", sort_key="at", expires_by="ends", team="fraud")
    yield table
    yield it.client(who.name, namespace=NAMESPACE, service_account="pods", scope=who.scope, identity=SOMEBODY,
                    reads=[table], writes=[table])  # fmt: skip


def metadata(it: Any, who: Asker) -> Iterator[Any]:
    experiment = it.experiment("conformance", team="fraud", writers=[WRITER], readers=[READER])
    yield from (it.store(), experiment)
    assert experiment.artifacts.startswith("gs://")


def feature_store(it: Any, who: Asker) -> Iterator[Any]:
    group = it.group("conformance", entity="customer", features={"age": "int", "score": "float"}, team="fraud",
                     readers=[READER], writers=[WRITER])  # fmt: skip
    yield from (it.store(), group, it.view("conformance_view", groups=[group], readers=[READER]))
    assert group.source.startswith("bq://")


def model_registry(it: Any, who: Asker) -> Iterator[Any]:
    model = it.model("conformance", team="fraud", publishers=[WRITER], readers=[READER])
    yield from (it.registry(), model)
    assert set(it.registry().aliases) >= {"staging", "production"} and model.artifacts.startswith("gs://")


def version_control(it: Any, who: Asker) -> Iterator[Any]:
    repository = it.repository("conformance", team="fraud", purpose="Conformance")
    yield from (it.platform_repository(), repository)
    it.variable(repository, f"REGION_{who.round}", "europe-west4")
    it.write(repository, {f"docs/{who.name}.md": "# Conformance\n"})
    yield from it.code_owners({"/stacks/*-resource/": ["platform-team"]}).items()


def ci(it: Any, who: Asker) -> Iterator[Any]:
    steps = (Step("Check out", tool="checkout"), Step("Test", run="python -m pytest", variables={"A": "b"}))
    job = Job("test", steps, minutes=10)
    workflow = Workflow(who.name, "Conformance", Trigger(pull_request=True, push=True), (job,))
    made = it.render(workflow)
    yield from made.items()
    assert any("pytest" in text for text in made.values())


def infrastructure(it: Any, who: Asker) -> Iterator[Any]:
    yield it.state_bucket()
    assert isinstance(it, CONTRACTS["infrastructure"]) and StackFacts("a", "resource", "platform-team")


def workload_spec(it: Any, who: Asker) -> Iterator[Any]:
    wish = next(iter(it.resource_types()))
    container = Container("main", variables={"A": "b"})
    made = it.render(Workload("churn", (container,), {"web": 8080}, {"wish": WorkloadResource(wish)}))
    yield from made.items()
    assert any("churn" in text for text in made.values())


def orchestrator(it: Any, who: Asker) -> Iterator[Any]:
    application = it.application("churn", team="fraud", namespace="fraud")
    it.provide(
        "topic",
        outputs={"name": "events", "bootstrap": "kafka.example:9093"},
        class_=who.name,
        application=application,
    )
    steps = it.deploy(application, workload="churn", image="europe-west4-docker.pkg.dev/acme-ai-staging/images/churn:1")
    yield from (application, *steps)
    assert steps


def pipelines(it: Any, who: Asker) -> Iterator[Any]:
    yield from (it.service(), it.team("fraud", namespace="fraud", identity=SOMEBODY))
    assert it.service().root.startswith("gs://")
    steps = it.submit("churn", package="churn.yaml", team="fraud", parameters={"rows": "10"})
    yield from steps
    assert steps


def ide(it: Any, who: Asker) -> Iterator[Any]:
    yield from it.repository_files().items()
    yield it.team("search", owners=["group:search-ml@acme.example"], identity=SOMEBODY)


def notebooks(it: Any, who: Asker) -> Iterator[Any]:
    profiles = it.profiles()
    yield from profiles
    yield it.workspace(who.name, team="fraud", users=["user:ada@acme.example"], profile=profiles[0].name,
                       scope=who.scope, identity=SOMEBODY)  # fmt: skip


def assistant(it: Any, who: Asker) -> Iterator[Any]:
    yield from (*it.files().items(), *it.variables().items(), *it.extensions(), *it.features())
    it.admit(READER)


def portal(it: Any, who: Asker) -> Iterator[Any]:
    yield it.url()
    metadata = {"name": "conformance"}
    spec = {"type": "service", "lifecycle": "experimental", "owner": "group:default/fraud"}
    entity = {"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": metadata, "spec": spec}
    assert it.publish(entity) == it.publish(entity) == "component:default/conformance"
    yield it.publish(entity)


def code_analysis(it: Any, who: Asker) -> Iterator[Any]:
    version_control = who.built.components["version_control"]
    assert isinstance(version_control, VersionControl)
    analysis = it.project(version_control.repository("conformance"), team="fraud")
    yield from (analysis, *it.steps(analysis))
    assert it.steps(analysis)


def model_scanning(it: Any, who: Asker) -> Iterator[Any]:
    gate = it.gate()
    yield gate
    command = " ".join(gate.command)
    assert "{model}" in command and "{verdict}" in command
    yield from it.safe_formats()


def monitoring(it: Any, who: Asker) -> Iterator[Any]:
    it.scrape(who.name, namespace=NAMESPACE, scope=who.scope, pods=PODS, port=9090)
    it.dashboard(who.name, title="Conformance", panels=[Panel("Up", "up")], team="fraud")
    it.alert(who.name, title="Down", query="up == 0", severity="page", team="fraud")
    it.objective(who.name, title="Works", good='requests_total{code="200"}', total="requests_total", percent=99.5)
    yield True


def tracing(it: Any, who: Asker) -> Iterator[Any]:
    yield it.collector()
    assert it.collector().http.startswith("http")
    it.reach(who.name, scope=who.scope)
    it.service(who.name, title="Conformance", team="fraud", latency_ms=300)


def finops(it: Any, who: Asker) -> Iterator[Any]:
    assert {"team", "component", "environment"} <= set(it.cost_labels())
    yield from it.cost_labels()
    it.team("conformance", namespace=NAMESPACE, owners=["group:fraud-ml@acme.example"], budget_usd_month=100)


def model_observability(it: Any, who: Asker) -> Iterator[Any]:
    yield it.model(who.name, kind="classification", team="fraud", namespace=NAMESPACE, scope=who.scope)


def data_quality(it: Any, who: Asker) -> Iterator[Any]:
    checks = [QualityCheck("not_null", "id"), QualityCheck("range", "age", low=0, high=120)]
    checks.append(QualityCheck("fresh", "at", 24))
    it.monitor(who.name, table="bq://acme-ai-staging.features.customer", team="fraud", checks=checks)
    yield True


def lineage_catalog(it: Any, who: Asker) -> Iterator[Any]:
    yield from it.classifications()
    yield it.dataset(who.name, uri="bq://acme-ai-staging.features.customer", team="fraud",
                     classification=it.classifications()[0], columns={"id": "string"})  # fmt: skip


ASKS: Mapping[str, Callable[[Any, Asker], Iterator[Any]]] = {
    name: value for name, value in dict(globals()).items() if name in CONTRACTS and callable(value)
}


def texts_in(value: Any) -> Iterator[str]:
    """Every text in an answer."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (*texts_in(key), *texts_in(item))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


@pytest.mark.parametrize(("capability", "component"), components())
def test_contract_is_kept(capability: str, component: str) -> None:
    app = App()
    (spec,) = resolve(documents(capability, component), builtin(), ["staging"])
    built = build_environment(app, spec)
    it = built.components[capability]
    assert it.name == component
    assert isinstance(it, CONTRACTS[capability])
    rounds = [list(ASKS[capability](it, Asker(TerraformStack(app, f"asker-{n}"), built, n))) for n in (1, 2)]
    first, second = ([list(texts_in(each)) for each in answers] for answers in rounds)
    assert first, "a contract whose answers nobody sees is not tested"
    assert [[text.replace("conformance-2", "conformance-1") for text in each] for each in second] == first
    assert not [text for each in first for text in each if "TfToken" in text or text.startswith("${google")]
    found = run_checks(documents_in(synthesize(app)), {})
    assert [each for each in found if each.severity.stops] == []


def test_every_contract_is_asked() -> None:
    assert set(ASKS) == set(CONTRACTS)


def test_every_component_has_a_filling() -> None:
    catalog = builtin()
    assert {capability: set(catalog.names(capability)) for capability in catalog.capabilities} == {
        capability: set(fills) for capability, fills in FILLS.items()
    }
