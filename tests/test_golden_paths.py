"""Golden paths: every line of a kind's table is made true by what is really in the output, and documents are judged."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from jinja2 import Environment as Jinja
from jinja2 import StrictUndefined
from pydantic import TypeAdapter, ValidationError

from planform.blueprint.read import read, read_text
from planform.contracts.notebooks import NotebookRef
from planform.diagnostics import DiagnosticError
from planform.golden_paths.catalog import builtin_paths
from planform.golden_paths.rows import ExplainedRow, explained
from planform.output.workloads import ExplainedWorkload
from planform.pipeline import Compilation, compile_documents, compile_files
from planform.planes.catalog import builtin
from planform.spec.cron import Schedule
from planform.spec.schema import json_schema
from tests.definitions import definitions
from tests.test_kubernetes_schemas import faults, schemas

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "blueprints" / "reference"
KINDS = builtin_paths().names

EVIDENCE: dict[str, dict[str, tuple[str, ...]]] = {
    "NotebookWorkspace": {
        "control": (
            r"repository/portal/prod/catalog-info.yaml",
            r"repository/portal/prod/templates/notebook-workspace/",
        ),
        "delivery": (r"humanitec_application\.churn_notebook", r"files/prod/team-fraud/.*/score\.yaml"),
        "resource": (r"google_storage_bucket\.notebooks_fraud", r"rootsync-chart-jupyterhub\.yaml", r"role-notebooks"),
        "security": (
            r"google_secret_manager_secret\.fraud_scoring_key",
            r"externalsecret-notebook-churn\.yaml",
            r"team-fraud/base/networkpolicy-default-deny\.yaml",
            r"fqdnnetworkpolicy-egress-notebook-churn\.yaml",
        ),
        "observability": (
            r"google_monitoring_dashboard\.notebook_churn",
            r"google_monitoring_alert_policy\.notebook_churn_long",
            r"rootsync-chart-jupyterhub\.yaml",
            r"sync/config-sync/namespace-fraud\.yaml",
        ),
    },
    "ExperimentTracking": {
        "control": (r"github_repository_file\.ranking_experiment_experiment_ipynb",),
        "data": (r"google_storage_managed_folder\.models__ranking", r"vertex-model-registry/models/ranking\.json"),
        "resource": (r"google_storage_managed_folder\.search__ranking", r"google_vertex_ai_tensorboard_experiment"),
        "security": (r"folder_iam_member\.search__ranking__writer_team_search", r"experiment_writer_team_search"),
        "observability": (r"links\.json", r"repository/portal/prod/catalog-info.yaml"),
    },
    "TrainingPipeline": {
        "delivery": (
            r"github_repository\.payment_scoring_pipeline",
            r"github_repository_file\.payment_scoring_pipeline_src_payment_scoring_pipeline_pipeline_py",
            r"github_repository_file\..*deliver_yml",
            r"google_storage_bucket\.pipelines_fraud",
        ),
        "data": (
            r"google_bigquery_table_iam_member\.payment_features_reader_team_fraud",
            r"google_vertex_ai_tensorboard_experiment\.payment_scoring",
            r"models__payment_scoring__publisher_team_fraud",
            r"model-card\.json",
        ),
        "resource": (r"configmap-pipeline-payment-scoring\.yaml", r"team-fraud/base/localqueue-"),
        "security": (r"externalsecret-pipeline-payment-scoring\.yaml", r"configmap-pipeline-payment-scoring\.yaml"),
        "observability": (r"google_monitoring_dashboard\.pipeline_payment_scoring", r"portal/prod/catalog-info\.yaml"),
    },
    "ModelEndpoint": {
        "delivery": (
            r"github_repository_file\.payment_scoring_endpoint.*deliver_yml",
            r"github_repository_file\.payment_scoring_endpoint_dockerfile",
            r"humanitec_application\.payment_scoring_endpoint",
        ),
        "resource": (r"deployment-payment-scoring\.yaml", r"scaledobject-payment-scoring\.yaml"),
        "security": (
            r"google_project_iam_member\.model_reader_team_fraud",
            r"networkpolicy-ingress-endpoint-payment-scoring\.yaml",
            r"stacks/acme-ai-prod-delivery",
        ),
        "observability": (
            r"honeycombio_slo\.payment_scoring",
            r"arize/monitors/payment-scoring\.json",
            r"google_monitoring_alert_policy\.endpoint_payment_scoring_budget",
        ),
    },
    "Dataset": {
        "delivery": (r"\.github/workflows/dataset-payments-prod\.yml", r"google_service_account\.ci_fraud"),
        "data": (r"google_dataplex_entry\.payments", r"\.github/workflows/dataset-payments-prod\.yml"),
        "resource": (r"google_storage_bucket\.data_payments", r"google_bigquery_table\.payments"),
        "security": (
            r"data_payments_writer_team_fraud",
            r"data_payments_reader_team_forecasting",
            r"google_bigquery_dataset_iam_member\.payments_forecasting",
        ),
        "observability": (r"google_dataplex_entry\.payments", r"monte-carlo/monitors/payments\.yml"),
    },
    "Transformation": {
        "delivery": (
            r"github_repository_file\.chargeback_rows_job.*deliver_yml",
            r"github_repository_file\.chargeback_rows_job_src_chargeback_rows_job_job_py",
        ),
        "resource": (r"deployment-chargeback-rows\.yaml", r"google_artifact_registry_repository\.team_fraud"),
        "security": (r"kafkauser-chargeback-rows\.yaml", r"externalsecret-kafka-chargeback-rows\.yaml"),
        "observability": (
            r"google_monitoring_alert_policy\.transformation_chargeback_rows_lag",
            r"google_monitoring_alert_policy\.transformation_chargeback_rows_failing",
            r"podmonitoring-transformation-chargeback-rows\.yaml",
        ),
    },
    "NodePool": {
        "delivery": (r"\.github/workflows/prod-apply\.yml",),
        "data": (r"stacks/acme-ai-prod-delivery",),
        "resource": (r"stacks/acme-ai-prod-resource",),
        "security": (r"validatingadmissionpolicy-node-pool-l4-pair\.yaml", r"policybinding-node-pool-l4-pair"),
        "observability": (r"google_monitoring_dashboard\.node_pool_l4_pair", r"node_pool_l4_pair_full"),
    },
    "GoldenPath": {
        "control": (r"repository/portal/prod/templates/fine-tuning/template\.yaml",),
        "delivery": (r"golden-path-fine-tuning/score\.yaml", r"humanitec_application\.fine_tuning_path"),
        "resource": (r"golden-path-fine-tuning/bindings\.yaml",),
        "security": (r"golden-path-fine-tuning/access\.yaml",),
        "observability": (r"google_monitoring_dashboard\.path_fine_tuning",),
    },
}
"""Kind and plane to what must be among the addresses and files of the reference's document of that kind, in prod."""
NAMES = {"Dataset": "payments"}
"""Where the reference has several documents of a kind: the one that is looked at."""


@functools.cache
def reference(environment: str = "prod") -> Compilation:
    return compile_files(REFERENCE, environments=[environment])


def workload(kind: str) -> ExplainedWorkload:
    found = [each for each in reference().workloads if each.kind == kind]
    named = [each for each in found if each.name == NAMES.get(kind, each.name)]
    if kind == "Dataset":
        # who acts for CI of a team is made for the team's first document
        first = {address for each in found for row in each.rows for address in row.addresses if "ci_fraud" in address}
        delivery = next(row for row in named[0].rows if row.plane == "delivery")
        rows = [row for row in named[0].rows if row.plane != "delivery"]
        merged = ExplainedRow("delivery", delivery.must, (*delivery.addresses, *sorted(first)), delivery.files, (), ())
        return ExplainedWorkload("prod", kind, "payments", "fraud", named[0].at, lambda: (merged, *rows))
    return named[0]


ROWS = [(kind, plane) for kind in KINDS for plane in builtin_paths().load(kind).table]


@pytest.mark.parametrize(("kind", "plane"), ROWS)
def test_every_line_of_a_table_is_true(kind: str, plane: str) -> None:
    row = next(row for row in workload(kind).rows if row.plane == plane)
    assert row.true
    found = [*row.addresses, *row.files]
    for wanted in EVIDENCE[kind][plane]:
        assert any(re.search(wanted, each) for each in found), f"{wanted} is not among {found}"


def test_what_is_explained_is_in_the_output() -> None:
    compiled = reference()
    addresses = {f"{stack}: {record.address}" for stack, records in compiled.records.items() for record in records}
    for each in compiled.workloads:
        for row in each.rows:
            assert not row.missing, (each.name, row)
            assert set(row.addresses) <= addresses
            assert set(row.files) <= set(compiled.output.files)


def test_a_line_is_not_true_without_its_file() -> None:
    compiled = reference()
    from planform.golden_paths.rows import Mark, Row

    row = Row("control", "requested", marks=[Mark("repository/portal/prod/templates/", "name: notebook-workspace")])
    assert explained(row, {}, compiled.output.files).true
    without = {path: text for path, text in compiled.output.files.items() if "templates/notebook-workspace" not in path}
    assert not explained(row, {}, without).true


def test_every_kind_has_a_document_in_the_reference_and_evidence_for_its_table() -> None:
    assert {each.kind for each in reference().workloads} >= set(KINDS)
    assert {kind: set(rows) for kind, rows in EVIDENCE.items()} == {
        kind: set(builtin_paths().load(kind).table) for kind in KINDS
    }


def test_environments_have_their_own_values() -> None:
    prod = release_values("prod")
    assert "30 idle minutes" in prod
    assert "60 idle minutes" in release_values("dev")


def release_values(environment: str) -> str:
    files = reference(environment).output.files
    return str(files[f"kubernetes/{environment}/sync/config-sync/rootsync-chart-jupyterhub.yaml"])


def test_a_notebook_has_its_secret_as_variables() -> None:
    text = release_values("prod")
    assert "secretRef" in text
    assert "notebook-churn" in text
    assert NotebookRef("churn", "u").pods == {}


def test_a_workflow_of_an_application_names_no_environments_values() -> None:
    texts = [
        str(record.body["content"])
        for record in reference().records["acme-ai-prod-delivery"]
        if record.address.startswith("github_repository_file") and "deliver_yml" in record.address
    ]
    assert len(texts) == 4
    for text in texts:
        assert "acme-ai-prod" not in text
        assert "acme-ai-dev" not in text
        if "Test ranking" in text:
            continue  # an experiment is delivered to nowhere
        assert "vars.IDENTITY_PROVIDER" in text
        jobs = yaml.safe_load(text.replace("$${{", "${{"))["jobs"]
        assert {"deliver-dev", "deliver-prod"} <= set(jobs)
        assert jobs["deliver-prod"]["needs"] == ["deliver-dev"]


def test_software_that_no_repository_is_made_for_is_in_the_output() -> None:
    change = {"description": "Orders payments for review"}
    kinds = ("ModelEndpoint", "TrainingPipeline", "Dataset")
    found = swapped("delivery", "orchestrator", None, *kinds, change=change)
    made = row(found, "ModelEndpoint", "delivery")
    assert made.true and "`orchestrator`" in made.lacks[0]
    kept = {path.partition("/repository/")[2]: text for path, text in found.output.files.items() if path in made.files}
    assert "src/payment_scoring_endpoint/service.py" in kept and ".planform/base.json" in kept
    assert "Orders payments for review" in str(kept["README.md"])


def test_the_job_is_given_the_variables_that_its_software_reads() -> None:
    files = reference().output.files
    text = next(str(text) for path, text in files.items() if path.endswith("/deployment-chargeback-rows.yaml"))
    (container,) = yaml.safe_load(text)["spec"]["template"]["spec"]["containers"]
    given = {each["name"]: each["value"] for each in container["env"]}
    assert {"SOURCE_TOPIC", "RDKAFKA_BOOTSTRAP_SERVERS", "DATABASE_NAME", "DATABASE_USER"} <= set(given)
    assert (given["RDKAFKA_GROUP_ID"], given["RDKAFKA_SECURITY_PROTOCOL"]) == ("chargeback-rows", "ssl")
    software = (ROOT / "constructs/planform/golden_paths/transformation/src/{{package}}/settings.py.j2").read_text()
    unread = [name for name in given if name not in software and not name.startswith("RDKAFKA_")]
    assert unread == []


def test_an_endpoint_is_scanned_before_it_is_delivered() -> None:
    text = next(
        str(record.body["content"])
        for record in reference().records["acme-ai-prod-delivery"]
        if "payment_scoring_endpoint" in record.address and "deliver_yml" in record.address
    )
    steps = [each["name"] for each in yaml.safe_load(text.replace("$${{", "${{"))["jobs"]["deliver-prod"]["steps"]]
    assert steps.index("Compare with the registry's alias") < steps.index("Scan the model")
    assert steps.index("Scan the model") < steps.index("Deploy the workload")


def swapped(plane: str, slot: str, fill: Any, *kinds: str, change: dict[str, Any] | None = None) -> Compilation:
    """The reference in prod with another component in a slot, or none, and of its workloads those of these kinds."""
    platform = yaml.safe_load((REFERENCE / "platform.yaml").read_text())
    platform["planes"][plane][slot] = fill
    if fill is None:
        del platform["planes"][plane][slot]
    for settings in platform["environments"].values():
        settings.get("planes", {}).get(plane, {}).pop(slot, None)
    documents = [
        each
        for path in sorted((REFERENCE / "workloads").glob("*.yaml"))
        for each in yaml.safe_load_all(path.read_text())
    ]
    kept = [{**each, **(change or {})} if each["kind"] == kinds[0] else each for each in documents]
    kept = [{key: value for key, value in each.items() if value is not None} for each in kept if each["kind"] in kinds]
    text = yaml.safe_dump_all([platform, *kept], sort_keys=False)
    return compile_documents(read_text(text, "platform.yaml"), environments=["prod"])


def row(found: Compilation, kind: str, plane: str) -> ExplainedRow:
    (one,) = [each for each in found.workloads if each.kind == kind]
    return next(each for each in one.rows if each.plane == plane)


def test_a_notebook_outside_the_cluster_opens_nothing_in_it() -> None:
    workbench = {
        "use": "vertex-workbench",
        "zone": "europe-west4-a",
        "sizes": {"small": {"machine_type": "n2-standard-4"}},
    }
    kinds = ("NotebookWorkspace", "Dataset", "Transformation")
    inside = {"accelerator": None, "environments": ["prod"], "secrets": None}
    with pytest.raises(DiagnosticError) as caught:
        swapped("control", "notebooks", workbench, *kinds, change=inside)
    assert [each.code for each in caught.value.diagnostics] == ["workload/outside-cluster"]
    found = swapped("control", "notebooks", workbench, *kinds, change={**inside, "hosts": None})
    assert not [path for path in found.output.files if "egress-notebook" in path]
    assert "outside the cluster" in row(found, "NotebookWorkspace", "security").lacks[0]
    assert not [each for each in row(found, "NotebookWorkspace", "observability").addresses if "dashboard" in each]


def test_a_pipeline_of_vertex_ai_knows_the_platform_by_its_job() -> None:
    kinds = ("TrainingPipeline", "Dataset", "Transformation")
    inside = {"accelerator": None, "secrets": None}
    with pytest.raises(DiagnosticError) as caught:
        swapped("delivery", "pipelines", "vertex-pipelines", *kinds, change={"distributed": {"nodes": 2}})
    assert {(each.code, each.summary.split("`")[1]) for each in caught.value.diagnostics} == {
        ("workload/outside-cluster", "accelerator"),
        ("workload/outside-cluster", "distributed"),
        ("workload/outside-cluster", "secrets"),
    }
    found = swapped("delivery", "pipelines", "vertex-pipelines", *kinds, change=inside)
    assert not [path for path in found.output.files if "configmap-pipeline-payment-scoring" in path]
    delivery = json.loads(str(found.output.files["stacks/acme-ai-prod-delivery/cdk.tf.json"]))
    variables = delivery["resource"]["github_actions_environment_variable"]
    mine = [each for name, each in variables.items() if name.startswith("payment_scoring_pipeline_")]
    held = {each["variable_name"]: each["value"] for each in mine}
    assert json.loads(held["SCAN_GATE"])["command"]
    assert json.loads(held["EVALUATION"]) == {"metric": "auc", "least": 0.7, "gain": 0.0}
    assert held["LABEL"] == "charged_back"
    security, resource = (row(found, "TrainingPipeline", plane) for plane in ("security", "resource"))
    assert security.true and resource.lacks


EXISTING_QUEUE = {"use": "existing", "queues": dict.fromkeys(("forecasting", "fraud", "search"), "ml")}
ON_NODES = ("TrainingPipeline", "Dataset", "Transformation")


def on_nodes(nodes: int, queue: Any = "kueue", engine: str = "trainer", **change: Any) -> Compilation:
    """The reference's pipeline on several nodes."""
    distributed = {"engine": engine, "nodes": nodes}
    return swapped("resource", "batch_queue", queue, *ON_NODES, change={"distributed": distributed, **change})


def made_on_nodes(found: Compilation, kind: str) -> dict[str, Any]:
    """An object that a pipeline on several nodes has in its team's folder."""
    made = row(found, "TrainingPipeline", "resource")
    (path,) = [each for each in made.files if f"/{kind}-" in each]
    held: dict[str, Any] = yaml.safe_load(str(found.output.files[path]))
    return held


def job_of(found: Compilation, engine: str) -> dict[str, Any]:
    """The job that a step of the pipeline makes, by the code in its repository and what the platform tells it."""
    module = {"trainer": "train_job", "ray": "ray_job"}[engine]
    (code,) = [
        str(record.body["content"])
        for record in found.records["acme-ai-prod-delivery"]
        if "payment_scoring_pipeline" in record.address and record.address.endswith(f"_steps_{module}_py")
    ]
    rendered: dict[str, Any] = {"__name__": module}
    exec(code, rendered)
    placement = json.loads(made_on_nodes(found, "configmap")["data"]["PLACEMENT"])
    assert placement["engine"] == engine
    made: dict[str, Any] = rendered["job"]("payment-scoring", "images.example/payment-scoring:1", placement)
    rendered["tell"](made, ["gs://b/data", "gs://b/run/model", "{}", "7"])
    return made


def pods_of_ray(job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The templates of the head and of the workers."""
    cluster = job["spec"]["rayClusterSpec"]
    (workers,) = cluster["workerGroupSpecs"]
    return {"head": cluster["headGroupSpec"]["template"], "worker": workers["template"]}


@pytest.mark.parametrize(
    ("engine", "group", "plural"), [("trainer", "trainer.kubeflow.org", "trainjobs"), ("ray", "ray.io", "rayjobs")]
)
def test_a_pipeline_on_several_nodes_may_make_their_job(engine: str, group: str, plural: str) -> None:
    found = on_nodes(4, engine=engine)
    rules = made_on_nodes(found, "role")["rules"]
    assert rules == [{"apiGroups": [group], "resources": [plural], "verbs": ["create", "get"]}]
    subjects = made_on_nodes(found, "rolebinding")["subjects"]
    assert subjects == [{"kind": "ServiceAccount", "name": "workload", "namespace": "fraud"}]
    job = job_of(found, engine)
    known = schemas(definitions(group))
    assert faults(known, job) == []
    assert faults(known, {**job, "spec": {**job["spec"], "numNodes": 4}}) != []
    assert (job["metadata"]["namespace"], job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"]) == (
        "fraud",
        "default",
    )


def test_a_train_job_brings_its_nodes_to_the_accelerators() -> None:
    job = job_of(on_nodes(4), "trainer")
    assert job["spec"]["trainer"]["numNodes"] == 4
    assert job["spec"]["trainer"]["resourcesPerNode"]["limits"] == {"nvidia.com/gpu": "1"}
    (patch,) = job["spec"]["runtimePatches"]
    pod = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]
    assert pod["spec"]["nodeSelector"] == {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    assert pod["spec"]["serviceAccountName"] == "workload"
    assert (pod["metadata"]["labels"]["team"], len(pod["spec"]["tolerations"])) == ("fraud", 1)


def test_a_ray_job_is_one_that_kueue_and_kuberay_take() -> None:
    """Kueue wants its cluster to end with it; KubeRay asks pods for their health without wget from 2.53 on."""
    job = job_of(on_nodes(4, engine="ray"), "ray")
    spec, cluster = job["spec"], job["spec"]["rayClusterSpec"]
    assert spec["shutdownAfterJobFinishes"] is True and "suspend" not in spec, "Kueue suspends it, and lets it go"
    assert [int(each) for each in cluster["rayVersion"].split(".")] >= [2, 53]
    assert cluster["authOptions"] == {"mode": "token"}
    assert spec["entrypoint"].endswith(".steps.ray_job gs://b/data gs://b/run/model '{}' 7")
    (workers,) = cluster["workerGroupSpecs"]
    assert workers["replicas"] == workers["minReplicas"] == workers["maxReplicas"] == 4
    pods = pods_of_ray(job)
    for pod in pods.values():
        assert pod["metadata"]["labels"]["team"] == "fraud"
        assert "kueue.x-k8s.io/queue-name" not in pod["metadata"]["labels"], "the job queues as a whole"
        assert pod["spec"]["serviceAccountName"] == "workload"
    worker = pods["worker"]["spec"]
    assert worker["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert worker["nodeSelector"] == {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    assert len(worker["tolerations"]) == 1
    head = pods["head"]["spec"]
    assert "nvidia.com/gpu" not in head["containers"][0]["resources"]["limits"] and "nodeSelector" not in head


def test_kuberay_is_let_in_to_the_head_and_its_image_has_ray() -> None:
    found = on_nodes(4, engine="ray")
    policy = made_on_nodes(found, "networkpolicy")["spec"]
    labels = pods_of_ray(job_of(found, "ray"))["head"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"] == {"ray.io/node-type": "head", "workload": labels["workload"]}
    (allowed,) = policy["ingress"]
    assert [each["port"] for each in allowed["ports"]] == [8265]
    assert "ray-system" in json.dumps(allowed["from"])
    assert build_arguments(found) == "EXTRAS=cloud,ray"
    without = on_nodes(4)
    assert not [each for each in row(without, "TrainingPipeline", "resource").files if "/networkpolicy-" in each]
    assert build_arguments(without) == "EXTRAS=cloud"


def build_arguments(found: Compilation) -> str:
    (value,) = [
        str(record.body["value"])
        for record in found.records["acme-ai-prod-delivery"]
        if record.body.get("variable_name") == "BUILD_ARGS"
    ]
    return value


def test_kueue_sees_by_a_jobs_accelerator_which_pools_are_for_it() -> None:
    """Kueue heeds only labels that a flavour has: without this one it would give a job any pool with idle GPUs."""
    flavours = {
        each["metadata"]["name"]: each["spec"]["nodeLabels"]
        for path, text in reference().output.files.items()
        if "/resourceflavor-pool-" in path
        for each in [yaml.safe_load(str(text))]
    }
    found = {name: labels.get("cloud.google.com/gke-accelerator") for name, labels in flavours.items()}
    assert (found["pool-l4"], found["pool-h100"]) == ("nvidia-l4", "nvidia-h100-80gb")


def test_a_pipeline_on_one_node_may_make_no_train_job() -> None:
    assert not [path for path in reference().output.files if "role-pipeline-payment-scoring" in path]


@pytest.mark.parametrize(
    ("queue", "nodes", "change", "told"),
    [
        (None, 2, {}, "no Kubeflow Trainer"),
        ({"use": "kueue", "trainer": False}, 2, {}, "no Kubeflow Trainer"),
        ({"use": "kueue", "ray": False}, 2, {"engine": "ray"}, "no KubeRay"),
        ({**EXISTING_QUEUE, "trainer": True}, 2, {"engine": "ray"}, "no KubeRay"),
        ("kueue", 9, {"accelerator": {"type": "nvidia-l4"}}, "hold 9: payment-scoring 9"),
        ("kueue", 5, {"accelerator": {"type": "nvidia-l4", "count": 2}}, "hold 10: payment-scoring 10"),
    ],
)
def test_several_nodes_want_their_engine_and_the_quota_of_all(
    queue: Any, nodes: int, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(DiagnosticError) as caught:
        on_nodes(nodes, queue, **change)
    (fault,) = caught.value.diagnostics
    assert told in fault.summary


def test_rays_operator_may_be_another_namespaces() -> None:
    found = on_nodes(4, {**EXISTING_QUEUE, "ray": "operators"}, engine="ray")
    policy = made_on_nodes(found, "networkpolicy")
    assert "operators" in json.dumps(policy["spec"]["ingress"])


def test_several_nodes_are_offered_where_an_engine_is() -> None:
    def offered(found: Compilation) -> list[str]:
        (form,) = [
            yaml.safe_load(str(text))
            for path, text in found.output.files.items()
            if path.endswith("/templates/training-pipeline/template.yaml")
        ]
        asked = form["spec"]["parameters"][1]["properties"].get("distributed")
        return list(asked["properties"]["engine"]["enum"]) if asked else []

    def with_queue(**settings: bool) -> Compilation:
        return swapped("resource", "batch_queue", {"use": "kueue", **settings}, *ON_NODES)

    assert offered(reference()) == ["ray", "trainer"]
    assert offered(with_queue(trainer=False)) == ["ray"]
    assert offered(with_queue(trainer=False, ray=False)) == []


def test_an_endpoint_that_somebody_else_runs_closes_nothing_of_the_teams() -> None:
    served = {"url": "http://scorer.serving.svc:8000", "namespace": "serving", "pods": {"app": "scorer"}}
    existing = {"use": "existing", "formats": ["onnx"], "endpoints": {"payment-scoring": served}}
    kinds = ("ModelEndpoint", "TrainingPipeline", "Dataset", "Transformation")
    with pytest.raises(DiagnosticError) as caught:
        swapped("resource", "model_server", existing, *kinds)
    assert [each.code for each in caught.value.diagnostics] == ["workload/outside-cluster"]
    found = swapped("resource", "model_server", existing, *kinds, change={"clients": None})
    assert not [path for path in found.output.files if "ingress-endpoint-payment-scoring" in path]
    assert "`serving`" in row(found, "ModelEndpoint", "security").lacks[0]


def test_an_endpoint_without_a_service_of_planforms_runs_only_what_its_repository_has() -> None:
    """A server of no protocol that templates know: the gate stays, and nothing builds or tests what is not there."""
    served = {"url": "http://scorer.fraud.svc:8000", "namespace": "fraud", "protocol": "http", "pods": {"app": "a"}}
    existing = {"use": "existing", "formats": ["onnx"], "endpoints": {"payment-scoring": served}}
    found = swapped(
        "resource", "model_server", existing, "ModelEndpoint", "TrainingPipeline", "Dataset", "Transformation"
    )
    files = {
        str(record.body["file"]): str(record.body["content"])
        for record in found.records["acme-ai-prod-delivery"]
        if record.address.startswith("github_repository_file.payment_scoring_endpoint_")
    }
    assert "Dockerfile" not in files and "pyproject.toml" not in files and "score.yaml" not in files
    jobs = yaml.safe_load(files[".github/workflows/deliver.yml"])["jobs"]
    assert "Compare with the registry's alias" in [each.get("name") for each in jobs["deliver-prod"]["steps"]]
    runs = json.dumps(jobs)
    for wanting in ("docker/build-push-action", "pip install --quiet -e", "humctl"):
        assert wanting not in runs
    assert "`http`" in row(found, "ModelEndpoint", "delivery").lacks[0]


def test_an_endpoint_is_watched_by_the_latency_of_its_objective() -> None:
    observability = json.loads(str(reference().output.files["stacks/acme-ai-prod-observability/cdk.tf.json"]))
    alert = observability["resource"]["google_monitoring_alert_policy"]["endpoint_payment_scoring_slow"]
    query = alert["conditions"][0]["condition_prometheus_query_language"][0]["query"]
    latency = yaml.safe_load((REFERENCE / "workloads" / "model-endpoint.yaml").read_text())["objective"]["latency_ms"]
    assert "_us" in query and query.endswith(f"> {latency * 1000:g}")  # Triton counts microseconds


def test_a_dataset_says_why_it_is_not_monitored() -> None:
    found = {each.name: each for each in reference().workloads if each.kind == "Dataset"}
    reasons = {name: next(r for r in each.rows if r.plane == "observability").lacks for name, each in found.items()}
    assert "these data are in none" in str(reasons["chargebacks"])
    assert reasons["payments"] == ()


def test_the_most_sensitive_data_are_open_to_their_team_alone() -> None:
    users = [
        record.address for record in reference().records["acme-ai-prod-resource"] if "google_sql_user" in record.address
    ]
    assert "google_sql_user.team_fraud" in users
    assert not any("forecasting" in each for each in users)


def test_a_stack_that_names_a_teams_table_comes_after_the_teams() -> None:
    jobs = yaml.safe_load(str(reference().output.files["repository/.github/workflows/prod-apply.yml"]))["jobs"]
    assert "apply-team-fraud" in jobs["apply-observability"]["needs"]
    assert reference().stacks.index("acme-ai-prod-team-fraud") < reference().stacks.index("acme-ai-prod-observability")


# The portal


def templates() -> dict[str, dict[str, Any]]:
    found = {}
    for path, text in reference().output.files.items():
        if path.startswith("repository/portal/prod/templates/") and path.endswith("/template.yaml"):
            found[path] = yaml.safe_load(str(text))
    return found


def test_forms_offer_what_the_platform_has() -> None:
    (form,) = [each for path, each in templates().items() if "notebook-workspace" in path]
    head, rest = form["spec"]["parameters"]
    assert head["properties"]["team"]["enum"] == ["forecasting", "fraud", "search"]
    assert head["properties"]["environments"]["items"]["enum"] == ["dev", "staging", "prod"]
    assert set(rest["properties"]["size"]["enum"]) >= {"small", "l4", "h100"}
    assert rest["properties"]["accelerator"]["properties"]["type"]["enum"] == ["nvidia-h100-80gb", "nvidia-l4"]
    assert set(rest["properties"]["datasets"]["items"]["enum"]) == {"payments", "payment-features", "chargebacks"}


def test_a_templates_one_act_is_a_pull_request() -> None:
    found = templates()
    assert len(found) == len(KINDS) + 1  # and the reference's own
    for form in found.values():
        actions = [step["action"] for step in form["spec"]["steps"]]
        assert actions == ["fetch:template", "fs:rename", "publish:github:pull-request"]
        jsonschema.Draft202012Validator.check_schema({"properties": form["spec"]["parameters"][1]["properties"]})


ANSWERS: dict[str, dict[str, Any]] = {
    "NotebookWorkspace": {"accelerator": {"type": "nvidia-l4"}, "hosts": ["packages.acme.example"], "idle_minutes": 90},
    "ExperimentTracking": {"model": "uplift"},
    "TrainingPipeline": {
        "model": "uplift",
        "features": "payment-features",
        "card": {"intended_use": "Says whom to call"},
        "label": "label",
    },
    "ModelEndpoint": {"model": "payment-scoring", "version": "3", "format": "onnx"},
    "Dataset": {
        "description": "Calls",
        "classification": "internal",
        "bucket": {"folder": "data", "format": "csv"},
        "columns": {"call_id": "string"},
    },
    "Transformation": {"topic": "calls", "output": "chargebacks"},
    "NodePool": {"pool": {"machine_type": "g2-standard-8", "accelerator": "nvidia-l4", "max_nodes": 2}},
    "GoldenPath": {"title": "Calls", "base": "Dataset"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_forms_answers_give_a_document_that_compiles(kind: str) -> None:
    """The skeleton rendered as Backstage's Nunjucks would; what both have in common is all that it uses."""
    name = next(
        path for path, form in templates().items() if form["spec"]["steps"][2]["input"]["title"].split()[1] == kind
    )
    skeleton = str(reference().output.files[name.replace("template.yaml", "skeleton/workload.yaml")])
    form = yaml.safe_load(str(reference().output.files[name]))
    answers = {
        field: schema.get("default", "")
        for page in form["spec"]["parameters"]
        for field, schema in page["properties"].items()
    }
    answers |= {"name": "calls", "team": "fraud", "environments": ["prod"], **ANSWERS[kind]}
    jinja = Jinja(variable_start_string="${{", variable_end_string="}}", undefined=StrictUndefined)
    jinja.filters["dump"] = json.dumps
    text = jinja.from_string(skeleton.replace("!==", "!=").replace("null", "none")).render(values=answers)
    documents = [*read(REFERENCE), *read_text(text, "calls.yaml")]
    compiled = compile_documents(documents, environments=["prod"])
    assert [each.name for each in compiled.workloads if each.name == "calls"] == ["calls"]


def test_a_pool_of_a_document_is_one_of_the_clusters() -> None:
    addresses = {record.address for record in reference().records["acme-ai-prod-resource"]}
    assert "google_container_node_pool.l4-pair" in addresses
    assert "google_container_node_pool.l4-pair" not in {
        record.address for record in reference("dev").records["acme-ai-dev-resource"]
    }
    folder = "kubernetes/prod/team-search/node-pool-l4-pair/validatingadmissionpolicy-node-pool-l4-pair.yaml"
    policy = yaml.safe_load(str(reference().output.files[folder]))
    assert policy["spec"]["validations"][0]["expression"].endswith('request.namespace in ["search", "fraud"]')


def test_a_fault_of_a_pool_is_shown_in_its_document() -> None:
    text = "planform: 1\nkind: NodePool\nname: more\nteam: search\nenvironments: [prod]\npool:\n  machine_typ: g2\n"
    with pytest.raises(DiagnosticError) as caught:
        compile_documents([*read(REFERENCE), *read_text(text, "more.yaml")], environments=["prod"])
    found = {(each.code, each.at.file, each.at.line) for each in caught.value.diagnostics if each.at}
    assert ("spec/unknown-key", "more.yaml", 7) in found


def test_a_path_of_ones_own_offers_what_it_leaves_free() -> None:
    (form,) = [each for path, each in templates().items() if "templates/fine-tuning" in path]
    fields = form["spec"]["parameters"][1]["properties"]
    assert {"hosts", "idle_minutes"} <= set(fields)
    assert not {"accelerator", "disk_gib", "size"} & set(fields)
    assert fields["idle_minutes"]["default"] == 30


def test_a_workload_of_ones_own_kind_is_built_as_its_base_with_the_presets() -> None:
    values = release_values("dev")
    assert "search-answers" in values
    assert "500Gi" in values


# Documents


PLATFORM = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
teams:
  fraud: {owners: ["group:fraud-ml@acme.example"], accelerators: {nvidia-l4: 2}}
  search: {owners: ["user:eve@acme.example"]}
planes:
  security: {services: project-services, identity: iam, secrets: secret-manager}
  resource:
    networking: vpc
    compute: {use: gke, node_pools: {l4: {machine_type: g2-standard-8, accelerator: nvidia-l4, max_nodes: 4}}}
    object_store: gcs
  data: {metadata: vertex-metadata}
  delivery: {gitops: {use: argo-cd, git: {repository: https://github.com/acme/ai-platform}}}
  control: {notebooks: {use: jupyterhub, host: notebooks.acme.example}}
environments:
  dev: {project: acme-ai-dev, project_number: "111111111111"}
  prod: {project: acme-ai-prod, project_number: "222222222222", production: true}
"""
NOTEBOOK = "---\nplanform: 1\nkind: NotebookWorkspace\nname: {name}\nteam: {team}\nenvironments: {at}\n{more}\n"


def compiled(*documents: str, environments: tuple[str, ...] = ()) -> Compilation:
    return compile_documents(read_text("".join((PLATFORM, *documents)), "platform.yaml"), environments=environments)


def notebook(name: str = "churn", team: str = "fraud", at: str = "[dev]", more: str = "") -> str:
    return NOTEBOOK.format(name=name, team=team, at=at, more=more)


def codes(*documents: str) -> list[tuple[str, str]]:
    with pytest.raises(DiagnosticError) as caught:
        compiled(*documents)
    return [(each.code, each.summary) for each in caught.value.diagnostics]


def test_the_sum_of_what_a_team_holds_is_shown() -> None:
    l4 = "accelerator: {type: nvidia-l4}"
    three = [notebook(name, more=l4) for name in ("one", "two", "three")]
    ((code, summary),) = codes(*three)
    assert code == "workload/quota"
    assert "holds" in summary or "hold" in summary
    assert "one 1 + two 1 + three 1" in summary
    assert len(compiled(*three[:2]).workloads) == 2


def test_a_quota_is_an_environments_own() -> None:
    l4 = "accelerator: {type: nvidia-l4}"
    found = compiled(notebook("one", at="[dev]", more=l4), notebook("two", at="[prod]", more=l4))
    assert {(each.environment, each.name) for each in found.workloads} == {("dev", "one"), ("prod", "two")}


def test_all_faults_are_told_at_once() -> None:
    found = codes(
        notebook(team="frauds", more="size: 3"), notebook("other", at="[develop]"), notebook("third", more="size: 3")
    )
    assert {code for code, _ in found} == {
        "workload/unknown-team",
        "workload/unknown-environment",
        "spec/wrong-type",
    }


OWN = """---
planform: 1
kind: GoldenPath
name: fine-tuning
title: Fine-tuning
team: fraud
environments: [dev]
base: NotebookWorkspace
presets: {accelerator: {type: nvidia-l4}, disk_gib: 200}
fixed: [disk_gib]
"""
USER = "---\nplanform: 1\nkind: FineTuning\nname: churn\nteam: fraud\nenvironments: [dev]\n"


def test_what_a_path_of_ones_own_fixes_its_documents_may_not_write() -> None:
    assert [each.kind for each in compiled(OWN, USER).workloads if each.name == "churn"] == ["FineTuning"]
    ((code, summary),) = codes(OWN, f"{USER}disk_gib: 20\n")
    assert (code, "disk_gib" in summary) == ("workload/fixed-parameter", True)
    ((code, _),) = codes(OWN.replace("NotebookWorkspace", "NotebokWorkspace"), USER)[:1]
    assert code == "workload/unknown-base"
    assert ("workload/presets", "`team` is every document's own") in codes(
        OWN.replace("disk_gib: 200", "team: x"), USER
    )


def test_a_part_of_the_environments_has_the_same_bytes() -> None:
    documents = (notebook(at="[dev, prod]"), notebook("other", "search", at="{prod: {idle_minutes: 30}}"))
    whole = compiled(*documents).output.files
    part = compiled(*documents, environments=("prod",)).output.files
    own = [path for path in part if path != "manifest.json"]  # which lists the stacks there are
    assert {path: whole[path] for path in own} == {path: part[path] for path in own}


def test_a_blueprint_without_workloads_knows_their_kinds() -> None:
    assert compiled().workloads == ()


def test_editors_know_the_kinds() -> None:
    paths, _ = builtin_paths().with_own(read(REFERENCE))
    schema = json_schema(builtin(), paths)
    validator = jsonschema.Draft202012Validator(schema)
    for file in sorted((REFERENCE / "workloads").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            assert [error.message for error in validator.iter_errors(document)] == [], file
    wrong = yaml.safe_load(notebook(more="idle_minuts: 30").removeprefix("---\n"))
    assert [*validator.iter_errors(wrong)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0 6 * * *", ""),
        ("*/15 8-18 * * mon-fri", ""),
        ("0 0 29 2 *", ""),
        ("0 0 31 4,6 *", "workload/schedule-never"),
        ("0 0 30 2 *", "workload/schedule-never"),
        ("0 0 31 2 mon", ""),
        ("daily", "workload/schedule"),
        ("60 0 * * *", "workload/schedule"),
        ("0 0 5-1 * *", "workload/schedule"),
        ("0 0 */0 * *", "workload/schedule"),
    ],
)
def test_schedules(text: str, code: str) -> None:
    if not code:
        assert TypeAdapter(Schedule).validate_python(text) == text
        return
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Schedule).validate_python(text)
    assert caught.value.errors()[0]["type"] == code


def test_an_endpoint_on_vllm_gets_software_that_speaks_its_protocol() -> None:
    ask = {"inputs": None, "canary": None, "format": "safetensors"}
    kinds = ("ModelEndpoint", "TrainingPipeline", "Dataset", "Transformation")
    found = swapped("resource", "model_server", "vllm", *kinds, change=ask)
    texts = {
        str(record.body["file"]): str(record.body["content"])
        for record in found.records["acme-ai-prod-delivery"]
        if record.address.startswith("github_repository_file.") and "scoring_endpoint" in record.address
    }
    assert "/v1/chat/completions" in texts["src/payment_scoring_endpoint/client.py"]
    assert {"Dockerfile", "README.md", "pyproject.toml", ".github/workflows/deliver.yml"} <= texts.keys()
    assert yaml.safe_load(texts[".planform/template.yaml"])["template"] == "language_model_endpoint"
    assert row(found, "ModelEndpoint", "delivery").true
