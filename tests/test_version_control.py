"""Repositories: rules before people, reviewers in production, what is shared made once, and the same for every host."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
import yaml

from planform.engine import App, TerraformStack, synthesize
from planform.output.files import texts
from planform.planes.component import Place, Refused
from planform.planes.delivery.existing_version_control import ExistingVersionControl, ExistingVersionControlSettings
from planform.planes.delivery.github import Github, GithubSettings
from planform.planes.delivery.gitlab import Gitlab, GitlabSettings
from planform.spec.environment import Environment
from planform.spec.faults import parse

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
STACK = "acme-ai-delivery"


class Made:
    """One component alone in a stack."""

    def __init__(self, component: Any, settings: Any, environment: Environment = PROD) -> None:
        self.app = App()
        assert not isinstance(settings, list), settings
        stack = TerraformStack(self.app, STACK)
        place = Place("delivery", "platform-team")
        self.code = component(stack, "version_control", settings, environment=environment, place=place)
        self._open = True

    def finish(self) -> None:
        """The end of all asking, once."""
        if self._open:
            self.code.finish()
        self._open = False

    def document(self) -> dict[str, Any]:
        self.finish()
        return dict(json.loads(synthesize(self.app)[f"stacks/{STACK}/cdk.tf.json"]))

    def records(self, kind: str) -> dict[str, Any]:
        return dict(self.document().get("resource", {}).get(kind, {}))

    def files(self) -> dict[str, str]:
        self.finish()
        return texts(self.app)


def github(environment: Environment = PROD, **settings: Any) -> Made:
    return Made(Github, parse(GithubSettings, {"repository": "acme/ai-platform", **settings}), environment)


def refusal(ask: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as caught:
        ask(*args, **kwargs)
    assert caught.value.fault.help
    return str(caught.value.fault.code)


# GitHub


def test_the_rules_come_after_every_file_and_files_one_after_another() -> None:
    made = github()
    repository = made.code.repository("fraud-scoring", team="fraud")
    made.code.write(repository, {"a.txt": "a", ".github/workflows/deliver.yml": "x: ${{ y }}\n"})
    made.code.write(repository, {"c.txt": "c"})
    files = made.records("github_repository_file")
    chain = ["fraud_scoring_a_txt", "fraud_scoring__github_workflows_deliver_yml", "fraud_scoring_c_txt"]
    assert "depends_on" not in files[chain[0]]
    for before, after in pairwise(chain):
        assert files[after]["depends_on"] == [f"github_repository_file.{before}"]
    assert files[chain[1]]["content"] == "x: $${{ y }}\n"
    assert files[chain[0]]["lifecycle"]["ignore_changes"] == ["content", "commit_message"]
    rules = made.records("github_repository_ruleset")["fraud_scoring_branch"]
    assert {f"github_repository_file.{name}" for name in chain} <= set(rules["depends_on"])


def test_the_default_branch_asks_for_reviews_checks_and_a_straight_history() -> None:
    made = github(rules={"reviews": 2, "checks": ["deliver"]}, terraform_app_id=7)
    made.code.repository("fraud-scoring")
    ruleset = made.records("github_repository_ruleset")["fraud_scoring_branch"]
    (rules,) = ruleset["rules"]
    assert rules["deletion"] and rules["non_fast_forward"] and rules["required_linear_history"]
    assert rules["pull_request"][0]["required_approving_review_count"] == 2
    assert rules["pull_request"][0]["require_code_owner_review"] is True
    assert rules["required_status_checks"][0]["required_check"] == [{"context": "deliver", "integration_id": 15368}]
    assert ruleset["bypass_actors"] == [{"actor_id": 7, "actor_type": "Integration", "bypass_mode": "always"}]
    plain = github()
    plain.code.repository("x")
    other = plain.records("github_repository_ruleset")["x_branch"]
    assert "bypass_actors" not in other and "required_status_checks" not in other["rules"][0]


def test_only_pinned_and_listed_actions_run_with_a_token_that_reads() -> None:
    made = github(allowed_actions=["acme/*"])
    made.code.repository("x")
    allowed = made.records("github_actions_repository_permissions")["x"]
    assert allowed["sha_pinning_required"] is True and allowed["allowed_actions"] == "selected"
    assert "acme/*" in allowed["allowed_actions_config"][0]["patterns_allowed"]
    assert made.records("github_workflow_repository_permissions")["x"]["default_workflow_permissions"] == "read"


def test_what_is_shared_is_made_by_one_environment() -> None:
    shared, other = github(), github(DEV)
    for made in (shared, other):
        repository = made.code.repository("fraud-scoring", team="fraud")
        made.code.write(repository, {"a.txt": "a"})
        made.code.variable(repository, "REGISTRY", "europe-west4-docker.pkg.dev")
    once = ("github_repository", "github_team", "github_repository_ruleset", "github_repository_file")
    assert all(shared.records(kind) for kind in once)
    assert not any(other.records(kind) for kind in once)
    for made, name in ((shared, "prod"), (other, "dev")):
        (entry,) = made.records("github_repository_environment").values()
        assert entry["environment"] == name
        (policy,) = made.records("github_repository_environment_deployment_policy").values()
        assert policy["branch_pattern"] == "main"
        (variable,) = made.records("github_actions_environment_variable").values()
        assert variable["value"] == "europe-west4-docker.pkg.dev"


def test_production_waits_for_the_owning_team_and_for_nobody_else() -> None:
    made = github()
    made.code.repository("fraud-scoring", team="fraud")
    entry = made.records("github_repository_environment")["fraud_scoring_prod"]
    assert entry["reviewers"] == [{"teams": ["${tonumber(github_team.fraud.id)}"]}]
    assert entry["prevent_self_review"] is True and entry["can_admins_bypass"] is False
    development = github(DEV)
    development.code.repository("fraud-scoring", team="fraud")
    assert "reviewers" not in development.records("github_repository_environment")["fraud_scoring_dev"]


def test_reviewers_are_added_up_whoever_asks_first() -> None:
    made = github()
    platform = made.code.platform_repository()
    made.code.variable(platform, "REGION", "europe-west4")
    made.code.gate(platform, "prod", reviewers=["sre"])
    made.code.gate(platform, "other")
    entries = made.records("github_repository_environment")
    assert entries["ai_platform_prod"]["reviewers"] == [{"teams": ["${tonumber(github_team.sre.id)}"]}]
    assert entries["ai_platform_other"]["reviewers"] == [{"teams": ["${tonumber(github_team.platform_team.id)}"]}]


def test_a_team_that_github_has_is_named_by_its_number() -> None:
    given = {"teams": {"fraud": {"id": 42, "slug": "fraud-ml"}}}
    made = github(DEV, reviewed_deployments=True, **given)
    made.code.repository("fraud-scoring", team="fraud")
    entry = made.records("github_repository_environment")["fraud_scoring_dev"]
    assert entry["reviewers"] == [{"teams": [42]}]
    assert made.code.code_owners({"*": ["fraud", "sre"]})[".github/CODEOWNERS"].endswith("* @acme/fraud-ml @acme/sre\n")
    assert refusal(made.code.gate, made.code.platform_repository(), "x", reviewers=["sre"]) == "contract/unknown-team"


def test_at_most_six_reviewers() -> None:
    made = github()
    platform = made.code.platform_repository()
    made.code.gate(platform, "six", reviewers=list("abcdef"))
    assert refusal(made.code.gate, platform, "seven", reviewers=list("abcdefg")) == "contract/too-many-reviewers"


def test_the_platforms_own_repository_is_ruled_only_when_asked() -> None:
    kept = github()
    kept.code.gate(kept.code.platform_repository(), "prod")
    assert kept.records("github_repository") == {}
    assert kept.records("github_repository_environment")["ai_platform_prod"]["repository"] == "ai-platform"
    managed = github(manage_repository=True, rules={"platform_checks": ["prod-plan"]})
    ruleset = managed.records("github_repository_ruleset")["ai_platform_branch"]
    assert ruleset["rules"][0]["required_status_checks"][0]["required_check"][0]["context"] == "prod-plan"
    assert managed.records("github_repository")["ai_platform"]["lifecycle"] == {"prevent_destroy": True}


def test_the_provider_calls_nobody_while_it_is_judged() -> None:
    document = github().document()
    assert document["provider"]["github"] == [{"owner": '${var.offline ? null : "acme"}'}]
    assert document["variable"]["offline"]["default"] is False


def test_files_of_the_platforms_repository_are_output() -> None:
    made = github()
    made.code.write(made.code.platform_repository(), {"docs/a.md": "a\n"})
    assert made.files() == {"repository/docs/a.md": "a\n"}


# Every host


HOSTS = (
    (Github, {"repository": "acme/ai-platform"}),
    (Gitlab, {"repository": "acme/ai-platform", "group_id": 1}),
    (ExistingVersionControl, {"repository": "acme/ai-platform", "repositories": {"x": "acme/x"}}),
)


@pytest.mark.parametrize(("component", "settings"), HOSTS, ids=lambda each: getattr(each, "name", ""))
def test_a_swap_keeps_what_is_asked_and_given(component: Any, settings: dict[str, Any]) -> None:
    code = Made(component, parse(component.Settings, settings)).code
    assert code.platform_repository().full_name == "acme/ai-platform"
    repository = code.repository("x", team="fraud", purpose="Scoring")
    assert (repository.full_name, repository.branch) == ("acme/x", "main")
    assert code.gate(repository, "prod-x") == "prod-x"
    code.variable(repository, "REGION", "europe-west4")
    code.write(code.platform_repository(), {"a.txt": "a\n"})
    (owners,) = code.code_owners({"/stacks/*-data/": ["data"], "*": ["sre", "data"]}).values()
    assert owners.splitlines()[1:] == ["/stacks/*-data/ @acme/data", "* @acme/sre @acme/data"]
    code.finish()


@pytest.mark.parametrize(("component", "settings"), HOSTS[:2], ids=lambda each: getattr(each, "name", ""))
def test_names_that_a_host_refuses(component: Any, settings: dict[str, Any]) -> None:
    code = Made(component, parse(component.Settings, settings)).code
    assert refusal(code.repository, "a/b") == "contract/bad-name"
    for name in ("region", "A-B", "GITHUB_X" if component is Github else "CI_X"):
        assert refusal(code.variable, code.platform_repository(), name, "x") == "contract/bad-name"
    code.variable(code.platform_repository(), "A", "x")
    code.variable(code.platform_repository(), "A", "x")
    assert refusal(code.variable, code.platform_repository(), "A", "y") == "contract/other-value"


# GitLab and what exists


def test_gitlab_is_told_by_calls_in_their_order() -> None:
    made = Made(Gitlab, parse(GitlabSettings, {"repository": "acme/ai/platform", "group_id": 7}))
    repository = made.code.repository("fraud-scoring", team="fraud")
    made.code.variable(repository, "REGION", "europe-west4")
    made.code.write(repository, {"a.txt": "a\n"})
    files = {path.partition("gitlab/gitlab/")[2]: body for path, body in made.files().items()}
    assert files["fraud-scoring/a.txt"] == "a\n"
    calls = json.loads(files["requests.json"])
    assert calls[0]["path"] == "projects" and calls[0]["body"]["namespace_id"] == 7
    branch = next(call["body"] for call in calls if call["path"].endswith("/protected_branches"))
    assert (branch["push_access_level"], branch["allow_force_push"]) == (0, False)
    protected = [call for call in calls if call["path"].endswith("fraud-scoring/protected_environments")]
    assert [call["approvers"] for call in protected] == [["acme/ai/fraud"]]
    assert calls[-1]["body"]["environment_scope"] == "prod"


def test_what_exists_is_named_and_its_owner_is_told_what_to_make() -> None:
    settings = {"repository": "acme/ai-platform", "repositories": {"x": "acme/y"}, "teams": {"fraud": "@acme/ml"}}
    made = Made(ExistingVersionControl, parse(ExistingVersionControlSettings, settings))
    repository = made.code.repository("x", team="fraud")
    made.code.variable(repository, "REGION", "europe-west4")
    made.code.write(repository, {"a.txt": "a\n"})
    made.code.variable(repository, "REGION", "europe-west4")
    assert refusal(made.code.variable, repository, "REGION", "europe-west1") == "contract/other-value"
    assert refusal(made.code.repository, "z") == "contract/not-named"
    files = {path.partition("existing-version_control/")[2]: body for path, body in made.files().items()}
    assert files["repositories/y/a.txt"] == "a\n"
    listed = yaml.safe_load(files["repositories.yaml"])["acme/y"]
    assert listed["variables"] == {"REGION": "europe-west4"}
    assert listed["deployment_environments"] == [{"name": "prod", "branch": "main", "reviewers": ["fraud"]}]
    assert made.code.code_owners({"*": ["fraud"]})[".github/CODEOWNERS"].endswith("* @acme/ml\n")
