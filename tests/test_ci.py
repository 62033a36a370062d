"""Workflows: what real judges say of them, and what they never hold: a key, a moving tag, an identity for strangers."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from planform.contracts.ci import Job, Step, Tool, Trigger, Workflow
from planform.contracts.identity import FederatedIdentity, Identity
from planform.contracts.version_control import CodeRepository
from planform.engine import App, TerraformStack, synthesize
from planform.pipeline import compile_files
from planform.planes.component import Refused
from planform.planes.delivery.actions import actions, third_party
from planform.planes.delivery.cloud_build import CloudBuild, CloudBuildSettings, WorkerPool
from planform.planes.delivery.cloud_build_workflow import SHARED, VERSIONED
from planform.planes.delivery.existing_version_control import ExistingVersionControl, ExistingVersionControlSettings
from planform.planes.delivery.github_actions import GithubActions
from planform.planes.delivery.github_workflow import TOOLS
from planform.planes.delivery.gitlab_workflow import gitlab_workflow
from planform.planes.delivery.workflow_faults import Unsayable
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.iam import Iam
from planform.planes.security.secret_manager import SecretManager
from planform.spec.environment import Environment
from tests.tools import tool

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
APP = CodeRepository("github.com", "acme", "fraud-scoring")
CONNECTION = "projects/acme-ai-dev/locations/europe-west4/connections/github"
CASES = Path(__file__).parent / "cases"


def identity(name: str = "fraud-build") -> FederatedIdentity:
    email = DEV.service_account(name)
    provider = "projects/111111111111/locations/global/workloadIdentityPools/github/providers/github-ci"
    return FederatedIdentity(
        provider, Identity(email, f"serviceAccount:{email}", f"projects/p/serviceAccounts/{email}")
    )


class Place:
    """A stack with everything that CI needs."""

    def __init__(self) -> None:
        self.app = App()
        stack = TerraformStack(self.app, "acme-ai-dev-delivery")
        given: dict[str, Any] = {"environment": DEV}
        services = ExistingServices(stack, "services", **given)
        settings = ExistingVersionControlSettings(repository="acme/ai-platform")
        code = ExistingVersionControl(stack, "version_control", settings, **given)
        self.secrets = SecretManager(stack, "secrets", services=services, **given)
        needs: dict[str, Any] = {"version_control": code, "secrets": self.secrets}
        self.github = GithubActions(stack, "ci", **needs, **given)
        pool = CloudBuildSettings(connection=CONNECTION, private_pool=WorkerPool())
        iam = Iam(stack, "identity", services=services, **given)
        self.cloud_build = CloudBuild(stack, "cloud_build", pool, services=services, identity=iam, **needs, **given)

    def made(self, kind: str) -> dict[str, Any]:
        document = json.loads(synthesize(self.app)["stacks/acme-ai-dev-delivery/cdk.tf.json"])
        return dict(document.get("resource", {}).get(kind, {}))


def workflow(*jobs: Job, trigger: Trigger | None = None, **more: Any) -> Workflow:
    return Workflow("deliver", "Deliver", trigger or Trigger(pull_request=True, push=True), jobs, **more)


def everything() -> Workflow:
    """Every tool, every trigger, every field."""
    inputs: dict[str, dict[str, str]] = {
        "python": {"version": "3.12"},
        "node": {"version": "22"},
        "terraform": {"version": "1.11.4"},
        "cluster-credentials": {"cluster": "acme", "location": "europe-west4", "project": "acme-ai-dev"},
        "registry-login": {"registry": "europe-west4-docker.pkg.dev"},
        "image-build": {"context": ".", "tags": "europe-west4-docker.pkg.dev/p/images/x:${TARGET}", "push": "true"},
        "upload": {"name": "report-${TARGET}", "path": "report"},
        "download": {"pattern": "report-*", "path": "report", "merge": "true"},
        "codeql-init": {"languages": "python"},
        "sonar-scan": {"args": "-Dsonar.qualitygate.wait=true"},
        "score": {"tool": "score-k8s", "version": "0.15.0"},
        "comment": {"path": "preview/preview.md", "python": "3.12", "planform": "planform==0.1.0"},
    }
    tools = tuple(Step(name, tool=name, inputs=inputs.get(name, {})) for name in get_args(Tool))
    secret = Step("Use a secret", 'test -n "$TOKEN"', secrets={"TOKEN": "acme-ai-dev-token"})
    last_steps = (Step("Read requests", "true", reads_requests=True), Step("Clean up", "true", always=True))
    first = Job("check", (*tools, secret, *last_steps), identity=identity(), parallel=2,
                matrix={"target": ("a", "b")}, permissions={"pull-requests": "write"})  # fmt: skip
    last = Job("deploy", (Step("Go", 'echo "$GO"', variables={"GO": "yes"}),), ("check",), environment="dev",
               when="github.event_name == 'push'")  # fmt: skip
    trigger = Trigger(pull_request=True, push=True, manual=True, schedule="17 4 * * 1", paths=("src/**",))
    return workflow(first, last, trigger=trigger)


def text(rendered: Any) -> str:
    """The workflow itself, not the one that comments for it."""
    (only,) = (body for path, body in rendered.items() if not path.endswith("-comment.yml"))
    return str(only)


def loaded(flow: Workflow) -> dict[str, Any]:
    return dict(yaml.safe_load(text(Place().github.render(flow, repository=APP))))


def schema(kind: str, path: Path) -> int:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def actionlint(path: Path) -> str:
    command = [str(tool("actionlint")), "-shellcheck=", "-pyflakes=", "-no-color", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@functools.cache
def workflows() -> dict[str, str]:
    """Those of cases that differ, and the one with everything."""
    rendered = Place().github.render(everything(), repository=APP)
    found = {f"everything-{Path(path).stem}": body for path, body in rendered.items()}
    for case in ("delivery.github.production", "delivery.github-actions"):
        files = compile_files(CASES / f"{case}.yaml").output.files
        found |= {f"{case}-{Path(path).stem}": str(files[path]) for path in files if ".github/workflows/" in path}
    return found


def written(tmp_path: Path) -> list[Path]:
    """The same as files where judges look for them."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, body in workflows().items():
        (folder / f"{name}.yml").write_text(body)
    return sorted(folder.iterdir())


# Real judges


def test_workflows_are_what_github_takes(tmp_path: Path) -> None:
    paths = written(tmp_path)
    assert len(paths) == 10
    for path in paths:
        assert schema("github-workflows", path) == 0, path.name


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    assert {path.name: said for path in written(tmp_path) if (said := actionlint(path))} == {}


def test_the_judges_see_faults(tmp_path: Path) -> None:
    path = tmp_path / "deliver.yml"
    good = text(Place().github.render(everything(), repository=APP))
    path.write_text(good.replace("runs-on:", "runs_on:"))
    assert schema("github-workflows", path) == 1
    path.write_text(good.replace("matrix.target", "matrix.targte"))
    assert "targte" in actionlint(path)


def test_builds_are_what_cloud_build_takes(tmp_path: Path) -> None:
    cases = ("delivery.cloud-build", "delivery.existing-ci")
    files = [(case, *each) for case in cases for each in compile_files(CASES / f"{case}.yaml").output.files.items()]
    builds = [(case, path, str(body)) for case, path, body in files if "/cloudbuild/" in path]
    assert len(builds) == 4
    for case, path, body in builds:
        file = tmp_path / f"{case}-{Path(path).name}"
        file.write_text(body)
        assert schema("cloudbuild", file) == 0, (case, path)
    file.write_text(body.replace("steps:", "step:"))
    assert schema("cloudbuild", file) == 1


def test_pipelines_are_what_gitlab_takes(tmp_path: Path) -> None:
    files = compile_files(CASES / "delivery.gitlab.yaml").output.files
    made = {path: str(body) for path, body in files.items() if path.startswith("repository/.gitlab")}
    assert {path.rpartition("/")[2] for path in made} == {
        ".gitlab-ci.yml",
        "CODEOWNERS",
        "dev-apply.yml",
        "dev-plan.yml",
        "preview.yml",
    }
    for path in (path for path in made if path.endswith(".yml")):
        file = tmp_path / Path(path).name
        file.write_text(made[path])
        assert schema("gitlab-ci", file) == 0, path
    file.write_text(made[path].replace("script:", "skript:"))
    assert schema("gitlab-ci", file) == 1
    plan = yaml.safe_load(made["repository/.gitlab/ci/dev-plan.yml"])["dev-plan plan"]
    assert plan["id_tokens"]["GOOGLE_TOKEN"]["aud"].endswith("/workloadIdentityPools/gitlab/providers/gitlab-plan")
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID" in plan["rules"][0]["if"]
    apply = yaml.safe_load(made["repository/.gitlab/ci/dev-apply.yml"])["dev-apply apply"]
    assert apply["environment"] == {"name": "dev"} and apply["resource_group"] == "dev-apply-apply"


def test_signing_in_from_gitlab_writes_what_googles_libraries_read(tmp_path: Path) -> None:
    job = Job("a", (Step("Go", 'echo "$A"', variables={"A": "it's"}),), identity=identity())
    made = yaml.safe_load(gitlab_workflow(workflow(job), project="acme-ai-dev"))["deliver a"]
    script = "\n".join([*made["before_script"], *made["script"]])
    variables = {"CI_PROJECT_DIR": str(tmp_path), "GOOGLE_TOKEN": "token-of-the-job", "PATH": os.environ["PATH"]}
    done = subprocess.run(["sh", "-ec", script], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "it's\n"
    config = json.loads((tmp_path / ".google-credentials.json").read_text())
    assert Path(config["credential_source"]["file"]).read_text() == "token-of-the-job"
    assert config["audience"] == f"//iam.googleapis.com/{identity().provider}"
    assert f"/{identity().identity.email}:" in config["service_account_impersonation_url"]


# Pins


def test_every_action_is_pinned_and_its_release_said() -> None:
    body = text(Place().github.render(everything(), repository=APP))
    used = re.findall(r"uses: (\S+)(.*)", body)
    assert {"/".join(path.split("@")[0].split("/")[:2]) for path, _ in used} == set(actions())
    for path, comment in used:
        repository = "/".join(path.split("@")[0].split("/")[:2])
        assert path.endswith(f"@{actions()[repository].commit}")
        assert comment == f" # {actions()[repository].tag}"


def test_allowed_actions_are_those_that_workflows_use() -> None:
    foreign = {name for name in actions() if not name.startswith(("actions/", "github/"))}
    assert {pattern.removesuffix("@*") for pattern in third_party()} == foreign


def test_each_tool_has_a_way_in_github() -> None:
    assert set(TOOLS) == set(get_args(Tool)) - {"comment"}, "which is an upload, and a workflow of its own"


# Rights


def test_a_workflow_may_do_nothing_but_what_its_jobs_list() -> None:
    made = loaded(everything())
    assert made["permissions"] == {}
    assert made["jobs"]["check"]["permissions"] == {
        "actions": "read",
        "contents": "read",
        "id-token": "write",
        "pull-requests": "write",
        "security-events": "write",
    }
    assert made["jobs"]["deploy"]["permissions"] == {}


def test_only_jobs_with_an_identity_sign_in_and_never_for_a_fork() -> None:
    steps = (Step("Check out", tool="checkout"), Step("Go", "true"))
    made = loaded(workflow(Job("a", steps), Job("b", steps, identity=identity())))["jobs"]
    assert "if" not in made["a"] and "id-token" not in made["a"]["permissions"]
    assert made["b"]["if"] == "github.event.pull_request.head.repo.fork != true"
    assert [step["name"] for step in made["b"]["steps"]] == ["Check out", "Sign in to Google Cloud", "Go"]
    pushed = loaded(workflow(Job("b", steps, identity=identity()), trigger=Trigger(push=True)))["jobs"]
    assert "if" not in pushed["b"] and "verdict" not in pushed


def test_what_runs_the_request_may_not_write_and_what_writes_runs_nothing_of_it() -> None:
    inputs = {"path": "preview/preview.md", "python": "3.12", "planform": "planform==0.1.0"}
    steps = (Step("Check out", tool="checkout"), Step("Go", "true"), Step("Comment", tool="comment", inputs=inputs))
    made = Place().github.render(workflow(Job("a", steps), trigger=Trigger(pull_request=True)), repository=APP)
    reads, writes = (yaml.safe_load(body) for body in made.values())
    assert list(made) == [".github/workflows/deliver.yml", ".github/workflows/deliver-comment.yml"]
    assert reads["jobs"]["a"]["permissions"] == {"contents": "read"}
    job = writes["jobs"]["comment"]
    assert (writes["on"], writes["permissions"]) == (
        {"workflow_run": {"workflows": [reads["name"]], "types": ["completed"]}},
        {},
    )
    assert job["permissions"] == {"actions": "read", "pull-requests": "write"}
    assert not any("checkout" in step.get("uses", "") for step in job["steps"])
    handed_on, taken = reads["jobs"]["a"]["steps"][-1]["with"], job["steps"][0]["with"]
    assert (handed_on["name"], handed_on["path"], taken["name"]) == ("comment", "preview", "comment")
    assert job["steps"][-1]["env"]["FILE"] == f"{taken['path']}/preview.md"


def test_conditions_are_added_up() -> None:
    job = Job("a", (Step("Go", "true"),), identity=identity(), when="x || y")
    assert loaded(workflow(job))["jobs"]["a"]["if"] == "(github.event.pull_request.head.repo.fork != true) && (x || y)"


def test_no_code_is_left_in_the_checkout_to_push_with() -> None:
    steps = [step for job in loaded(everything())["jobs"].values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_secrets_are_read_when_a_step_needs_them_by_its_own_identity() -> None:
    place = Place()
    step = Step("Go", "true", secrets={"TOKEN": "acme-ai-dev-token", "OTHER": "projects/q/secrets/other"})
    body = text(place.github.render(workflow(Job("a", (step,), identity=identity())), repository=APP))
    steps = yaml.safe_load(body)["jobs"]["a"]["steps"]
    assert steps[1]["with"]["secrets"].splitlines() == [
        "TOKEN:projects/acme-ai-dev/secrets/acme-ai-dev-token",
        "OTHER:projects/q/secrets/other",
    ]
    assert steps[2]["env"]["TOKEN"] == "${{ steps.secrets-0.outputs.TOKEN }}"
    granted = place.made("google_secret_manager_secret_iam_member")
    assert [grant["member"] for grant in granted.values()] == [identity().identity.member]


ELSEWHERE = Step("Go", "true", secrets={"TOKEN": "projects/acme-secrets/secrets/token/versions/7"})


def test_a_secret_of_another_project_is_read_there_and_at_its_version() -> None:
    place, flow = Place(), workflow(Job("a", (ELSEWHERE,), identity=identity()))
    github = yaml.safe_load(text(place.github.render(flow, repository=APP)))["jobs"]["a"]["steps"][1]
    assert github["with"]["secrets"] == "TOKEN:projects/acme-secrets/secrets/token/versions/7\n"
    build = yaml.safe_load(text(place.cloud_build.render(flow, repository=APP)))
    versions = [each["versionName"] for each in build["availableSecrets"]["secretManager"]]
    assert versions == ["projects/acme-secrets/secrets/token/versions/7"]
    assert build["steps"][0]["secretEnv"] == [each["env"] for each in build["availableSecrets"]["secretManager"]]
    gitlab = gitlab_workflow(flow, project="acme-ai-dev")
    assert "gcloud secrets versions access 7 --secret=token --project=acme-secrets" in gitlab
    assert place.made("google_secret_manager_secret_iam_member") == {}


def test_one_secret_under_two_names_is_fetched_once_by_a_build() -> None:
    names = {"A": "acme-ai-dev-token", "B": "projects/acme-ai-dev/secrets/acme-ai-dev-token"}
    flow = workflow(Job("a", (Step("Go", "true", secrets=names),), identity=identity()))
    build = yaml.safe_load(text(Place().cloud_build.render(flow, repository=APP)))
    assert len(build["availableSecrets"]["secretManager"]) == 1
    assert build["steps"][0]["secretEnv"] == ["ACME_AI_DEV_TOKEN"]


def test_only_the_platforms_own_secrets_are_asked_for() -> None:
    place = Place()
    names = {"A": "projects/acme-secrets/secrets/acme-ai-dev-token", "B": "acme-ai-dev-key"}
    step = Step("Go", "true", secrets={**names, "C": "projects/acme-ai-dev/secrets/acme-ai-dev-pin/versions/2"})
    place.github.render(workflow(Job("a", (step,), identity=identity())), repository=APP)
    assert set(place.made("google_secret_manager_secret")) == {"key", "pin"}


def test_one_check_says_how_all_jobs_went() -> None:
    made = loaded(everything())["jobs"]["verdict"]
    assert (made["name"], made["needs"], made["if"]) == ("deliver", ["check", "deploy"], "always()")
    script = made["steps"][0]["run"]
    for results, code in {"success skipped": 0, "success failure": 1, "cancelled": 1}.items():
        done = subprocess.run(["bash", "-ec", script], env={"RESULTS": results}, capture_output=True, check=False)
        assert done.returncode == code, results


# What cannot be said


GO = Step("Go", "true")
IN_VAULT = Job("a", (Step("Go", "true", secrets={"A": "acme-ai-dev/token"}),), identity=identity())
SAME_NAME = Job(
    "a",
    (Step("Go", "true", secrets={"A": "projects/acme-one/secrets/x", "B": "projects/acme-two/secrets/x"}),),
    identity=identity(),
)


@pytest.mark.parametrize(
    ("ci", "flow", "summary"),
    [
        ("github", workflow(Job("a", (Step("Go", "echo ${{ github.head_ref }}"),))), "an expression of GitHub's"),
        ("github", workflow(Job("a", (Step("Go", "true", tool="python"),))), "either a command or a tool"),
        ("github", workflow(Job("a", (Step("Go", tool="python", inputs={"versoin": "3"}),))), "no input `versoin`"),
        ("github", workflow(Job("a", (Step("Go", "true", secrets={"A": "b"}),))), "has no identity"),
        ("github", workflow(Job("a", (Step("Go", tool="registry-login"),))), "has no identity"),
        ("github", workflow(Job("verdict", (GO,))), "cannot be the name of a job"),
        ("github", workflow(Job("a", (GO,)), trigger=Trigger()), "nothing starts"),
        ("cloud_build", workflow(Job("a", (GO,), identity=identity()), Job("b", (GO,), identity=identity("b"))),
         "one service account"),
        ("cloud_build", workflow(Job("a", (GO,), when="x")), "a condition in GitHub's words"),
        ("cloud_build", workflow(Job("a", (GO,), ("b",)), Job("b", (GO,))), "stands before `b`"),
        ("cloud_build", workflow(Job("a", (Step("Go", "true", always=True),))), "even after a failure"),
        ("cloud_build", workflow(Job("a", (Step("Go", tool="codeql-init"),))), "no `codeql-init`"),
        ("cloud_build", workflow(Job("a", (Step("Go", tool="python"),))), "no version of `python`"),
        ("cloud_build", workflow(Job("a", (Step("Go", "true", variables={"A": "${{ b }}"}),))), "in GitHub's words"),
        ("cloud_build", workflow(Job("a", (GO,)), trigger=Trigger(schedule="1 1 * * *")), "on a schedule"),
        ("cloud_build", workflow(), "no step that does anything"),
        ("cloud_build", workflow(Job("a", (Step("Go", "true", reads_requests=True),))), "no token"),
        ("cloud_build", workflow(Job("a", (GO,)), trigger=Trigger(after="Other")), "after another workflow"),
        ("github", workflow(IN_VAULT), "no secret of Secret Manager"),
        ("cloud_build", workflow(IN_VAULT), "no secret of Secret Manager"),
        ("cloud_build", workflow(SAME_NAME), "two secrets"),
    ],
)  # fmt: skip
def test_what_a_ci_has_no_words_for_is_refused(ci: str, flow: Workflow, summary: str) -> None:
    with pytest.raises(Refused) as caught:
        getattr(Place(), ci).render(flow, repository=APP)
    assert caught.value.fault.code == "contract/workflow"
    assert summary in caught.value.fault.summary
    assert caught.value.fault.help


@pytest.mark.parametrize(
    ("flow", "summary"),
    [
        (workflow(Job("a", (GO,), when="x")), "a condition in GitHub's words"),
        (workflow(Job("a", (GO,)), trigger=Trigger(schedule="1 1 * * *")), "on a schedule"),
        (workflow(Job("a", (GO,)), trigger=Trigger(after="Other")), "after another workflow"),
        (workflow(Job("a", (Step("Go", tool="image-build"),))), "no `image-build`"),
        (workflow(Job("a", (Step("Go", tool="python"), GO))), "no version of `python`"),
        (workflow(Job("a", (Step("P", tool="python"), Step("N", tool="node"), GO))), "one image"),
        (workflow(Job("a", (Step("Go", "true", secrets={"A": "b"}),))), "reads secrets"),
        (workflow(IN_VAULT), "no secret of Secret Manager"),
        (workflow(Job("a", (Step("Go", tool="checkout"),))), "no step that does anything"),
    ],
)
def test_what_gitlab_has_no_words_for_is_refused(flow: Workflow, summary: str) -> None:
    with pytest.raises(Unsayable, match=re.escape(summary)) as caught:
        gitlab_workflow(flow, project="acme-ai-dev")
    assert caught.value.help


def test_every_tool_of_cloud_build_is_said_or_refused() -> None:
    for name in get_args(Tool):
        step = Step("Go", tool=name, inputs={"version": "1"} if name in VERSIONED else {})
        flow = workflow(Job("a", (step, GO)))
        if name in ("codeql-init", "codeql-analyze", "comment", "score", "sonar-scan"):
            with pytest.raises(Refused):
                Place().cloud_build.render(flow, repository=APP)
        else:
            steps = yaml.safe_load(text(Place().cloud_build.render(flow, repository=APP)))["steps"]
            assert len(steps) == (1 if name in SHARED or name in VERSIONED else 2)


# Cloud Build


def test_a_build_acts_as_its_jobs_and_waits_where_it_enters_a_protected_environment() -> None:
    place = Place()
    jobs = (Job("a", (GO,), identity=identity()), Job("b", (GO,), ("a",), environment="dev"))
    place.cloud_build.render(workflow(*jobs, trigger=Trigger(push=True)), repository=APP)
    place.cloud_build.render(Workflow("check", "Check", Trigger(pull_request=True), (Job("a", (GO,)),)), repository=APP)
    triggers = place.made("google_cloudbuild_trigger")
    deliver, check = triggers["fraud_scoring_deliver"], triggers["fraud_scoring_check"]
    assert deliver["service_account"] == identity().identity.id
    assert deliver["approval_config"] == [{"approval_required": True}]
    assert check["service_account"] == "${google_service_account.cloud_build.name}"
    assert "approval_config" not in check
    assert check["repository_event_config"][0]["pull_request"][0]["comment_control"].endswith("CONTRIBUTORS_ONLY")
    assert len(place.made("google_cloudbuildv2_repository")) == 1


def test_a_build_keeps_dollar_signs_for_the_shell_and_reads_secrets_by_version() -> None:
    step = Step("Go", 'echo "$A $TOKEN"', variables={"A": "b"}, secrets={"TOKEN": "acme-ai-dev-token"})
    job = Job("a", (step,), identity=identity(), matrix={"target": ("x", "y")})
    made = yaml.safe_load(text(Place().cloud_build.render(workflow(job), repository=APP)))
    assert [step["env"][0] for step in made["steps"]] == ["TARGET=x", "TARGET=y"]
    assert made["steps"][0]["args"][1].endswith('echo "$$A $$TOKEN"')
    assert made["steps"][0]["secretEnv"] == ["ACME_AI_DEV_TOKEN"]
    version = "projects/acme-ai-dev/secrets/acme-ai-dev-token/versions/latest"
    assert made["availableSecrets"]["secretManager"] == [{"versionName": version, "env": "ACME_AI_DEV_TOKEN"}]
    assert made["options"]["pool"]["name"].endswith("/workerPools/acme-ai-dev-builds")
