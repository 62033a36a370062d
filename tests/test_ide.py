"""IDEs: machines that act as their team, keep to the network and stop by themselves, and the same tools everywhere."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from planform.blueprint.read import read_text
from planform.contracts.ide import Ide
from planform.engine import App, TerraformStack
from planform.files import File
from planform.kubernetes.images import image
from planform.kubernetes.record import objects_of
from planform.pipeline import Compilation, compile_documents
from planform.planes.component import Component, Refused
from planform.planes.control.devcontainer_settings import DevcontainerSettings
from planform.planes.control.existing_ide import ExistingIde, ExistingIdeSettings
from planform.planes.control.vscode import Vscode
from planform.planes.control.vscode_devcontainer import VscodeDevcontainer
from planform.planes.control.workstation_settings import VscodeSettings
from planform.planes.delivery.artifact_registry import ArtifactRegistry
from planform.planes.resource.existing_networking import ExistingNetworking, ExistingNetworkingSettings
from planform.planes.security.cloud_kms import CloudKms
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.iam import Iam
from planform.spec.environment import Environment, Organization
from planform.spec.faults import parse
from planform.terraform.record import records_of

DEV = Environment(
    platform="acme-ai",
    name="dev",
    project="acme-ai-dev",
    project_number="111111111111",
    region="europe-west4",
    organization=Organization(domain="acme.example"),
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
OWNER, OTHER = "group:fraud-ml@acme.example", "user:eve@acme.example"
RULES = "/etc/assistant/rules.json"
KNOWN_KEYS = {
    "build", "containerEnv", "customizations", "features", "image", "mounts", "name", "remoteUser",
}  # fmt: skip
"""Keys of the dev container metadata reference that planform writes; a container needs `image` or `build`."""


class Assistant:
    """Another organisation's coding assistant, which writes down whom it admits."""

    def __init__(self, rules: str = '{"allow": []}\n') -> None:
        self.rules = rules
        self.admitted: list[str] = []

    def files(self) -> Mapping[str, str]:
        return {RULES: self.rules}

    def variables(self) -> Mapping[str, str]:
        return {"ASSISTANT_PROJECT": "acme-ai-dev"}

    def extensions(self) -> tuple[str, ...]:
        return ("acme.assistant",)

    def features(self) -> Mapping[str, Mapping[str, Any]]:
        return {"ghcr.io/acme/features/assistant:1.0.0": {"channel": "stable"}}

    def admit(self, *members: str) -> None:
        self.admitted += members


def vscode(
    environment: Environment = DEV,
    *,
    assistant: Assistant | None = None,
    registry: bool = False,
    keys: bool = False,
    **settings: Any,
) -> Vscode:
    scope = TerraformStack(App(), "control")
    services = ExistingServices(scope, "services", environment=environment)
    network = ExistingNetworkingSettings(network="shared", subnet="ai")
    given = parse(VscodeSettings, settings)
    assert isinstance(given, VscodeSettings), given
    return Vscode(
        scope,
        "ide",
        given,
        environment=environment,
        services=services,
        networking=ExistingNetworking(scope, "networking", network, environment=environment),
        identity=Iam(scope, "identity", environment=environment, services=services),
        keys=CloudKms(scope, "keys", environment=environment, services=services) if keys else None,
        registry=ArtifactRegistry(scope, "registry", environment=environment, services=services) if registry else None,
        assistant=assistant,
    )


def made(component: Component, kind: str) -> dict[str, Any]:
    return dict(records_of(component).document().get("resource", {}).get(f"google_{kind}", {}))


def files_of(component: Component) -> dict[str, str]:
    return {each.name: each.text for each in objects_of(component).delivered if isinstance(each, File)}


def config(component: Vscode, team: str = "fraud") -> dict[str, Any]:
    found: dict[str, Any] = made(component, "workstations_workstation_config")[team]
    return found


def machine(component: Vscode) -> dict[str, Any]:
    (host,) = config(component)["host"]
    (found,) = host["gce_instance"]
    return dict(found)


def compiled(control: str, *, cluster: bool = False) -> Compilation:
    gitops = "gitops: {use: argo-cd, git: {repository: https://github.com/acme/ai}}, compute: gke" if cluster else ""
    text = f"""\
planform: 1
kind: Platform
name: acme-ai
organization: {{domain: acme.example}}
region: europe-west4
teams:
  fraud: {{owners: ["{OWNER}"]}}
planes:
  security: {{services: project-services, identity: iam}}
  resource: {{networking: vpc, {gitops}}}
  control: {{ide: {control}}}
environments:
  dev: {{project: acme-ai-dev, project_number: 111111111111}}
"""
    return compile_documents(read_text(text, "platform.yaml"))


# Workstations


def test_a_workstation_acts_as_its_team_and_has_no_way_in_but_by_iam() -> None:
    result = compiled("vscode", cluster=True)
    control = json.loads(result.output.files["stacks/acme-ai-dev-control/cdk.tf.json"])["resource"]
    host = control["google_workstations_workstation_config"]["fraud"]["host"][0]["gce_instance"][0]
    assert host["service_account"] == "team-fraud@acme-ai-dev.iam.gserviceaccount.com"
    assert (host["disable_public_ip_addresses"], host["disable_ssh"]) == (True, True)
    cluster = control["google_workstations_workstation_cluster"]["ide"]
    assert cluster["subnetwork"] == "projects/acme-ai-dev/regions/europe-west4/subnetworks/acme-ai-dev-nodes"
    assert cluster["private_cluster_config"][0]["enable_private_endpoint"] is True


def test_without_a_cluster_workstations_have_an_account_of_their_own() -> None:
    component = vscode()
    component.team("fraud", owners=[OWNER])
    assert machine(component)["service_account"] == "${google_service_account.workstations.email}"
    roles = {body["role"] for body in made(component, "project_iam_member").values() if "member" in body}
    assert roles == {"roles/logging.logWriter", "roles/monitoring.metricWriter", "roles/workstations.operationViewer"}


def test_owners_make_their_own_and_nobody_else_does() -> None:
    component = vscode()
    for team, owners in {"fraud": [OWNER, OTHER], "search": [OTHER]}.items():
        component.team(team, owners=owners)
        component.team(team, owners=owners)
    granted = made(component, "workstations_workstation_config_iam_member")
    assert {name: (body["role"], body["member"]) for name, body in granted.items()} == {
        "fraud_group_fraud_ml": ("roles/workstations.workstationCreator", OWNER),
        "fraud_user_eve": ("roles/workstations.workstationCreator", OTHER),
        "search_user_eve": ("roles/workstations.workstationCreator", OTHER),
    }
    assert sorted(made(component, "project_iam_member")) == [
        "ide_group_fraud_ml",
        "ide_user_eve",
        "workstations_logging_log_writer",
        "workstations_monitoring_metric_writer",
    ]


def test_time_and_space_are_in_the_units_of_the_api() -> None:
    component = vscode(idle_minutes=30, running_hours=8, home_gib=200, ready_machines=2)
    component.team("fraud", owners=[OWNER])
    found = config(component)
    assert (found["idle_timeout"], found["running_timeout"]) == ("1800s", "28800s")
    assert found["persistent_directories"][0]["gce_pd"][0]["size_gb"] == 200
    assert machine(component)["pool_size"] == 2


@pytest.mark.parametrize(("environment", "policy"), [(DEV, "DELETE"), (PROD, "RETAIN")])
def test_homes_outlive_their_machines_in_production(environment: Environment, policy: str) -> None:
    component = vscode(environment)
    component.team("fraud", owners=[OWNER])
    assert config(component)["persistent_directories"][0]["gce_pd"][0]["reclaim_policy"] == policy
    cluster = made(component, "workstations_workstation_cluster")["ide"]
    assert ("lifecycle" in cluster) == environment.production


def test_private_is_an_endpoint_in_the_network_and_public_has_none() -> None:
    private, public = vscode(), vscode(private=False)
    (rule,) = made(private, "compute_forwarding_rule").values()
    assert rule["target"].endswith(".private_cluster_config[0].service_attachment_uri}")
    assert made(private, "dns_managed_zone")["ide"]["visibility"] == "private"
    assert (made(public, "compute_forwarding_rule"), made(public, "dns_managed_zone")) == ({}, {})
    assert "private_cluster_config" not in made(public, "workstations_workstation_cluster")["ide"]


def test_disks_are_encrypted_by_an_account_that_does_nothing_else() -> None:
    component = vscode(keys=True)
    component.team("fraud", owners=[OWNER])
    (key,) = config(component)["encryption_key"]
    assert key["kms_key_service_account"] == "${google_service_account.workstations_encryption.email}"
    grants = {body["role"]: body["member"] for body in made(component, "kms_crypto_key_iam_member").values()}
    assert grants["roles/cloudkms.viewer"].endswith("@gcp-sa-workstations.iam.gserviceaccount.com")
    assert "workstations_encryption" in grants["roles/cloudkms.cryptoKeyEncrypterDecrypter"]
    assert "encryption_key" not in config(ready(vscode()))


def ready(component: Vscode) -> Vscode:
    component.team("fraud", owners=[OWNER])
    return component


@pytest.mark.parametrize(
    ("gpu", "expected"),
    [
        ({}, []),
        ({"machine_type": "n1-standard-8", "accelerator": "nvidia-tesla-t4", "count": 2}, []),
        ({"machine_type": "a2-highgpu-1g", "accelerator": "nvidia-tesla-a100"}, []),
        ({"machine_type": "g2-standard-24", "count": 2}, []),
        ({"machine_type": "g2-standard-8", "count": 2}, ["resource/accelerator-count gpu.count"]),
        ({"accelerator": "nvidia-tesla-t4"}, ["resource/accelerator-mismatch gpu.accelerator"]),
        ({"machine_type": "n1-standard-8"}, ["resource/accelerator-mismatch gpu.accelerator"]),
        (
            {"machine_type": "n1-standard-8", "accelerator": "nvidia-tesla-t4", "count": 3},
            ["resource/accelerator-count gpu.count"],
        ),
        ({"machine_type": "e2-standard-8"}, ["resource/unknown-machine-type gpu.machine_type"]),
    ],
)
def test_a_gpu_goes_with_its_machine(gpu: dict[str, Any], expected: list[str]) -> None:
    given = parse(VscodeSettings, {"gpu": gpu})
    assert isinstance(given, VscodeSettings), given
    found = Vscode.check(given, DEV)
    assert [" ".join((fault.code, ".".join(map(str, fault.path)))) for fault in found] == expected


def test_a_gpu_is_for_who_asks_for_it_at_start() -> None:
    component = ready(vscode(gpu={}))
    (boost,) = machine(component)["boost_configs"]
    assert (boost["machine_type"], boost["pool_size"]) == ("g2-standard-8", 0)
    assert machine(component)["machine_type"] == "e2-standard-8"
    assert "boost_configs" not in machine(ready(vscode()))


@pytest.mark.parametrize(
    ("zones", "refused"),
    [
        (["europe-west4-a", "europe-west4-b"], False),
        (["europe-west4-a", "europe-west4-a"], True),
        (["europe-west4-a", "us-east1-b"], True),
    ],
)
def test_a_home_is_in_two_zones_of_the_region(zones: list[str], refused: bool) -> None:
    given = parse(VscodeSettings, {"zones": zones})
    assert isinstance(given, VscodeSettings), given
    assert [fault.code for fault in Vscode.check(given, DEV)] == ["spec/workstation-zones"] * refused


# The assistant, and the image that holds its rules


def test_rules_are_in_the_image_that_workstations_run() -> None:
    assistant = Assistant()
    component = ready(vscode(assistant=assistant, registry=True))
    files = files_of(component)
    assert files[f"workstation/root{RULES}"] == assistant.rules
    (container,) = config(component)["container"]
    assert container["image"] == files["workstation/IMAGE"].strip()
    assert re.fullmatch(
        r"europe-west4-docker\.pkg\.dev/acme-ai-dev/acme-ai-dev-workstations/code-oss:[0-9a-f]{12}", container["image"]
    )
    assert container["env"]["ASSISTANT_PROJECT"] == "acme-ai-dev"
    features = json.loads(files["workstation/.devcontainer/devcontainer.json"])["features"]
    assert features == {"ghcr.io/acme/features/assistant:1.0.0": {"channel": "stable"}}
    assert assistant.admitted == ["serviceAccount:workstations@acme-ai-dev.iam.gserviceaccount.com"]


def test_other_rules_are_another_image() -> None:
    images = [
        files_of(vscode(assistant=Assistant(rules), registry=True))["workstation/IMAGE"]
        for rules in ("{}\n", "{}\n", '{"deny": []}\n')
    ]
    assert images[0] == images[1] != images[2]


def test_without_an_assistant_googles_image_is_enough() -> None:
    component = ready(vscode())
    assert config(component)["container"][0]["image"] == image("code-oss")
    assert files_of(component) == {}
    assert "code-oss:" in files_of(vscode(own_image=True, registry=True))["workstation/IMAGE"]


def test_an_image_needs_a_place_and_two_ways_to_name_one_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        vscode(assistant=Assistant())
    assert refused.value.fault.code == "contract/no-image"
    named: dict[str, Any] = {"image": "ghcr.io/acme/code-oss:1"}
    assert files_of(vscode(assistant=Assistant(), **named))["workstation/IMAGE"] == "ghcr.io/acme/code-oss:1\n"
    given = parse(VscodeSettings, {**named, "own_image": True})
    assert isinstance(given, VscodeSettings), given
    assert [fault.code for fault in Vscode.check(given, DEV)] == ["spec/unused-setting"]


def test_the_script_that_installs_extensions_is_a_script() -> None:
    files = files_of(vscode(assistant=Assistant(), registry=True))
    (script,) = (text for path, text in files.items() if path.endswith(".sh"))
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--install-extension acme.assistant " in script


# Dev containers


def ides(assistant: Assistant | None) -> dict[str, Ide]:
    scope = TerraformStack(App(), "control")
    settings = DevcontainerSettings()
    return {
        "vscode": vscode(assistant=assistant, registry=True),
        "vscode-devcontainer": VscodeDevcontainer(scope, "ide", settings, environment=DEV, assistant=assistant),
    }


@pytest.mark.parametrize("assistant", [None, Assistant()], ids=["plain", "assistant"])
def test_repositories_have_the_same_tools_whatever_the_ide(assistant: Assistant | None) -> None:
    one, two = (dict(each.repository_files()) for each in ides(assistant).values())
    assert one == two
    container = json.loads(one[".devcontainer/devcontainer.json"])
    assert container.keys() <= KNOWN_KEYS
    assert ("image" in container) != ("build" in container)
    wanted = json.loads(one[".vscode/extensions.json"])["recommendations"]
    assert container["customizations"]["vscode"]["extensions"] == wanted
    assert ("acme.assistant" in wanted) == (assistant is not None)


def test_a_dev_container_holds_the_assistants_rules() -> None:
    assistant = Assistant()
    files = ides(assistant)["vscode-devcontainer"].repository_files()
    assert files[f".devcontainer/root{RULES}"] == assistant.rules
    assert files[".devcontainer/Dockerfile"] == f"FROM {image('devcontainer-python')}\nCOPY root/ /\n"
    container = json.loads(files[".devcontainer/devcontainer.json"])
    assert container["build"] == {"dockerfile": "Dockerfile"}
    assert container["containerEnv"]["ASSISTANT_PROJECT"] == "acme-ai-dev"


def test_who_works_on_their_own_machine_calls_models_as_themselves() -> None:
    assistant = Assistant()
    assert ides(assistant)["vscode-devcontainer"].team("fraud", owners=[OWNER]) is None
    assert assistant.admitted == [OWNER]


@pytest.mark.parametrize("settings", [{}, {"devcontainer_image": "ghcr.io/acme/devcontainer:1"}])
def test_an_existing_ide_is_an_address_and_maybe_a_dev_container(settings: dict[str, Any]) -> None:
    given = ExistingIdeSettings(url="https://coder.acme.example", **settings)
    component = ExistingIde(TerraformStack(App(), "control"), "ide", given, environment=DEV)
    found = component.team("fraud", owners=[OWNER])
    assert found is not None and found.url == "https://coder.acme.example"
    assert (".devcontainer/devcontainer.json" in component.repository_files()) == bool(settings)
    assert not records_of(component).document() and not files_of(component)


def test_a_team_may_have_no_machine() -> None:
    result = compiled("vscode-devcontainer")
    assert "stacks/acme-ai-dev-control/cdk.tf.json" not in result.output.files
    assert any(path.endswith("/.devcontainer/devcontainer.json") for path in result.output.files)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"variables": {"TOKEN": "${SECRET}"}}, "spec/bad-form"),
        ({"extensions": ["not an extension"]}, "spec/bad-form"),
        ({"devcontainer_image": "mcr.microsoft.com/devcontainers/python:latest"}, "spec/image-tag"),
    ],
)
def test_what_people_write_has_a_form(settings: dict[str, Any], code: str) -> None:
    found = parse(DevcontainerSettings, settings)
    assert isinstance(found, list) and [fault.code for fault in found] == [code]
