"""Pipelines: teams kept apart, secrets by reference, one contract whatever runs them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.contracts.monitoring import Panel, Severity
from planform.contracts.pipelines import Pipelines
from planform.engine import App, TerraformStack
from planform.environment import build_environment
from planform.kubernetes.record import KubernetesObject, objects_of
from planform.pipeline import compile_files, specs_of
from planform.planes.component import Refused
from planform.planes.delivery.existing_pipelines import (
    ExistingPipelines,
    ExistingPipelinesSettings,
    ExistingPipelineTeam,
)
from planform.planes.delivery.kubeflow_objects import PORTS, USER_HEADER
from planform.planes.delivery.pipeline_submission import kubeflow_program, vertex_program
from planform.spec.environment import Environment
from planform.terraform.record import records_of

CASES = Path(__file__).parent / "cases"
KUBEFLOW, VERTEX = "delivery.kubeflow-pipelines.production", "delivery.vertex-pipelines"
DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)


def built(case: str) -> Any:
    """The pipelines of a case, to be asked."""
    (spec,) = specs_of(CASES / f"{case}.yaml")
    return build_environment(App(), spec).components["pipelines"]


def existing(engine: Any = "kubeflow", **more: Any) -> ExistingPipelines:
    team = ExistingPipelineTeam(root="gs://acme-runs/fraud", namespace="fraud")
    endpoint = "https://pipelines.acme.example" if engine == "kubeflow" else "europe-west4-aiplatform.googleapis.com"
    settings = ExistingPipelinesSettings(
        engine=engine, endpoint=endpoint, root="gs://acme-runs", teams={"fraud": team}, **more
    )
    return ExistingPipelines(TerraformStack(App(), "a"), "pipelines", settings, environment=DEV)


def objects(component: Any, kind: str) -> dict[str, KubernetesObject]:
    """`namespace/name` to object."""
    return {f"{each.namespace}/{each.name}": each for each in objects_of(component) if each.kind == kind}


def pods(component: Any) -> dict[str, dict[str, Any]]:
    return {name: each.body["spec"]["template"]["spec"] for name, each in objects(component, "Deployment").items()}


class Watched:
    """What monitoring was asked, as its contract has it."""

    def __init__(self) -> None:
        self.scraped: dict[str, str] = {}
        self.alerts: dict[str, str] = {}

    def scrape(self, name: str, *, namespace: str, scope: object, pods: Mapping[str, str], port: str | int,
               path: str = "/metrics", seconds: int = 30) -> None:  # fmt: skip
        self.scraped[name] = namespace

    def dashboard(self, name: str, *, title: str, panels: Sequence[Panel], team: str = "") -> None:
        assert all(panel.query for panel in panels)

    def alert(self, name: str, *, title: str, query: str, minutes: int = 5, severity: Severity = "ticket",
              team: str = "", runbook: str = "") -> None:  # fmt: skip
        self.alerts[name] = severity

    def objective(self, name: str, *, title: str, good: str, total: str, percent: float, days: int = 28,
                  team: str = "") -> None:  # fmt: skip
        raise AssertionError(name)


@pytest.mark.parametrize("case", [KUBEFLOW, VERTEX])
def test_a_swap_keeps_the_contract(case: str) -> None:
    component = built(case)
    assert isinstance(component, Pipelines)
    ref, space = component.service(), component.team("fraud")
    assert ref.root == "gs://acme-ai-dev-pipelines"
    assert space.root == "gs://acme-ai-dev-pipelines-fraud/runs"
    assert space.identity is not None
    assert space.identity.email == "team-fraud@acme-ai-dev.iam.gserviceaccount.com"
    assert component.team("fraud") is space


@pytest.mark.parametrize("case", [KUBEFLOW, VERTEX])
def test_commands_hold_nothing_of_the_blueprint(case: str) -> None:
    steps = built(case).submit("churn'; rm -rf ~", package="churn.yaml", team="fraud", parameters={"a": "$(id)"})
    for step in steps:
        done = subprocess.run(["sh", "-n"], input=step.run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "churn" not in step.run
        assert "$(id)" not in step.run
    assert steps[-1].variables["PARAMETERS"] == '{"a": "$(id)"}'


@pytest.mark.parametrize("program", [kubeflow_program(), vertex_program()])
def test_programs_are_python_and_take_all_from_variables(program: str) -> None:
    text = program.removeprefix("python - <<'PROGRAM'\n").removesuffix("PROGRAM\n")
    ast.parse(text)


def test_vertex_runs_with_the_key_and_in_the_network() -> None:
    step = built(VERTEX).submit("churn", package="churn.yaml", team="fraud", schedule="0 2 * * *")[-1]
    assert step.variables["KEY"].endswith("/cryptoKeys/pipelines")
    assert step.variables["ATTACHMENT"].endswith("/networkAttachments/acme-ai-dev-pipelines")
    assert step.variables["TEMPLATES"] == "https://europe-west4-kfp.pkg.dev/acme-ai-dev/acme-ai-dev-pipelines"
    assert step.variables["SCHEDULE"] == "0 2 * * *"


def test_only_the_runner_and_submitters_may_start_as_the_runner() -> None:
    members = records_of(built(VERTEX)).document()["resource"]["google_service_account_iam_member"]
    by_role: dict[str, set[str]] = {}
    for each in members.values():
        by_role.setdefault(each["role"], set()).add(each["member"])
    assert by_role["roles/iam.serviceAccountUser"] == {
        "serviceAccount:team-fraud@acme-ai-dev.iam.gserviceaccount.com",
        "group:ml-platform@acme.example",
    }
    assert by_role["roles/iam.serviceAccountTokenCreator"] == {
        "serviceAccount:service-111111111111@gcp-sa-aiplatform.iam.gserviceaccount.com"
    }


def test_an_identity_that_is_given_gets_the_roles_of_a_runner() -> None:
    component = built(VERTEX)
    given = component.identity.service_account("runs-of-ads")
    component.team("ads", identity=given)
    members = records_of(component.identity).document()["resource"]["google_project_iam_member"]
    assert "runs_of_ads_aiplatform_user" in members


def test_kubeflow_is_watched_where_something_watches() -> None:
    component, watched = built(KUBEFLOW), Watched()
    component._observe(watched)
    assert watched.scraped == {"ml-pipeline": "kubeflow", "ml-pipeline-scheduledworkflow": "kubeflow",
                               "argo-workflows": "argo-workflows"}  # fmt: skip
    assert watched.alerts["kubeflow-pipelines-down"] == "page"


def test_pods_of_kubeflow_may_do_nothing_in_particular() -> None:
    made = pods(built(KUBEFLOW))
    assert made
    for name, pod in made.items():
        assert pod["containers"], name
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["serviceAccountName"], name
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            safe = container["securityContext"]
            assert safe["capabilities"] == {"drop": ["ALL"]}, name
            assert not safe["allowPrivilegeEscalation"], name
            assert container["resources"]["limits"]["memory"], name
            assert ":latest" not in container["image"], name


def test_kubeflow_signs_in_with_references_alone() -> None:
    compiled = compile_files(CASES / f"{KUBEFLOW}.yaml")
    deployed = [yaml.safe_load(str(text)) for path, text in compiled.output.files.items() if "/deployment-" in path]
    wanted = {"PASSWORD", "DBCONFIG_MYSQLCONFIG_PASSWORD", "OBJECTSTORECONFIG_SECRETACCESSKEY"}
    seen = set()
    for each in deployed:
        for container in each["spec"]["template"]["spec"]["containers"]:
            for variable in container.get("env", []):
                if variable["name"] in wanted:
                    seen.add(variable["name"])
                    assert "secretKeyRef" in variable["valueFrom"]
    assert seen == wanted


def test_nobody_but_the_user_interface_may_say_who_asks() -> None:
    component = built(KUBEFLOW)
    config = yaml.safe_load(objects(component, "ConfigMap")["kubeflow/ml-pipeline-front"].body["data"]["envoy.yaml"])
    stripped = {
        each["name"]: each["filter_chains"][0]["filters"][0]["typed_config"]["route_config"].get(
            "request_headers_to_remove"
        )
        for each in config["static_resources"]["listeners"]
    }
    assert stripped == {"http": [USER_HEADER], "grpc": [USER_HEADER], "trusted": None}
    policies = objects(component, "NetworkPolicy")
    admitted = [rule for policy in policies.values() if policy.namespace == "kubeflow"
                for rule in policy.body["spec"].get("ingress", ()) for source in rule.get("from", ())
                if "namespaceSelector" in source]  # fmt: skip
    ports = {each["port"] for rule in admitted for each in rule["ports"]}
    assert ports == {PORTS["http"], PORTS["grpc"], 8080}
    service = objects(component, "Service")["kubeflow/ml-pipeline"].body["spec"]["ports"]
    assert {each["targetPort"] for each in service} == {PORTS["http"], PORTS["grpc"]}


def test_a_team_has_what_its_runs_need_in_its_own_namespace() -> None:
    component = built(KUBEFLOW)
    configured = objects(component, "ConfigMap")
    launcher = configured["fraud/kfp-launcher"].body["data"]
    assert launcher == {"defaultPipelineRoot": "gs://acme-ai-dev-pipelines-fraud/runs"}
    assert "fraud/artifact-repositories" in configured
    token = objects(component, "Role")["fraud/pipeline-submitter-token"].body["rules"]
    assert token[0]["resourceNames"] == ["pipeline-submitter"]
    bindings = objects(component, "RoleBinding")
    assert bindings["fraud/pipeline-step"].body["subjects"][0]["name"] == "workload"


def test_version_one_of_pipelines_is_refused_and_its_parts_are_not_there() -> None:
    found = pods(built(KUBEFLOW))
    names = {name.partition("/")[2] for name in found}
    assert not names & {"cache-server", "metadata-writer", "ml-pipeline-visualizationserver"}
    variables = {each["name"]: each.get("value") for each in found["kubeflow/ml-pipeline"]["containers"][0]["env"]}
    assert variables["BLOCK_V1_PIPELINES"] == "true"
    assert variables["MULTIUSER"] == "true"


def test_pipelines_bring_their_own_custom_resources() -> None:
    names = {name.partition("/")[2] for name in objects(built(KUBEFLOW), "CustomResourceDefinition")}
    assert names == {"scheduledworkflows.kubeflow.org", "viewers.kubeflow.org"}


def test_existing_needs_to_be_told() -> None:
    for ask in (
        lambda: existing().team("ads"),
        lambda: existing().submit("churn", package="a.yaml", team="fraud"),
        lambda: existing("vertex").submit("churn", package="a.yaml", team="fraud"),
        lambda: existing("vertex", templates="europe-west4-kfp.pkg.dev/acme-ml/runs").submit(
            "churn", package="a.yaml", team="fraud"
        ),
    ):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.fault.code == "contract/not-named"


def test_existing_signs_in_with_the_secret_that_is_named() -> None:
    step = existing(token_secret="pipelines-token").submit("churn", package="a.yaml", team="fraud")[-1]
    assert step.secrets == {"KFP_TOKEN": "pipelines-token"}
    assert step.variables["NAMESPACE"] == "fraud"
