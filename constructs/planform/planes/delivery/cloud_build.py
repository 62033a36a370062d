"""Cloud Build as CI."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from planform.contracts.ci import Ci, Workflow
from planform.contracts.identity import Identities
from planform.contracts.secrets import Secrets
from planform.contracts.services import Services
from planform.contracts.version_control import CodeRepository, VersionControl
from planform.kubernetes.images import at_versions
from planform.planes.component import Component
from planform.planes.delivery.cloud_build_workflow import Build, cloud_build_workflow
from planform.planes.delivery.github_workflow import HEADER
from planform.planes.delivery.workflow_faults import Unsayable
from planform.planes.delivery.workflow_secrets import let_read
from planform.planes.record_ids import record_id
from planform.spec.settings import Settings
from planform.terraform.google import (
    CloudbuildTrigger,
    Cloudbuildv2Repository,
    CloudbuildWorkerPool,
    ProjectIamMember,
)

__all__ = ["CloudBuild", "CloudBuildSettings", "WorkerPool"]

TRIGGER_NAME = 64
ROLES = ("roles/cloudbuild.builds.viewer", "roles/logging.logWriter")
POOL_USER = "roles/cloudbuild.workerPoolUser"


class WorkerPool(Settings):
    """Machines for builds that only this environment uses."""

    machine_type: str = Field(
        default="e2-standard-4", pattern=r"^[a-z][a-z0-9]*-[a-z0-9-]+$", description="Default: e2-standard-4."
    )
    disk_gib: int = Field(default=100, ge=100, le=4000, description="Disk of a machine, in GiB. Default: 100.")
    network_attachment: str | None = Field(
        default=None,
        pattern=r"^projects/[a-z0-9-]+/regions/[a-z0-9-]+/networkAttachments/[a-z0-9-]+$",
        description="Network attachment through which builds reach the platform's network, and nothing else."
        " Default: none, builds reach the internet from machines without an address.",
    )


class CloudBuildSettings(Settings):
    """Settings of `cloud-build`."""

    connection: str = Field(
        pattern=r"^projects/[a-z0-9-]+/locations/[a-z0-9-]+/connections/[A-Za-z0-9_-]+$",
        description="Connection of Cloud Build to the host of the repositories, made by a person, who consents there.",
        examples=["projects/acme-ai-dev/locations/europe-west4/connections/github"],
    )
    private_pool: WorkerPool | None = Field(
        default=None, description="Machines of the environment's own. Default: Google's shared ones."
    )


class CloudBuild(Component):
    """Builds in the environment's project, written as `cloudbuild/<name>.yaml` and started by triggers.

    A build runs all jobs of a workflow one after another in one folder, as one service account, the one of its jobs;
    it writes its log to Cloud Logging. A workflow that enters a protected environment waits for an approval before it
    starts. Pull requests from outside wait for a comment of somebody who may write. What Cloud Build has no words for
    (two identities, conditions, schedules, steps that run after a failure, CodeQL, comments on requests) is refused; so
    what is applied is not compared with a preview's comment, and what was approved is the build.
    What a person does: makes the connection and gives its app the repositories; grants whoever applies
    roles/iam.serviceAccountUser on the service accounts of builds; approves builds with
    roles/cloudbuild.builds.approver; commits the files at the top of the platform's repository.

    Provides: Ci.
    Requires: VersionControl; Identities; Services; Secrets, to let a job's identity read what its steps name.
    Emits: google_cloudbuild_trigger for each event of a workflow, google_cloudbuildv2_repository,
    google_cloudbuild_worker_pool, google_project_iam_member; workflow files.
    Errors: contract/workflow, contract/bad-name.
    Source: build configuration file schema of Cloud Build; provider page of google_cloudbuild_trigger 7.45.0;
    a build's steps share /workspace. Read 2026-11.
    """

    name = "cloud-build"
    capability = "ci"
    provides = Ci
    apis = ("cloudbuild.googleapis.com",)
    Settings = CloudBuildSettings
    settings: CloudBuildSettings
    version_control: VersionControl
    identity: Identities
    services: Services
    secrets: Secrets | None

    def build(self) -> None:
        self._links: dict[str, Cloudbuildv2Repository] = {}
        self._triggers: set[str] = set()
        self._granted: set[tuple[str, str]] = set()
        self._pool = self._make_pool(self.settings.private_pool) if self.settings.private_pool else None

    def one_identity(self) -> bool:
        """A build has one service account."""
        return True

    def one_tool(self) -> bool:
        """Each step has an image of its own."""
        return False

    def comments(self) -> bool:
        """A build has no token of the repository's host."""
        return False

    def render(self, workflow: Workflow, *, repository: CodeRepository | None = None) -> Mapping[str, str]:
        """`cloudbuild/<name>.yaml`, and the triggers that run it."""
        place = repository or self.version_control.platform_repository()
        facts = self.environment
        try:
            pool = (
                f"projects/{facts.project}/locations/{self._location}/workerPools/{self._pool_name}"
                if self._pool
                else ""
            )
            build = cloud_build_workflow(workflow, project=facts.project, worker_pool=pool)
            if workflow.trigger.schedule or workflow.trigger.after:
                way = "on a schedule" if workflow.trigger.schedule else "after another workflow"
                raise Unsayable(f"`{workflow.name}` runs {way}, which no trigger does", "use github-actions for it")
        except Unsayable as fault:
            raise self.refuse("contract/workflow", fault.summary, help=fault.help) from fault
        let_read(self.secrets, workflow, facts)
        path = f"cloudbuild/{workflow.name}.yaml"
        self._run(workflow, place, build, path)
        text = at_versions(build.text, facts.images)
        return {path: text if repository else HEADER + text}

    def _run(self, workflow: Workflow, repository: CodeRepository, build: Build, path: str) -> None:
        if build.identity is not None:
            account = build.identity.identity
        else:
            account = self.identity.service_account("cloud-build", purpose="Builds that need no rights")
        for role in (*ROLES, *((POOL_USER,) if self._pool else ())):
            self._grant(str(account.email), account.member, role)
        branch = f"^{repository.branch}$"
        events = {}
        if workflow.trigger.pull_request:
            comment = "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY"
            events["pull_request"] = {"pull_request": [{"branch": branch, "comment_control": comment}]}
        if workflow.trigger.push or not events:
            events["push"] = {"push": [{"branch": branch}]}
        for event, config in events.items():
            name = f"{self.environment.prefix}-{repository.name}-{workflow.name}"
            name += "" if len(events) == 1 else f"-{event.partition('_')[0]}"
            self._trigger(name, workflow, repository, config, account=account.id, approved=build.approved, path=path)

    def _trigger(
        self,
        name: str,
        workflow: Workflow,
        repository: CodeRepository,
        event: Mapping[str, object],
        *,
        account: str,
        approved: bool,
        path: str,
    ) -> None:
        name = name.lower().replace("_", "-").replace(".", "-")
        if len(name) > TRIGGER_NAME:
            raise self.refuse(
                "contract/bad-name",
                f"the trigger `{name}` would have {len(name)} characters, and it may have {TRIGGER_NAME}",
                help="shorten the name of the workflow or of the repository",
            )
        if name in self._triggers:
            return
        self._triggers.add(name)
        by_hand = not (workflow.trigger.push or workflow.trigger.pull_request)
        CloudbuildTrigger(
            self,
            record_id(name.removeprefix(f"{self.environment.prefix}-")),
            project=self.environment.project,
            location=self._location,
            name=name,
            description=workflow.title[:100],
            service_account=account,
            filename=path,
            included_files=list(workflow.trigger.paths) or None,
            include_build_logs="INCLUDE_BUILD_LOGS_WITH_STATUS",
            approval_config=[{"approval_required": True}] if approved else None,
            disabled=by_hand or None,
            repository_event_config=[{"repository": self._link(repository).id, **event}],
            tags=[self.environment.name],
        )

    @property
    def _location(self) -> str:
        return self.settings.connection.split("/")[3]

    @property
    def _pool_name(self) -> str:
        return f"{self.environment.prefix}-builds"

    def _link(self, repository: CodeRepository) -> Cloudbuildv2Repository:
        if repository.full_name not in self._links:
            _, project, _, location, _, connection = self.settings.connection.split("/")
            self._links[repository.full_name] = Cloudbuildv2Repository(
                self,
                record_id(repository.name),
                project=project,
                location=location,
                name=repository.full_name.replace("/", "-"),
                parent_connection=connection,
                remote_uri=f"{repository.url}.git",
            )
        return self._links[repository.full_name]

    def _grant(self, email: str, member: str, role: str) -> None:
        if (email, role) not in self._granted:
            self._granted.add((email, role))
            ProjectIamMember(
                self,
                record_id("builds", email.partition("@")[0], role.removeprefix("roles/")),
                project=self.environment.project,
                role=role,
                member=member,
            )

    def _make_pool(self, pool: WorkerPool) -> CloudbuildWorkerPool:
        private = [{"network_attachment": pool.network_attachment, "route_all_traffic": True}]
        return CloudbuildWorkerPool(
            self,
            self.id,
            project=self.environment.project,
            location=self._location,
            name=self._pool_name,
            display_name=f"Builds of {self.environment.prefix}",
            worker_config=[{"machine_type": pool.machine_type, "disk_size_gb": pool.disk_gib, "no_external_ip": True}],
            private_service_connect=private if pool.network_attachment else None,
            origin=self.at("private_pool"),
        )
