"""Plan and apply: the workflows' own scripts run here with git and Terraform, and nobody may do more than they need."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read_text
from planform.pipeline import Compilation, compile_documents
from planform.planes.delivery.apply_roles import roles_for, unknown_types
from planform.planes.security.iam import role_fault
from tests import terraform
from tests.test_comment import Host, host, request_made
from tests.tools import tool

__all__ = ["host"]

HERE = Path(__file__).parent
SNAPSHOTS = HERE / "__snapshots__" / "test_planes"
PLATFORM = """\
planform: 1
kind: Platform
name: acme-ai
organization: {{domain: acme.example}}
region: europe-west4
{head}environments:
  prod: {{project: acme-ai-prod, project_number: "111111111111", production: true}}
teams:
  fraud: {{owners: ["group:fraud-ml@acme.example"]}}
planes:
  security:
    owner: security-team
    services: project-services
    identity: {{use: iam, github: {{owner_id: "123456", repository: acme/ai-platform{github}}}}}
    secrets: secret-manager
  resource: {{owner: resource-team, networking: vpc, compute: gke, object_store: gcs}}
  delivery:
    owner: platform-team
    version_control: {{use: github, repository: acme/ai-platform}}
    ci: github-actions
    infrastructure: {terraform}
"""


KEYED = (
    "{use: terraform, providers: {github: {variables: {GITHUB_APP_ID: '1'},"
    " secrets: {GITHUB_APP_PEM_FILE: github-app-key}}}}"
)


@functools.cache
def compiled(*, github: str = "", terraform: str = "terraform", head: str = "") -> Compilation:
    text = PLATFORM.format(github=github, terraform=terraform, head=head)
    return compile_documents(read_text(text, "platform.yaml"))


def jobs(result: Compilation, verb: str = "apply") -> dict[str, Any]:
    return dict(yaml.safe_load(str(result.output.files[f"repository/.github/workflows/prod-{verb}.yml"]))["jobs"])


def records(result: Compilation, plane: str, kind: str) -> dict[str, Any]:
    document = json.loads(str(result.output.files[f"stacks/acme-ai-prod-{plane}/cdk.tf.json"]))
    return dict(document["resource"].get(kind, {}))


def step(job: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(next(each for each in job["steps"] if each["name"] == name))


def account(job: dict[str, Any]) -> str:
    return str(step(job, "Sign in to Google Cloud")["with"]["service_account"]).partition("@")[0]


def run(made: dict[str, Any], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A step's command as GitHub runs it."""
    environment = {**terraform.environment(), **made.get("env", {}), **variables}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", made["run"]]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


# The scripts


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository as a user has it: blueprint, committed output, and what `repository/` holds at the top."""
    tool("git")
    (tmp_path / "blueprints").mkdir()
    text = PLATFORM.format(github="", terraform="terraform", head="")
    (tmp_path / "blueprints" / "platform.yaml").write_text(text)
    compiled().write(tmp_path / "planform.out")
    shutil.copytree(tmp_path / "planform.out" / "repository", tmp_path, dirs_exist_ok=True)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "Platform")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=x", "-c", "user.email=x@acme.example"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_committed_output_is_compared_with_what_the_blueprint_compiles_to(repository: Path) -> None:
    compare = step(jobs(compiled(), "plan")["compile"], "Compile")
    done = run(compare, repository, PLANFORM_ENGINE="native")
    assert done.returncode == 0, done.stdout + done.stderr
    blueprint = repository / "blueprints" / "platform.yaml"
    blueprint.write_text(blueprint.read_text().replace("resource-team", "other-team"))
    done = run(compare, repository, PLANFORM_ENGINE="native")
    assert done.returncode == 1 and "run planform synth, and commit" in done.stdout


def test_workflows_at_the_top_are_those_of_the_output(repository: Path) -> None:
    (repository / ".github" / "workflows" / "prod-apply.yml").write_text("name: something else\n")
    done = run(step(jobs(compiled(), "plan")["compile"], "Compile"), repository, PLANFORM_ENGINE="native")
    assert done.returncode == 1 and "prod-apply.yml differ" in done.stdout


def test_only_what_the_comment_said_is_applied(repository: Path, host: Host) -> None:
    """From the merge that GitHub checks out, over the comment, to the commit of the squash; another change between."""
    variables = {"PLANFORM_ENGINE": "native"}
    service = {"GITHUB_API_URL": host.url, "GITHUB_GRAPHQL_URL": f"{host.url}/graphql", "GITHUB_TOKEN": "t",
               "GITHUB_REPOSITORY": "acme/platform"}  # fmt: skip
    preview = yaml.safe_load((repository / ".github" / "workflows" / "preview.yml").read_text())["jobs"]["changes"]
    comment = yaml.safe_load((repository / ".github" / "workflows" / "preview-comment.yml").read_text())["jobs"]
    blueprint = repository / "blueprints" / "platform.yaml"

    def changed(branch: str, old: str, new: str) -> None:
        git(repository, "switch", "-q", "-c", branch, "main")
        blueprint.write_text(blueprint.read_text().replace(old, new))
        git(repository, "commit", "-q", "-a", "-m", branch)

    def previewed(branch: str) -> None:
        git(repository, "switch", "-q", "--detach", "main")
        git(repository, "merge", "-q", "--no-ff", "-m", "merge", branch)
        made = step(preview, "Preview")
        done = run(made, repository, **variables, GITHUB_STEP_SUMMARY=str(repository / ".git" / "summary.md"))
        assert done.returncode == 0, done.stdout + done.stderr
        shutil.copytree(repository / "preview", repository / "comment", dirs_exist_ok=True)
        host.requests = [request_made(12, git(repository, "rev-parse", branch))]
        kept = {**step(comment["comment"], "Keep the one comment")}
        kept["run"] = kept["run"].replace('python -m pip install --quiet "$PLANFORM"\n', "")
        env = {**kept.pop("env"), **variables, **service, "COMMIT": git(repository, "rev-parse", branch)}
        done = run(kept, repository, **env)
        assert done.returncode == 0, done.stdout + done.stderr

    def merged(branch: str) -> subprocess.CompletedProcess[str]:
        git(repository, "switch", "-q", "main")
        git(repository, "merge", "-q", "--squash", branch)
        git(repository, "commit", "-q", "-m", f"{branch} (#12)")
        host.requests = [request_made(12, "1" * 40, merge_commit_sha=git(repository, "rev-parse", "HEAD"))]
        made = step(jobs(compiled())["compile"], "Compare with what was reviewed")
        return run({**made, "env": {**made["env"], "GITHUB_TOKEN": "t"}}, repository, **variables, **service)

    changed("one", "object_store: gcs", "object_store: {use: gcs, buckets: {raw: {}}}")
    previewed("one")
    assert "google_storage_bucket.raw" in (repository / "preview" / "preview.html").read_text()
    done = merged("one")
    assert (done.returncode, "prod: as reviewed on request 12" in done.stderr) == (0, True), done.stderr

    changed("two", "raw: {}", "raw: {}, cooked: {}")
    previewed("two")
    changed("three", "security-team\n", "safety-team\n")
    merged("three")
    done = merged("two")
    assert (done.returncode, "preview/not-reviewed" in done.stderr) == (1, True), done.stderr


def stack(folder: Path, value: str) -> Path:
    place = folder / "planform.out" / "stacks" / "acme-ai-prod-security"
    place.mkdir(parents=True, exist_ok=True)
    document = {"resource": {"terraform_data": {"x": {"input": value}}}}
    (place / "cdk.tf.json").write_text(json.dumps(document))
    return place


def test_what_was_planned_is_applied_and_nothing_else(tmp_path: Path) -> None:
    tool("terraform")
    tool("jq")
    made = jobs(compiled())
    names = ("Plan", "Say what changes", "Know the change again")
    plan = [step(made["plan"], name) for name in names]
    apply = step(made["apply"], "Apply acme-ai-prod-security")
    summary = tmp_path / "summary.md"
    place = stack(tmp_path, "one")
    for each in plan:
        done = run(each, tmp_path, STACK="acme-ai-prod-security", GITHUB_STEP_SUMMARY=str(summary))
        assert done.returncode == 0, done.stdout + done.stderr
    assert "### acme-ai-prod-security" in summary.read_text() and "1 to add" in summary.read_text()
    stack(tmp_path, "two")
    done = run(apply, tmp_path)
    assert done.returncode == 1 and "in another way than was planned" in done.stdout
    assert not (place / "terraform.tfstate").exists()
    stack(tmp_path, "one")
    done = run(apply, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one" in (place / "terraform.tfstate").read_text()


def test_the_job_that_reads_the_comment_may_do_nothing_else() -> None:
    made = jobs(compiled())
    assert made["compile"]["permissions"] == {"contents": "read", "pull-requests": "read"}
    assert [each["name"] for each in made["compile"]["steps"] if "GITHUB_TOKEN" in each.get("env", {})] == [
        "Compare with what was reviewed"
    ]
    assert all("compile" in job["needs"] for name, job in made.items() if name != "compile")


def test_without_it_there_is_no_comment_and_each_plan_has_its_preview() -> None:
    result = compiled(terraform="{use: terraform, reviewed: false}")
    assert not any("preview" in path for path in result.output.files)
    assert jobs(result)["compile"]["permissions"] == {"contents": "read"}
    assert step(jobs(result, "plan")["compile"], "Preview")["env"]["TARGET"] == "prod"
    assert not any(each["name"] == "Preview" for each in jobs(compiled(), "plan")["compile"]["steps"])


def test_rules_that_are_made_here_ask_for_the_preview_of_an_up_to_date_branch() -> None:
    text = PLATFORM.format(github="", terraform="terraform", head="")
    text = text.replace("repository: acme/ai-platform}\n", "repository: acme/ai-platform, manage_repository: true}\n")
    result = compile_documents(read_text(text, "platform.yaml"))
    ruleset, _ = records(result, "delivery", "github_repository_ruleset").values()
    (asked,) = ruleset["rules"][0]["required_status_checks"]
    assert asked["strict_required_status_checks_policy"] is True
    assert [each["context"] for each in asked["required_check"]] == ["preview"]


# Order and gates


def test_one_job_applies_every_stack_in_order_behind_one_gate() -> None:
    made = jobs(compiled())
    assert list(made) == ["compile", "plan", "apply"]
    assert made["apply"]["environment"] == "prod" and made["apply"]["needs"] == ["compile", "plan"]
    applied = [each["name"] for each in made["apply"]["steps"] if each["name"].startswith("Apply ")]
    assert applied == [f"Apply acme-ai-prod-{each}" for each in ("security", "delivery", "resource", "team-fraud")]
    assert {name: account(job) for name, job in made.items() if "id-token" in job["permissions"]} == {
        "plan": "github-plan",
        "apply": "github-apply",
    }
    assert "environment" not in made["plan"] and "id-token" not in made["compile"]["permissions"]


def test_each_plane_is_applied_by_itself_behind_its_owners() -> None:
    result = compiled(github=", apply_per_plane: true, state_bucket: acme-ai-prod-tfstate")
    made = jobs(result)
    applies = {name: job for name, job in made.items() if name.startswith("apply-")}
    assert {name: (account(job), job["environment"]) for name, job in applies.items()} == {
        "apply-security": ("github-apply-security", "prod-security"),
        "apply-resource": ("github-apply-resource", "prod-resource"),
        "apply-delivery": ("github-apply-delivery", "prod-delivery"),
        "apply-team-fraud": ("github-apply-teams", "prod-teams"),
    }
    assert "apply-security" in made["apply-resource"]["needs"]
    assert {"apply-security", "apply-resource"} <= set(made["apply-team-fraud"]["needs"])
    gates = records(result, "delivery", "github_repository_environment")
    teams = {entry["environment"]: entry["reviewers"][0]["teams"] for entry in gates.values()}
    assert teams["prod-resource"] == ["${tonumber(github_team.resource_team.id)}"]
    assert teams["prod-teams"] == ["${tonumber(github_team.platform_team.id)}"]
    providers = records(result, "security", "google_iam_workload_identity_pool_provider")
    condition = providers["github_apply_resource"]["attribute_condition"]
    assert condition.endswith("assertion.environment == 'prod-resource'")


def test_a_planes_identity_has_what_its_resources_take_and_no_more() -> None:
    result = compiled(github=", apply_per_plane: true, state_bucket: acme-ai-prod-tfstate", terraform=KEYED)
    held: dict[str, set[str]] = {}
    for grant in records(result, "security", "google_project_iam_member").values():
        name = re.sub(r"\W|google_service_account|member", "", grant["member"])
        held.setdefault(name, set()).add(grant["role"])
    assert "roles/container.admin" in held["github_apply_resource"]
    assert "roles/secretmanager.admin" not in held["github_apply_resource"]
    assert {"roles/secretmanager.admin", "roles/iam.serviceAccountAdmin"} <= held["github_apply_security"]
    assert "roles/container.admin" not in held["github_apply_security"]
    assert held["github_apply_teams"] == {"roles/resourcemanager.projectIamAdmin"}
    assert "github_apply" not in held
    state = records(result, "security", "google_storage_bucket_iam_member")
    assert {name for name, grant in state.items() if grant["role"] == "roles/storage.objectUser"} == {
        f"github_apply_{plane}_state" for plane in ("delivery", "resource", "security", "teams")
    }


def test_one_stack_for_all_has_one_gate_whatever_the_identities() -> None:
    made = jobs(compiled(github=", apply_per_plane: true", head="layout: single\n"))
    assert [each["name"] for each in made["apply"]["steps"]][-1] == "Apply acme-ai-prod"
    assert account(made["apply"]) == "github-apply"


def test_owners_are_asked_for_their_own_stacks() -> None:
    lines = str(compiled().output.files["repository/.github/CODEOWNERS"]).splitlines()
    assert "/planform.out/stacks/*-resource/ @acme/resource-team" in lines
    assert "/planform.out/stacks/*-team-fraud/ @acme/fraud" in lines
    assert lines[1] == "* @acme/platform-team" and lines[-1] == "/.github/ @acme/platform-team"


# Keys of other providers


def test_keys_of_providers_reach_only_the_jobs_that_apply() -> None:
    result = compiled(terraform=KEYED)
    secret = "acme-ai-prod-github-app-key"
    for verb in ("plan", "apply"):
        made = jobs(result, verb)
        assert made["plan"]["strategy"]["matrix"]["stack"] == [
            f"acme-ai-prod-{each}" for each in ("security", "resource", "team-fraud")
        ]
        assert made["plan-offline"]["strategy"]["matrix"]["stack"] == ["acme-ai-prod-delivery"]
        assert "-refresh=false" in step(made["plan-offline"], "Plan without keys")["run"]
        assert all((secret in json.dumps(job)) == (name == "apply") for name, job in made.items())
    readers = records(result, "security", "google_secret_manager_secret_iam_member").values()
    assert [each["member"] for each in readers] == ["${google_service_account.github_apply.member}"]


# Roles


def made_types() -> set[str]:
    """Every type of Google's that the cases make."""
    keys = {key for path in SNAPSHOTS.glob("*.json") for key in json.loads(path.read_text())}
    return {key.partition(".")[0] for key in keys if key.startswith("google_")}


def test_the_table_knows_every_type_that_planform_makes() -> None:
    assert len(made_types()) > 30
    assert unknown_types(made_types(), {}) == ()
    assert all(role_fault(role) is None for role in roles_for(made_types(), {}))
    assert not {"roles/owner", "roles/editor"} & set(roles_for(made_types(), {}))


def test_the_longest_beginning_counts_and_ones_own_goes_first() -> None:
    assert roles_for(["google_project_iam_custom_role"], {}) == ("roles/iam.roleAdmin",)
    assert roles_for(["github_repository"], {}) == ()
    assert unknown_types(["google_new_thing", "github_team"], {}) == ("google_new_thing",)
    assert unknown_types(["google_new_thing"], {"google_new": ["roles/new.admin"]}) == ()
    assert roles_for(["google_storage_bucket"], {"google_storage_bucket": ["roles/x"]}) == ("roles/x",)


# Other runners


def test_workspaces_of_hcp_terraform_in_their_order() -> None:
    result = compiled(
        terraform="{use: terraform, runner: hcp-terraform}", head="backend: {hcp: {organization: acme}}\n"
    )
    listed = json.loads(str(result.output.files["files/prod/delivery/terraform/workspaces.json"]))["workspaces"]
    assert {each["name"] for each in listed} == set(result.stacks)
    (resource,) = [each for each in listed if each["name"] == "acme-ai-prod-resource"]
    assert resource["runs_after"] == ["acme-ai-prod-security"]
    assert resource["working_directory"] == "planform.out/stacks/acme-ai-prod-resource"
    assert not any(path.startswith("repository/") for path in result.output.files)


def test_who_runs_terraform_already_is_told_of_the_stacks() -> None:
    result = compiled(terraform="existing")
    listed = json.loads(str(result.output.files["files/prod/delivery/existing-infrastructure/stacks.json"]))["stacks"]
    assert {each["name"] for each in listed} == set(result.stacks)
    assert all(set(each["after"]) <= {other["name"] for other in listed[:index]} for index, each in enumerate(listed))
    assert next(each for each in listed if each["plane"] == "teams")["owner"] == "fraud"


def test_the_states_bucket_is_kept_when_asked() -> None:
    assert records(compiled(), "delivery", "google_storage_bucket") == {}
    bucket = records(compiled(terraform="{use: terraform, keep_state_bucket: {}}"), "delivery", "google_storage_bucket")
    state = bucket["state"]
    assert state["name"] == "acme-ai-prod-tfstate" and state["versioning"] == [{"enabled": True}]
    assert state["lifecycle"] == {"prevent_destroy": True} and state["public_access_prevention"] == "enforced"


def test_environments_make_one_file_of_owners() -> None:
    text = PLATFORM.format(github="", terraform="terraform", head="").replace(
        "environments:\n",
        'environments:\n  dev: {project: acme-ai-dev, project_number: "222222222222", teams: {fraud: null}}\n',
    )
    files = compile_documents(read_text(text, "platform.yaml")).output.files
    assert {path for path in files if path.startswith("repository/")} == {
        "repository/.github/CODEOWNERS",
        *(f"repository/.github/workflows/{name}.yml" for name in ("dev-apply", "dev-plan", "prod-apply", "prod-plan")),
        *(f"repository/.github/workflows/{name}.yml" for name in ("preview", "preview-comment")),
    }
