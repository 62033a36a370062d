"""A team's own cdktf app: single components of planform beside plain cdktf constructs, in one stack."""

from __future__ import annotations

import planform.engine  # noqa: F401  first, so that cdktf starts in the Node that came with planform

# isort: split

from cdktf import App, TerraformOutput, TerraformResource, TerraformStack, TerraformVariable

from constructs import Construct
from planform.planes.resource.existing_compute import ExistingCompute, ExistingComputeSettings
from planform.planes.resource.gcs import BucketSettings, Gcs, GcsSettings
from planform.planes.resource.node_pool import NodePool, NodePoolSettings
from planform.planes.security.existing_services import ExistingServices
from planform.spec.environment import Environment
from planform.terraform import template
from planform.terraform.google import GoogleProvider, StorageBucketIamMember

ENVIRONMENT = Environment(
    platform="recommender",
    name="dev",
    project="acme-recommender-dev",
    project_number="444444444444",
    region="europe-west4",
    labels={"cost_center": "shop"},
)


class Recommender(TerraformStack):
    """Buckets and GPUs for one team, in a project and on a cluster that others look after."""

    def __init__(self, scope: Construct, id: str, environment: Environment) -> None:
        super().__init__(scope, id)
        GoogleProvider(self, "google", project=environment.project, region=environment.region)

        # Components of planform; what they need is passed in, here from adapters of what exists.
        services = ExistingServices(self, "services", environment=environment)
        store = Gcs(
            self,
            "object_store",
            GcsSettings(
                buckets={
                    "models": BucketSettings(autoclass="archive"),
                    "features": BucketSettings(delete_prefixes_after_days={"tmp/": 30}),
                }
            ),
            environment=environment,
            services=services,
        )
        cluster = ExistingCompute(
            self,
            "compute",
            ExistingComputeSettings(
                cluster="shared-gke",
                project="acme-clusters-dev",
                node_service_account="gke-nodes@acme-clusters-dev.iam.gserviceaccount.com",
                node_tag="shared-gke-node",
            ),
            environment=environment,
        )
        pool = NodePool(
            self,
            "l4",
            NodePoolSettings.model_validate(
                {"machine_type": "g2-standard-8", "accelerator": "nvidia-l4", "capacity": "spot", "max_nodes": 2}
            ),
            environment=environment,
            compute=cluster,
        )
        models = store.bucket("models")

        # A value of cdktf in a record of planform.
        reviewer = TerraformVariable(self, "reviewer", type="string", default="group:reviewers@acme.example")
        StorageBucketIamMember(
            self,
            "models_reviewer",
            bucket=models.name,
            role="roles/storage.objectViewer",
            member=reviewer.string_value,
        )

        # A reference of planform in plain constructs of cdktf.
        topic = TerraformResource(self, "new_models", terraform_resource_type="google_pubsub_topic")
        topic.add_override("name", "new-models")
        notification = TerraformResource(self, "models_changed", terraform_resource_type="google_storage_notification")
        notification.add_override("bucket", template("{}", models.name).interpolation)
        notification.add_override("topic", topic.get_string_attribute("id"))
        notification.add_override("payload_format", "JSON_API_V1")
        notification.add_override("event_types", ["OBJECT_FINALIZE"])
        TerraformOutput(self, "node_groups", value=pool.record.managed_instance_group_urls.interpolation)


if __name__ == "__main__":
    app = App()
    Recommender(app, "recommender-dev", ENVIRONMENT)
    app.synth()
