"""Notebooks: whose identity a server has, who may start it, what reaches it, and the same asks of every component."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read_text
from planform.contracts.notebooks import NotebookRef, Notebooks
from planform.contracts.object_store import BucketRef
from planform.diagnostics import DiagnosticError
from planform.engine import App, TerraformStack
from planform.environment import BuiltEnvironment, build_environment
from planform.kubernetes.record import objects_of
from planform.pipeline import Compilation, compile_documents
from planform.planes.component import Refused
from planform.planes.control.jupyterhub import JupyterHub, JupyterHubSettings
from planform.planes.control.jupyterhub_values import PLACEHOLDER
from planform.spec.environment import Environment
from planform.spec.faults import parse

HEAD = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
environments:
  dev: {project: acme-ai-dev, project_number: "111111111111"}
teams:
  fraud: {owners: ["group:fraud-ml@acme.example"], accelerators: {nvidia-l4: 6}}
  search: {owners: ["user:eve@acme.example"]}
"""
PLANES = """\
planes:
  security: {{services: project-services, identity: iam, secrets: secret-manager, network_policy: {network_policy}}}
  resource:
    networking: vpc
    compute:
      use: gke
      node_pools:
        l4: {{machine_type: g2-standard-8, accelerator: nvidia-l4, capacity: spot, max_nodes: 8}}
        h100: {{machine_type: a3-highgpu-8g, accelerator: nvidia-h100-80gb, count: 8, capacity: queued, max_nodes: 1}}
{more}
  delivery: {{gitops: {{use: argo-cd, git: {{repository: https://github.com/acme/ai-platform}}}}}}
  control: {{notebooks: {notebooks}}}
"""
HUB = "{use: jupyterhub, host: notebooks.acme.example}"
WORKBENCH = "{use: vertex-workbench, zone: europe-west4-a}"
GROUP = "group:fraud-ml@acme.example"
BUCKET = BucketRef("acme-ai-dev-features", "gs://acme-ai-dev-features")
Ask = Callable[[Any, BuiltEnvironment], object]


def platform(notebooks: str = HUB, *, more: str = "", network_policy: str = "cilium") -> str:
    return HEAD + PLANES.format(notebooks=notebooks, more=more, network_policy=network_policy)


class Built:
    """A compiled platform with what was asked of its notebooks."""

    def __init__(self, text: str, *asks: Mapping[str, Any]) -> None:
        self.answers: list[NotebookRef] = []
        self.asks = asks
        self.result: Compilation = compile_documents(read_text(text, "platform.yaml"), compose=self._compose)

    def _compose(self, specs: Any) -> App:
        app = App()
        self.built = build_environment(app, specs[0])
        for ask in self.asks:
            self.answers.append(self.notebooks.workspace(**{**self._usual(ask), **ask}))
        return app

    def _usual(self, ask: Mapping[str, Any]) -> dict[str, Any]:
        team = ask.get("team", "fraud")
        return {
            "name": "churn",
            "team": team,
            "users": [GROUP],
            "profile": "small",
            "scope": self.built.teams[team],
            "identity": self.built.teams[team].identity,
        }

    @property
    def notebooks(self) -> Any:
        found = self.built.components["notebooks"]
        assert isinstance(found, Notebooks)
        return found

    @property
    def values(self) -> dict[str, Any]:
        releases = objects_of(self.notebooks).releases
        return next(each.values for each in releases if each.name == "jupyterhub")

    def override(self, index: int = 0) -> dict[str, Any]:
        return self.values["custom"]["workspaces"][index]["kubespawner_override"]  # type: ignore[no-any-return]

    def object(self, path: str) -> dict[str, Any]:
        return yaml.safe_load(str(self.result.output.files[f"kubernetes/dev/{path}.yaml"]))  # type: ignore[no-any-return]

    def made(self, stack: str, kind: str) -> dict[str, Any]:
        text = str(self.result.output.files[f"stacks/acme-ai-dev-{stack}/cdk.tf.json"])
        return json.loads(text)["resource"].get(kind, {})  # type: ignore[no-any-return]


def refusal(text: str, **ask: Any) -> str:
    with pytest.raises(Refused) as refused:
        Built(text, ask)
    return refused.value.fault.code


# JupyterHub: where servers run, and as whom


def test_a_server_runs_in_its_teams_namespace_as_the_teams_service_account() -> None:
    override = Built(platform(), {}).override()
    assert override["namespace"] == "fraud"
    assert override["service_account"] == "workload"


def test_another_identity_gets_a_service_account_of_its_own() -> None:
    found = Built(platform())
    other = found.built.components["identity"].service_account("churn-notebook")  # type: ignore[attr-defined]
    found = Built(platform(), {"identity": other})
    assert found.override()["service_account"] == "notebook-churn"
    account = found.object("team-fraud/base/serviceaccount-notebook-churn")
    assert account["metadata"]["annotations"] == {"iam.gke.io/gcp-service-account": other.email}
    bindings = found.made("team-fraud", "google_service_account_iam_member").values()
    assert "serviceAccount:acme-ai-dev.svc.id.goog[fraud/notebook-churn]" in {each["member"] for each in bindings}


def test_the_hub_may_make_pods_in_namespaces_of_teams_with_workspaces_alone() -> None:
    found = Built(platform(), {})
    role = found.object("team-fraud/base/role-notebooks")
    may = {(kind, verb) for rule in role["rules"] for kind in rule["resources"] for verb in rule["verbs"]}
    assert ("pods", "create") in may
    assert not {kind for kind, _ in may} & {"secrets", "serviceaccounts", "roles", "services"}
    assert ("persistentvolumeclaims", "delete") not in may
    binding = found.object("team-fraud/base/rolebinding-notebooks")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "hub", "namespace": "jupyterhub"}]
    assert not [path for path in found.result.output.files if "team-search" in path and "notebooks" in path]


def test_two_workspaces_of_a_team_share_what_the_team_needs_once() -> None:
    found = Built(platform(), {}, {"name": "scoring"})
    assert [each["slug"] for each in found.values["custom"]["workspaces"]] == ["fraud-churn", "fraud-scoring"]


def test_homes_are_one_for_each_person_and_workspace_and_stay() -> None:
    found = Built(platform(), {"disk_gib": 50})
    assert found.values["custom"]["workspaces"][0]["home"] == "home-churn-{username}"
    assert found.override()["storage_capacity"] == "50Gi"
    assert found.override()["storage_class"] == "premium-rwo"
    assert found.values["hub"]["config"]["KubeSpawner"]["delete_pvc"] is False


def test_buckets_are_folders_by_the_fuse_driver() -> None:
    found = Built(platform(), {"buckets": [BUCKET]})
    (answer,) = found.answers
    assert answer.mounts == {"acme-ai-dev-features": "/home/jovyan/buckets/acme-ai-dev-features"}
    override = found.override()
    assert override["extra_annotations"] == {"gke-gcsfuse/volumes": "true"}
    volume = override["volumes"]["bucket-0"]
    assert volume["csi"]["driver"] == "gcsfuse.csi.storage.gke.io"
    assert volume["csi"]["volumeAttributes"]["bucketName"] == "acme-ai-dev-features"
    mount = {"name": "bucket-0", "mountPath": answer.mounts["acme-ai-dev-features"]}
    assert override["volume_mounts"] == {"bucket-0": mount}
    assert Built(platform(), {}).override()["extra_annotations"] == {}


def test_idle_servers_end_themselves_and_the_hub_waits_longer_than_the_most_patient() -> None:
    found = Built(platform(), {"idle_minutes": 30}, {"name": "slow", "idle_minutes": 240})
    assert "--ServerApp.shutdown_no_activity_timeout=1800" in found.override()["args"]
    assert found.values["cull"]["timeout"] > 240 * 60


# JupyterHub: accelerators


def test_each_pool_is_a_size_but_queued_ones_only_with_a_queue() -> None:
    def names(text: str) -> list[str]:
        return [each.name for each in Built(text).notebooks.profiles()]

    assert names(platform()) == ["small", "medium", "large", "l4"]
    assert names(platform(more="    batch_queue: kueue")) == ["small", "medium", "large", "l4", "h100"]


def test_a_server_with_an_accelerator_finds_its_pool() -> None:
    override = Built(platform(), {"profile": "l4"}).override()
    assert override["extra_resource_limits"] == {"nvidia.com/gpu": "1"}
    assert override["node_selector"] == {
        "cloud.google.com/gke-accelerator": "nvidia-l4",
        "cloud.google.com/gke-nodepool": "l4",
    }
    assert {each["key"] for each in override["tolerations"]} == {"nvidia.com/gpu", "cloud.google.com/gke-spot"}
    plain = Built(platform(), {}).override()
    assert (plain["extra_resource_limits"], plain["node_selector"], plain["tolerations"]) == ({}, {}, [])


def test_servers_wait_in_the_teams_queue_where_there_is_one() -> None:
    label = "kueue.x-k8s.io/queue-name"
    queued = Built(platform(more="    batch_queue: kueue"), {"profile": "l4"})
    assert queued.override()["extra_labels"][label] == queued.built.teams["fraud"].queue.name  # type: ignore[union-attr]
    assert label not in Built(platform(), {"profile": "l4"}).override()["extra_labels"]


# JupyterHub: network


def test_the_hub_and_servers_reach_each_other_and_nobody_else_does() -> None:
    found = Built(platform(), {})
    egress = found.object("team-fraud/base/networkpolicy-egress-notebooks")["spec"]
    assert egress["podSelector"] == {"matchLabels": {"app.kubernetes.io/component": "singleuser-server"}}
    assert [each["ports"] for each in egress["egress"]] == [[{"port": 8081, "protocol": "TCP"}]]
    ingress = found.object("team-fraud/base/networkpolicy-ingress-notebooks")["spec"]["ingress"]
    assert ingress[0]["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "jupyterhub"}}}]
    proxy = found.object("control/jupyterhub/networkpolicy-proxy")["spec"]["ingress"]
    api = next(rule for rule in proxy if rule["ports"] == [{"port": 8001, "protocol": "TCP"}])
    assert api["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/component": "hub"}}}]


def test_where_others_write_the_rules_no_rule_closes_a_server() -> None:
    """A policy for egress alone would cut servers off from names and all else."""
    found = Built(platform(network_policy="existing"), {})
    assert not [path for path in found.result.output.files if "egress-notebooks" in path]


def test_no_container_of_the_chart_is_privileged_and_nothing_has_a_public_address() -> None:
    values = Built(platform()).values
    assert values["singleuser"]["cloudMetadata"] == {"blockWithIptables": False}
    assert values["proxy"]["service"] == {"type": "ClusterIP"}
    pods = values["hub"]["config"]["KubeSpawner"]
    assert pods["automount_service_account_token"] is False
    assert pods["container_security_context"]["capabilities"] == {"drop": ["ALL"]}


# JupyterHub: secrets, sign-in, state


def test_secrets_come_from_the_store_and_renders_are_equal() -> None:
    found = Built(platform())
    values = found.values
    assert values["hub"]["existingSecret"] == "jupyterhub-hub"
    # What the chart would invent at each render has a value that is the same each time, and that nothing reads.
    assert values["hub"]["cookieSecret"] == values["proxy"]["secretToken"] == PLACEHOLDER
    assert values["hub"]["config"]["CryptKeeper"]["keys"] == [PLACEHOLDER]
    held = found.object("control/jupyterhub/externalsecret-jupyterhub-hub")["spec"]["data"]
    keys = {each["secretKey"] for each in held}
    assert {
        "hub.config.JupyterHub.cookie_secret",
        "hub.config.CryptKeeper.keys",
        "hub.config.ConfigurableHTTPProxy.auth_token",
    } < keys
    token = values["proxy"]["chp"]["extraEnv"]["HUB_PROXY_TOKEN"]["valueFrom"]["secretKeyRef"]
    assert token == {"name": "jupyterhub-hub", "key": "hub.config.ConfigurableHTTPProxy.auth_token"}
    assert values["proxy"]["chp"]["extraEnv"]["NODE_OPTIONS"].endswith(
        "process.env.CONFIGPROXY_AUTH_TOKEN=process.env.HUB_PROXY_TOKEN"
    )
    for name in ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET"):
        assert values["hub"]["extraEnv"][name]["valueFrom"]["secretKeyRef"]["key"] in keys
    assert Built(platform()).values == values


def test_the_database_is_signed_in_to_by_identity_and_without_one_is_a_volume() -> None:
    found = Built(platform(more="    database: cloud-sql")).values["hub"]
    assert found["db"]["url"] == "postgresql+psycopg2://jupyterhub%40acme-ai-dev.iam@127.0.0.1:5432/jupyterhub"
    (proxy,) = found["initContainers"]
    assert proxy["restartPolicy"] == "Always"
    assert {"--auto-iam-authn", "--private-ip"} < set(proxy["args"])
    assert Built(platform()).values["hub"]["db"] == {"type": "sqlite-pvc"}


def test_who_is_in_a_workspace_may_sign_in_and_nobody_else() -> None:
    values = Built(platform(), {}, {"team": "search", "users": ["user:eve@acme.example"]}).values
    config = values["hub"]["config"]
    assert config["JupyterHub"]["authenticator_class"] == "google"
    assert config["GoogleOAuthenticator"]["hosted_domain"] == ["acme.example"]
    assert config["GoogleOAuthenticator"]["allowed_groups"] == [GROUP, "user:eve@acme.example"]
    assert "allow_all" not in config["GoogleOAuthenticator"]
    assert Built(platform()).values["hub"]["config"]["GoogleOAuthenticator"]["allowed_groups"] == []


def test_github_knows_those_that_the_blueprint_maps() -> None:
    hub = HUB.removesuffix("}") + f', github: {{organization: acme, teams: {{"{GROUP}": fraud-ml}}}}}}'
    found = Built(platform(hub), {})
    assert found.values["hub"]["config"]["JupyterHub"]["authenticator_class"] == "github"
    assert found.values["custom"]["teams"] == {GROUP: "fraud-ml"}
    assert refusal(platform(hub), users=["group:others@acme.example"]) == "contract/cannot-sign-in"


# JupyterHub: the configuration that runs in the hub


class Group:
    def __init__(self, name: str) -> None:
        self.name = name


class Spawner:
    """As much of KubeSpawner's interface as the configuration uses."""

    def __init__(self, *groups: str) -> None:
        self.user = types.SimpleNamespace(name="eve", groups=[Group(name) for name in groups])

    def _expand_user_properties(self, template: str) -> str:
        return template.format(username=self.user.name)


class HTTPError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def hub_configuration(values: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The profile list that the hub would have."""
    web = types.ModuleType("tornado.web")
    web.HTTPError = HTTPError  # type: ignore[attr-defined]
    tornado = types.ModuleType("tornado")
    tornado.web = web  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tornado", tornado)
    config = types.SimpleNamespace(KubeSpawner=types.SimpleNamespace())
    scope = {"c": config, "get_config": lambda path: values[path.split(".")[0]][path.split(".")[1]]}
    exec(values["hub"]["extraConfig"]["workspaces"], scope)
    return config.KubeSpawner.profile_list


def test_a_person_is_offered_the_workspaces_of_their_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Built(platform(), {}, {"team": "search", "users": ["user:eve@acme.example"]})
    offered = hub_configuration(found.values, monkeypatch)
    (profile,) = offered(Spawner("user:eve@acme.example"))
    assert profile["slug"] == "search-churn"
    assert profile["kubespawner_override"]["pvc_name"](Spawner()) == "home-churn-eve"
    assert "users" not in profile
    assert [each["slug"] for each in offered(Spawner(GROUP, "user:eve@acme.example"))] == [
        "fraud-churn",
        "search-churn",
    ]


def test_who_has_no_workspace_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = hub_configuration(Built(platform(), {}).values, monkeypatch)
    with pytest.raises(HTTPError) as refused:
        offered(Spawner("group:others@acme.example"))
    assert refused.value.status == 403


def test_all_of_the_hubs_configuration_is_python() -> None:
    github = HUB.removesuffix("}") + ", github: {organization: acme}}"
    for text in (platform(), platform(github)):
        parts = Built(text).values["hub"]["extraConfig"]
        assert parts
        for name, source in parts.items():
            compile(source, name, "exec")


def test_github_teams_become_groups() -> None:
    hub = HUB.removesuffix("}") + (
        f', github: {{organization: Acme, teams: {{"{GROUP}": fraud-ml}}, logins: {{"user:eve@acme.example": Eve}}}}}}'
    )
    values = Built(platform(hub)).values
    config = types.SimpleNamespace(GitHubOAuthenticator=types.SimpleNamespace())
    scope = {"c": config, "get_config": lambda path: values["custom"][path.split(".")[1]]}
    exec(values["hub"]["extraConfig"]["github_teams"], scope)
    groups = config.GitHubOAuthenticator.auth_state_groups_key

    def state(login: str, organization: str) -> dict[str, Any]:
        team = {"slug": "fraud-ml", "organization": {"login": organization}}
        return {"github_user": {"login": login}, "teams": [team]}

    assert groups(state("eve", "acme")) == ["user:eve@acme.example", GROUP]
    assert groups(state("mallory", "acme-imitation")) == []


# Assistant


def test_the_assistant_is_in_every_server_and_the_teams_identity_may_call_it() -> None:
    found = Built(platform(HUB + ", assistant: claude-code"), {})
    override = found.override()
    assert override["environment"]["CLAUDE_CODE_USE_VERTEX"] == "1"
    mounted = {each["mountPath"]: each for each in override["volume_mounts"].values()}
    assert mounted["/etc/claude-code/managed-settings.json"]["readOnly"] is True
    files = found.object("team-fraud/base/configmap-notebooks-assistant")["data"]
    assert json.loads(files["managed-settings.json"])["allowManagedPermissionRulesOnly"] is True
    members = found.made("control", "google_project_iam_member")
    assert {each["member"] for each in members.values()} == {
        "serviceAccount:team-fraud@acme-ai-dev.iam.gserviceaccount.com"
    }


# Workbench


def test_a_workbench_machine_is_private_and_its_teams() -> None:
    found = Built(platform(WORKBENCH), {"buckets": [BUCKET], "idle_minutes": 90, "disk_gib": 200})
    machine = found.made("team-fraud", "google_workbench_instance")["notebook_churn"]
    (setup,) = machine["gce_setup"]
    assert setup["disable_public_ip"] is True
    assert setup["service_accounts"] == [{"email": "team-fraud@acme-ai-dev.iam.gserviceaccount.com"}]
    assert setup["metadata"]["idle-timeout-seconds"] == "5400"
    assert setup["metadata"]["notebook-disable-root"] == "true"
    assert setup["data_disks"][0]["disk_size_gb"] == "200"
    assert setup["shielded_instance_config"][0]["enable_secure_boot"] is True
    assert "gcsfuse" in setup["metadata"]["startup-script"]
    assert machine["labels"]["team"] == "fraud"
    assert machine["location"] == "europe-west4-a"
    assert "prevent_destroy" not in machine["lifecycle"]
    kept = Built(platform(WORKBENCH).replace("{project: ", "{production: true, project: "), {})
    assert kept.made("team-fraud", "google_workbench_instance")["notebook_churn"]["lifecycle"]["prevent_destroy"]


def test_disks_are_encrypted_with_customer_keys_where_there_are_some() -> None:
    plain = Built(platform(WORKBENCH), {}).made("team-fraud", "google_workbench_instance")["notebook_churn"]
    assert plain["gce_setup"][0]["boot_disk"][0]["disk_encryption"] == "GMEK"
    keyed = Built(platform(WORKBENCH).replace("identity: iam", "identity: iam, keys: cloud-kms"), {})
    machine = keyed.made("team-fraud", "google_workbench_instance")["notebook_churn"]
    for disk in (machine["gce_setup"][0]["boot_disk"][0], machine["gce_setup"][0]["data_disks"][0]):
        assert disk["kms_key"].endswith("/cryptoKeys/notebooks")
    members = {each["member"] for each in keyed.made("security", "google_kms_crypto_key_iam_member").values()}
    for agent in ("gcp-sa-notebooks", "compute-system"):
        assert f"serviceAccount:service-111111111111@{agent}.iam.gserviceaccount.com" in members


def test_one_user_has_the_machine_alone_and_several_open_it_by_its_identity() -> None:
    alone = Built(platform(WORKBENCH), {"users": ["user:eve@acme.example"]})
    assert alone.made("team-fraud", "google_workbench_instance")["notebook_churn"]["instance_owners"] == [
        "eve@acme.example"
    ]
    shared = Built(platform(WORKBENCH), {"users": [GROUP, "user:eve@acme.example"]}, {"name": "scoring"})
    assert "instance_owners" not in shared.made("team-fraud", "google_workbench_instance")["notebook_churn"]
    acting = shared.made("team-fraud", "google_service_account_iam_member").values()
    users = sorted(each["member"] for each in acting if each["role"] == "roles/iam.serviceAccountUser")
    assert users == [GROUP, "user:eve@acme.example"]


def test_users_may_start_a_machine_and_not_delete_it() -> None:
    found = Built(platform(WORKBENCH), {})
    (member,) = found.made("team-fraud", "google_workbench_instance_iam_member").values()
    assert member["role"] == "projects/acme-ai-dev/roles/acme_ai_dev_workbench_user"
    (role,) = found.made("control", "google_project_iam_custom_role").values()
    assert "notebooks.instances.start" in role["permissions"]
    assert not [each for each in role["permissions"] if each.endswith((".delete", ".create", ".setIamPolicy"))]


def test_gpus_of_a_machine_are_its_own_or_attached() -> None:
    sizes = ", sizes: {t4: {machine_type: n1-standard-8, accelerator: nvidia-tesla-t4, count: 2}}}"
    found = Built(platform(WORKBENCH.removesuffix("}") + sizes), {"profile": "t4"}, {"name": "l4", "profile": "l4"})
    machines = found.made("team-fraud", "google_workbench_instance")
    gpus = {name: each["gce_setup"][0]["accelerator_configs"] for name, each in machines.items()}
    assert gpus == {
        "notebook_churn": [{"type": "NVIDIA_TESLA_T4", "core_count": "2"}],
        "notebook_l4": [{"type": "NVIDIA_L4", "core_count": "1"}],
    }


# One contract


EXISTING = "{use: existing, url: 'https://hub.acme.example', sizes: {small: {cpus: 2, memory_gib: 8}}}"


@pytest.mark.parametrize("notebooks", [HUB, WORKBENCH, EXISTING])
def test_every_component_answers_with_a_url(notebooks: str) -> None:
    found = Built(platform(notebooks), {})
    (answer,) = found.answers
    assert answer.name == "churn"
    assert answer.url.startswith("https://")
    assert "small" in {each.name for each in found.notebooks.profiles()}
    assert refusal(platform(notebooks), profile="enormous") == "contract/unknown-profile"


@pytest.mark.parametrize("notebooks", [HUB, WORKBENCH])
@pytest.mark.parametrize("name", ["Churn", "churn_1", "", "-churn", "c" * 60])
def test_names_that_no_workspace_can_have(notebooks: str, name: str) -> None:
    assert refusal(platform(notebooks), name=name) == "contract/bad-name"


@pytest.mark.parametrize("notebooks", [HUB, WORKBENCH])
def test_two_workspaces_cannot_have_one_name(notebooks: str) -> None:
    with pytest.raises(Refused) as refused:
        Built(platform(notebooks), {}, {})
    assert refused.value.fault.code == "contract/bad-name"


def test_service_accounts_do_not_sign_in() -> None:
    assert refusal(platform(), users=["serviceAccount:a@b.iam.gserviceaccount.com"]) == "contract/cannot-sign-in"


def test_an_image_without_a_version_is_refused() -> None:
    hub = HUB.removesuffix("}") + ", image: quay.io/jupyter/scipy-notebook:latest}"
    with pytest.raises(DiagnosticError) as caught:
        Built(platform(hub))
    assert {each.code for each in caught.value.diagnostics} == {"spec/bad-form"}


def test_a_hub_of_no_organisation_needs_a_domain() -> None:
    alone = Environment(platform="acme", name="dev", project="acme-dev", project_number="1" * 12, region="europe-west4")
    for settings, expected in (
        ({}, ["spec/missing-key"]),
        ({"google": {"domains": ["acme.example"]}}, []),
        ({"github": {"organization": "acme"}}, []),
    ):
        parsed = parse(JupyterHubSettings, {"host": "notebooks.acme.example", **settings})
        assert isinstance(parsed, JupyterHubSettings), parsed
        assert [fault.code for fault in JupyterHub.check(parsed, alone)] == expected


class Watch:
    """A Monitoring that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: dict[str, dict[str, Any]] = {}

    def scrape(self, name: str, **more: Any) -> None:
        self.asked[f"scrape {name}"] = more

    def dashboard(self, name: str, **more: Any) -> None:
        self.asked[f"dashboard {name}"] = more

    def alert(self, name: str, **more: Any) -> None:
        self.asked[f"alert {name}"] = more

    def objective(self, name: str, **more: Any) -> None:
        self.asked[f"objective {name}"] = more


def test_the_metrics_are_open_only_to_monitoring() -> None:
    others = Built(platform()).built.components
    wanted = {each.capability for each in JupyterHub.needs()}
    needs: dict[str, Any] = {name: component for name, component in others.items() if name in wanted}
    settings = JupyterHubSettings(host="notebooks.acme.example")
    environment = Built(platform()).built.spec.environment
    for monitoring, closed in ((None, True), (Watch(), False)):
        stack = TerraformStack(App(), "acme-ai-dev-elsewhere")
        hub = JupyterHub(stack, "hub", settings, environment=environment, **needs, monitoring=monitoring)
        (release,) = objects_of(hub).releases
        assert release.values["hub"]["authenticatePrometheus"] is closed
        (rule,) = next(each for each in objects_of(hub) if each.name == "hub").body["spec"]["ingress"]
        assert ("from" in rule) is closed
        if isinstance(monitoring, Watch):
            assert monitoring.asked["scrape jupyterhub"]["path"] == "/hub/metrics"
            assert "alert notebooks-hub-down" in monitoring.asked
