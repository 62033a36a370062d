"""Makes, checks and writes many resources with one engine, as a process of its own: `RESOURCES FOLDER`.

Half of them are small (grants that refer to another record), a quarter are service accounts, an eighth buckets
with several blocks, an eighth node pools with deep ones; 512 in a stack. Prints its phases in seconds as JSON.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

STACK_SIZE = 512
ROLES = ("objectViewer", "objectCreator", "objectUser", "objectAdmin")


def main(resources: int, folder: Path) -> None:
    """Build, synthesize, check and write."""
    marks = [("start", time.perf_counter())]
    gc.set_threshold(10_000_000, 20, 100)  # as the command line does
    from planform.checks.run import STACK_FILE, run_checks
    from planform.engine import App, TerraformStack, synthesized
    from planform.output.output import Output
    from planform.terraform.google import (
        ContainerNodePool,
        GoogleProvider,
        ServiceAccount,
        StorageBucket,
        StorageBucketIamMember,
    )
    from planform.terraform.record import records_of

    marks.append(("import", time.perf_counter()))
    app = App()
    stacks = []
    for start in range(0, resources, STACK_SIZE):
        stack = TerraformStack(app, f"stack-{start // STACK_SIZE}")
        GoogleProvider(stack, "google", project="acme-ai-dev", region="europe-west4")
        for each in range(start, min(start + STACK_SIZE, resources)):
            kind = each % 8
            if kind == 0:
                bucket = StorageBucket(stack, f"bucket_{each}", **bucket_arguments(each))
            elif kind == 1:
                ContainerNodePool(stack, f"pool_{each}", **pool_arguments(each))
            elif kind in (2, 3):
                account = ServiceAccount(stack, f"account_{each}", account_id=f"account-{each}", display_name="Model")
            else:
                arguments: dict[str, Any] = {"bucket": bucket.name, "role": f"roles/storage.{ROLES[kind - 4]}"}
                StorageBucketIamMember(stack, f"grant_{each}", member="serviceAccount:" + account.email, **arguments)
        stacks.append(stack)
    marks.append(("records", time.perf_counter()))
    files = synthesized(app)
    documents = {path.split("/")[-2]: each.data for path, each in files.items() if path.endswith(STACK_FILE)}
    marks.append(("synthesis", time.perf_counter()))
    findings = run_checks(documents, {stack.node.id: records_of(stack) for stack in stacks})
    assert not [finding for finding in findings if finding.severity.stops], findings[0]
    marks.append(("checks", time.perf_counter()))
    Output({path: each.text for path, each in files.items()}).write(folder)
    marks.append(("writing", time.perf_counter()))
    print(json.dumps({name: end - before for (_, before), (name, end) in pairwise(marks)}))


def bucket_arguments(each: int) -> dict[str, Any]:
    """A bucket as the component `gcs` makes it, more or less."""
    return {
        "name": f"acme-ai-dev-bucket-{each}",
        "location": "EUROPE-WEST4",
        "uniform_bucket_level_access": True,
        "public_access_prevention": "enforced",
        "labels": {"component": "gcs", "environment": "dev", "managed_by": "planform"},
        "versioning": [{"enabled": True}],
        "soft_delete_policy": [{"retention_duration_seconds": 604800}],
        "lifecycle_rule": [
            {"action": [{"type": "Delete"}], "condition": [{"num_newer_versions": 3, "with_state": "ARCHIVED"}]},
            {"action": [{"type": "AbortIncompleteMultipartUpload"}], "condition": [{"age": 7}]},
        ],
    }


def pool_arguments(each: int) -> dict[str, Any]:
    """A GPU pool as the component `gke` makes it, more or less."""
    return {
        "name": f"pool-{each}",
        "cluster": "projects/acme-ai-dev/locations/europe-west4/clusters/acme-ai-dev",
        "location": "europe-west4",
        "initial_node_count": 0,
        "autoscaling": [{"total_min_node_count": 0, "total_max_node_count": 4, "location_policy": "ANY"}],
        "management": [{"auto_repair": True, "auto_upgrade": True}],
        "network_config": [{"enable_private_nodes": True}],
        "node_config": [
            {
                "machine_type": "g2-standard-8",
                "image_type": "COS_CONTAINERD",
                "service_account": "gke-nodes@acme-ai-dev.iam.gserviceaccount.com",
                "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
                "boot_disk": [{"disk_type": "pd-balanced", "size_gb": 200}],
                "guest_accelerator": [
                    {
                        "type": "nvidia-l4",
                        "count": 1,
                        "gpu_driver_installation_config": [{"gpu_driver_version": "DEFAULT"}],
                    }
                ],
                "shielded_instance_config": [{"enable_secure_boot": True, "enable_integrity_monitoring": True}],
                "workload_metadata_config": [{"mode": "GKE_METADATA"}],
                "taint": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
                "resource_labels": {"component": "gke", "environment": "dev", "managed_by": "planform"},
            }
        ],
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
