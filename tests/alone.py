"""A cluster and what goes with it, for tests that make a component alone and ask it."""

from __future__ import annotations

from typing import Any

import yaml

from planform.engine import App, TerraformStack
from planform.output.manifests import manifests
from planform.planes.delivery.existing_gitops import ExistingGitOps, ExistingGitOpsSettings
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.resource.existing_database import ExistingDatabase, ExistingDatabaseSettings
from planform.planes.resource.gcs import Gcs
from planform.planes.security.cilium import Cilium
from planform.planes.security.existing_services import ExistingServices
from planform.planes.security.iam import Iam, IamSettings
from planform.planes.security.secret_manager import SecretManager
from planform.spec.environment import Environment
from planform.terraform.record import records_of

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
PROD = DEV.model_copy(update={"name": "prod", "project": "acme-ai-prod", "production": True})
TEAM = "serviceAccount:team-fraud@acme-ai-dev.iam.gserviceaccount.com"
PEOPLE = "group:fraud-ml@acme.example"
GIT = {"tool": "config-sync", "git": {"repository": "https://github.com/acme/ai-platform"}, "auth": "token"}
DATABASE = {
    "connection_name": "acme-data:europe-west4:shared",
    "version": 17,
    "databases": {"mlflow": "ml_runs", "mlflow_auth": "ml_accounts", "phoenix": "traces"},
}


class Alone:
    """One app with a stack for what others own and a stack for what is tested."""

    def __init__(self, environment: Environment = DEV) -> None:
        self.app = App()
        self.environment = environment
        self.theirs, self.own = TerraformStack(self.app, "theirs"), TerraformStack(self.app, "own")
        self.asker = TerraformStack(self.app, "asker")
        common: dict[str, Any] = {"environment": environment}
        self.services = ExistingServices(self.theirs, "services", **common)
        trusted = IamSettings.model_validate({"github": {"owner_id": "1234567", "repository": "acme/ai-platform"}})
        self.identity = Iam(self.theirs, "identity", trusted, **common, services=self.services)
        self.object_store = Gcs(self.theirs, "object_store", **common, services=self.services)
        cluster = ExistingComputeSettings.model_validate({"cluster": "shared"})
        self.compute = ExistingCompute(self.theirs, "compute", cluster, **common)
        self.gitops = ExistingGitOps(self.theirs, "gitops", ExistingGitOpsSettings.model_validate(GIT), **common)
        self.network_policy = Cilium(self.theirs, "network_policy", **common, gitops=self.gitops)
        self.secrets = SecretManager(
            self.theirs, "secrets", **common, services=self.services, gitops=self.gitops,
            network_policy=self.network_policy,
        )  # fmt: skip
        database = ExistingDatabaseSettings.model_validate(DATABASE)
        self.database = ExistingDatabase(self.theirs, "database", database, **common)

    def needs(self, *names: str) -> dict[str, Any]:
        """What a component is given, by capability."""
        return {"environment": self.environment, **{name: getattr(self, name) for name in names}}

    def records(self, stack: TerraformStack | None = None) -> dict[str, dict[str, Any]]:
        """`type.name` to body of a stack's records; the tested component's by default."""
        document = records_of(stack or self.own).document().get("resource", {})
        return {f"{kind}.{name}": body for kind, named in document.items() for name, body in named.items()}

    def objects(self) -> dict[str, Any]:
        """`namespace/Kind/name` of every object of all stacks, to the object."""
        found = {}
        for path, text in manifests(self.app).items():
            if path.startswith("kubernetes/"):
                each = yaml.safe_load(str(text))
                meta = each["metadata"]
                found[f"{meta.get('namespace', '')}/{each['kind']}/{meta['name']}"] = each
        return found
