"""Analysis of code: its server can be in the plane of security, merges wait for gates, tokens go by reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from planform.blueprint.read import read_text
from planform.contracts.code_analysis import CodeAnalysis
from planform.contracts.version_control import CodeRepository
from planform.engine import App, TerraformStack, synthesize
from planform.environment import BuiltEnvironment, build_environment
from planform.kubernetes.record import objects_of
from planform.pipeline import compile_documents
from planform.planes.catalog import builtin
from planform.planes.component import Refused
from planform.planes.security.codeql import Codeql, CodeqlSettings
from planform.planes.security.existing_code_analysis import ExistingCodeAnalysis, ExistingCodeAnalysisSettings
from planform.planes.security.sonarqube import Sonarqube, SonarqubeSettings
from planform.spec.environment import Environment
from planform.spec.resolve import resolve
from tests import terraform

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
FRAUD = CodeRepository("github.com", "acme", "fraud.scoring")
STACK = "acme-ai-dev-security-code-analysis"
PLATFORM = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
planes:
  security:
    services: project-services
    identity: {use: iam, github: {owner_id: "123456", repository: acme/platform}}
    secrets: secret-manager
    network_policy: kubernetes-network-policy
    code_analysis: {use: sonarqube, host: sonarqube.acme.example}
  resource: {networking: vpc, compute: gke, database: cloud-sql}
  delivery: {gitops: {use: argo-cd, git: {repository: https://github.com/acme/ai-platform}}}
environments:
  dev: {project: acme-ai-dev, project_number: "111111111111", production: true}
"""


class Platform:
    """A built environment, to ask and then to write."""

    def __init__(self, **settings: object) -> None:
        more = "".join(f", {name}: {json.dumps(value)}" for name, value in settings.items())
        text = PLATFORM.replace("sonarqube.acme.example}", f"sonarqube.acme.example{more}}}")
        (spec,) = resolve([*read_text(text, "platform.yaml")], builtin())
        self.app = App()
        self.built: BuiltEnvironment = build_environment(self.app, spec)
        found = self.built.components["code_analysis"]
        assert isinstance(found, CodeAnalysis)
        self.analysis: CodeAnalysis = found

    def documents(self) -> dict[str, str]:
        return {
            name.split("/")[1]: str(text)
            for name, text in synthesize(self.app).items()
            if name.startswith("stacks/") and name.endswith("cdk.tf.json")
        }

    def made(self, kind: str, stack: str = STACK) -> dict[str, dict[str, Any]]:
        return dict(json.loads(self.documents()[stack]).get("resource", {}).get(kind, {}))

    def values(self) -> Mapping[str, Any]:
        (release,) = objects_of(self.built.components["code_analysis"]).releases
        return release.values


def test_the_server_has_a_stack_for_itself_so_that_its_plane_can_come_first() -> None:
    compiled = compile_documents(read_text(PLATFORM, "platform.yaml"))
    order = [name.removeprefix("acme-ai-dev-") for name in compiled.stacks]
    assert order.index("security") < order.index("resource") < order.index("security-code-analysis")
    dependencies = json.loads(compiled.output.files["manifest.json"])["stacks"][STACK]["dependencies"]
    assert sorted(dependencies) == ["acme-ai-dev-resource", "acme-ai-dev-security"]
    (row,) = [row for row in compiled.summary if row.stack == STACK]
    assert row.plane == "security"
    security = json.loads(compiled.output.files["stacks/acme-ai-dev-security/cdk.tf.json"])
    assert "sonarqube" not in security["terraform"]["required_providers"]
    assert "acme-ai-dev-sonarqube-monitoring-passcode" in str(security["resource"]["google_secret_manager_secret"])


def test_a_part_of_the_output_has_the_stack_with_its_plane() -> None:
    compiled = compile_documents(read_text(PLATFORM, "platform.yaml"), planes=["security"])
    assert set(compiled.stacks) == {"acme-ai-dev-security", STACK}


def test_one_stack_for_all_still_leaves_the_server_its_own() -> None:
    compiled = compile_documents(read_text(PLATFORM.replace("planes:\n", "layout: single\nplanes:\n", 1), "p.yaml"))
    assert compiled.stacks == ("acme-ai-dev", "acme-ai-dev-code-analysis")


def test_the_server_signs_in_without_a_password_and_runs_without_privileges() -> None:
    values = Platform().values()
    assert values["jdbcOverwrite"]["jdbcUsername"] == "sonarqube@acme-ai-dev.iam"
    assert values["jdbcOverwrite"]["jdbcUrl"] == "jdbc:postgresql://127.0.0.1:5432/sonarqube"
    assert "jdbcPassword" not in values["jdbcOverwrite"]
    assert "monitoringPasscode" not in values
    assert values["initSysctl"] == values["initFs"] == {"enabled": False}
    (proxy,) = values["extraInitContainers"]
    assert proxy["args"][-1] == "acme-ai-dev:europe-west4:acme-ai-dev-database-01"
    assert values["sonarProperties"]["sonar.search.javaAdditionalOpts"] == "-Dnode.store.allow_mmap=false"
    assert "sonar.search.javaAdditionalOpts" not in Platform(node_pool="search").values()["sonarProperties"]


def test_the_free_edition_is_told_to_chart_and_provider() -> None:
    free, paid = Platform(edition="community"), Platform()
    free.analysis.project(FRAUD)
    paid.analysis.project(FRAUD)
    assert (free.values()["edition"], free.values()["community"]) == ("", {"enabled": True})
    assert (paid.values()["edition"], paid.values()["community"]) == ("developer", {"enabled": False})
    editions = [json.loads(each.documents()[STACK])["provider"]["sonarqube"][0] for each in (free, paid)]
    assert [each["installed_edition"] for each in editions] == ["Community", "Developer"]
    assert all(each["installed_version"] for each in editions)
    assert not any(name in each for each in editions for name in ("token", "user", "pass"))
    assert list(free.made("sonarqube_qualityprofile_activate_rule")) == ["python_s6985"]
    assert free.made("sonarqube_new_code_periods")["fraud_scoring"]["type"] == "NUMBER_OF_DAYS"
    assert paid.made("sonarqube_new_code_periods")["fraud_scoring"]["type"] == "REFERENCE_BRANCH"


def test_a_project_is_made_once_with_gate_profile_and_team() -> None:
    platform = Platform(github_app="github-acme", gate={"new_violations": 0, "new_coverage": 70})
    first = platform.analysis.project(FRAUD, team="fraud")
    assert platform.analysis.project(FRAUD, team="fraud") == first
    platform.analysis.project(CodeRepository("github.com", "acme", "web"), language="typescript", team="fraud")
    assert (first.key, first.check) == ("acme_fraud.scoring", "SonarQube Code Analysis")
    assert first.url == "https://sonarqube.acme.example/dashboard?id=acme_fraud.scoring"
    project = platform.made("sonarqube_project")["fraud_scoring"]
    assert (project["visibility"], project["lifecycle"]) == ("private", {"prevent_destroy": True})
    assert set(platform.made("sonarqube_qualitygate_project_association")) == {"fraud_scoring", "web"}
    assert set(platform.made("sonarqube_qualityprofile_project_association")) == {"fraud_scoring"}
    assert set(platform.made("sonarqube_github_binding")) == {"fraud_scoring", "web"}
    assert set(platform.made("sonarqube_group")) == {"scanners", "team_fraud"}
    gate = platform.made("sonarqube_qualitygate")["platform"]["condition"]
    assert [(each["metric"], each["op"]) for each in gate] == [("new_coverage", "LT"), ("new_violations", "GT")]


def test_ci_waits_for_the_gate_with_a_token_that_it_alone_reads() -> None:
    platform = Platform()
    (step,) = platform.analysis.steps(platform.analysis.project(FRAUD))
    assert step.tool == "sonar-scan"
    assert "-Dsonar.projectKey=acme_fraud.scoring" in step.inputs["args"]
    assert "-Dsonar.qualitygate.wait=true" in step.inputs["args"]
    assert step.secrets == {"SONAR_TOKEN": "projects/acme-ai-dev/secrets/acme-ai-dev-sonar-token-fraud-scoring"}
    readers = platform.made("google_secret_manager_secret_iam_member", "acme-ai-dev-security")
    (reader,) = [body for name, body in readers.items() if name.startswith("sonar_token")]
    assert "plan" in reader["member"]
    assert not platform.made("sonarqube_user_token")


def test_other_environments_use_the_server_and_make_none() -> None:
    platform = Platform(makes_shared=False)
    (step,) = platform.analysis.steps(platform.analysis.project(FRAUD))
    assert step.variables == {"SONAR_HOST_URL": "https://sonarqube.acme.example"}
    assert not objects_of(platform.built.components["code_analysis"]).releases
    assert STACK not in platform.built.stacks
    assert not [child for child in platform.built.components["code_analysis"].node.scopes if child.node.id == STACK]
    assert not platform.made("google_sql_database", "acme-ai-dev-resource")


class Watcher:
    """A monitoring component that remembers what it was asked."""

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


def test_the_server_is_watched_where_there_is_monitoring() -> None:
    platform, watcher = Platform(makes_shared=False), Watcher()
    components = platform.built.components
    needs: dict[str, Any] = {need.capability: components.get(need.capability) for need in Sonarqube.needs()}
    settings = SonarqubeSettings(host="sonarqube.acme.example", makes_shared=True)
    Sonarqube(
        TerraformStack(platform.app, "again"),
        "code_analysis",
        settings,
        environment=platform.built.spec.environment,
        **{**needs, "monitoring": watcher},
    )
    assert sorted(watcher.asked) == [
        "alert sonarqube-database",
        "alert sonarqube-down",
        "dashboard sonarqube",
        "scrape sonarqube",
    ]
    assert watcher.asked["scrape sonarqube"]["port"] == 9801
    assert "cloudsqlconn_dial_failure_count" in watcher.asked["alert sonarqube-database"]["query"]


def test_a_language_that_nobody_looks_into_is_refused() -> None:
    for analysis in (Platform().analysis, codeql()):
        with pytest.raises(Refused) as refused:
            analysis.project(FRAUD, language="cobol")
        assert refused.value.fault.code == "contract/unknown-language"


@pytest.mark.terraform
def test_the_real_provider_plans_the_server_s_content(tmp_path: Path) -> None:
    terraform.need("google", "sonarqube")
    platform = Platform(github_app="github-acme")
    platform.analysis.project(FRAUD, team="fraud")
    verdict = terraform.judge({STACK: platform.documents()[STACK]}, tmp_path)[STACK]
    assert verdict.problems == ()
    assert verdict.created == 17


def codeql(**settings: Any) -> Codeql:
    return Codeql(TerraformStack(App(), "x"), "code_analysis", CodeqlSettings(**settings), environment=DEV)


def test_codeql_is_two_steps_or_none_of_ours() -> None:
    component = codeql()
    analysis = component.project(FRAUD, language="kotlin")
    assert (analysis.check, analysis.url) == ("CodeQL", "https://github.com/acme/fraud.scoring/security/code-scanning")
    start, analyse = component.steps(analysis)
    assert start.inputs == {"languages": "java-kotlin", "build_mode": "none", "queries": "security-extended"}
    assert analyse.inputs == {"category": "/language:java-kotlin"}
    assert not start.secrets
    assert codeql(setup="default").steps(analysis) == ()


def test_codeql_is_for_code_on_github() -> None:
    with pytest.raises(Refused) as refused:
        codeql().project(CodeRepository("gitlab.com", "acme", "fraud"))
    assert refused.value.fault.code == "contract/not-on-github"


def test_an_existing_analyser_is_called_by_key() -> None:
    settings: dict[str, Any] = {
        "url": "https://sonarcloud.io/project/overview?id={key}",
        "command": "scan {key}",
        "secrets": {"SONAR_TOKEN": "sonar-token"},
    }

    def existing(**more: Any) -> ExistingCodeAnalysis:
        given = ExistingCodeAnalysisSettings(**settings, **more)
        return ExistingCodeAnalysis(TerraformStack(App(), "x"), "code_analysis", given, environment=DEV)

    analysis = existing().project(FRAUD)
    assert analysis.url == "https://sonarcloud.io/project/overview?id=acme_fraud.scoring"
    (step,) = existing().steps(analysis)
    assert (step.run, step.secrets) == ("scan acme_fraud.scoring", {"SONAR_TOKEN": "sonar-token"})
    with pytest.raises(Refused) as refused:
        existing(projects={"acme/other": "other"}).project(FRAUD)
    assert refused.value.fault.code == "contract/not-named"
