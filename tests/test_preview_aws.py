"""What a preview says without a state is what Terraform says with one: against a real apply on a simulated AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from planform.engine import App, LocalBackend, TerraformStack, synthesize
from planform.preview.changes import Action, Verdict
from planform.preview.plan import planner, read_plan
from planform.terraform.aws import (
    AwsProvider,
    DynamodbTable,
    IamPolicy,
    IamRole,
    IamRolePolicyAttachment,
    IamUser,
)
from tests import moto, terraform

pytestmark = pytest.mark.terraform

SERVICES = ("dynamodb", "iam", "sts")
Settings = dict[str, Any]
BASE: Settings = {
    "table": "features",
    "hash_key": "id",
    "billing_mode": "PAY_PER_REQUEST",
    "tags": {"team": "search"},
    "role": "reader",
    "description": "reads features",
    "actions": ["dynamodb:GetItem"],
    "ttl": False,
    "recovery": False,
    "stream": False,
    "user": True,
    "second": False,
    "id": "features",
    "renamed_from": None,
    "index": None,
}

CHANGES: dict[str, Settings] = {
    "nothing": {},
    "tags": {"tags": {"team": "fraud", "stage": "dev"}},
    "time to live": {"ttl": True},
    "point-in-time recovery": {"recovery": True},
    "stream": {"stream": True},
    "hash key": {"hash_key": "key"},
    "table name": {"table": "features-2"},
    "another table": {"second": True},
    "index": {"index": "owner"},
    "capacity": {"billing_mode": "PROVISIONED"},
    "policy": {"actions": ["dynamodb:GetItem", "dynamodb:Query"]},
    "role name": {"role": "readers"},
    "role description": {"description": "reads all features"},
    "user removed": {"user": False},
    "address": {"id": "store", "renamed_from": "features"},
    "address and tags": {"id": "store", "renamed_from": "features", "tags": {"team": "fraud"}},
    "all at once": {"tags": {"team": "fraud"}, "role": "readers", "user": False, "second": True, "ttl": True},
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from moto.running(tmp_path_factory.mktemp("moto") / "log")


def document(endpoint: str, changes: Mapping[str, Settings]) -> dict[str, Any]:
    """One stack with a store for each name, each as BASE says with its own changes."""
    app = App()
    stack = TerraformStack(app, "store")
    LocalBackend(stack, path="terraform.tfstate")
    AwsProvider(
        stack,
        "aws",
        region="eu-central-1",
        skip_credentials_validation=True,
        skip_metadata_api_check="true",
        skip_requesting_account_id=True,
        max_retries=2,
        endpoints=[dict.fromkeys(SERVICES, endpoint)],
    )
    for name, changed in changes.items():
        store(stack, name.replace(" ", "-"), BASE | changed)
    found: dict[str, Any] = json.loads(synthesize(app)["stacks/store/cdk.tf.json"])
    return found


def store(stack: TerraformStack, name: str, chosen: Settings) -> None:
    """A table, a role that may read it, and a user."""
    keys = [chosen["hash_key"], *([chosen["index"]] if chosen["index"] else [])]
    provisioned = 5 if chosen["billing_mode"] == "PROVISIONED" else None
    index = {"name": "by-owner", "hash_key": chosen["index"], "projection_type": "ALL"}
    table = DynamodbTable(
        stack,
        f"{name}_{chosen['id']}",
        name=f"{name}-{chosen['table']}",
        hash_key=chosen["hash_key"],
        billing_mode=chosen["billing_mode"],
        attribute=[{"name": key, "type": "S"} for key in keys],
        global_secondary_index=[index] if chosen["index"] else None,
        ttl=[{"attribute_name": "expires", "enabled": True}] if chosen["ttl"] else None,
        point_in_time_recovery=[{"enabled": True}] if chosen["recovery"] else None,
        stream_enabled=True if chosen["stream"] else None,
        stream_view_type="NEW_IMAGE" if chosen["stream"] else None,
        tags=chosen["tags"],
        renamed_from=f"aws_dynamodb_table.{name}_{chosen['renamed_from']}" if chosen["renamed_from"] else None,
        read_capacity=provisioned,
        write_capacity=provisioned,
    )
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = IamRole(
        stack,
        f"{name}_reader",
        name=f"{name}-{chosen['role']}",
        description=chosen["description"],
        assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    allow = {"Effect": "Allow", "Action": chosen["actions"], "Resource": "*"}
    policy = IamPolicy(
        stack, f"{name}_read", name=f"{name}-read", policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    )
    IamRolePolicyAttachment(stack, f"{name}_read", role=role.name, policy_arn=policy.arn)
    if chosen["user"]:
        IamUser(stack, f"{name}_batch", name=f"{name}-batch", tags={"table": table.arn})
    if chosen["second"]:
        more = [{"name": "id", "type": "S"}]
        DynamodbTable(
            stack, f"{name}_more", name=f"{name}-more", hash_key="id", billing_mode="PAY_PER_REQUEST", attribute=more
        )


@dataclass(frozen=True)
class Judged:
    """The verdicts by address: Terraform's with the state of a real apply, and a preview's without one."""

    real: Mapping[str, Verdict]
    previewed: Mapping[str, Verdict]


@pytest.fixture(scope="module")
def judged(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    """One apply, one plan and one preview of all changes at once: the provider takes ten seconds to start."""
    folder = tmp_path_factory.mktemp("applied")
    base = document(endpoint, dict.fromkeys(CHANGES, BASE))
    head = document(endpoint, CHANGES)
    (folder / "cdk.tf.json").write_text(json.dumps(base))
    run(folder, "init", "-input=false")
    run(folder, "apply", "-input=false", "-auto-approve", "-no-color")
    (folder / "cdk.tf.json").write_text(json.dumps(head))
    run(folder, "plan", "-input=false", "-no-color", "-out=plan.bin")
    real = read_plan(json.loads(run(folder, "show", "-json", "plan.bin")), "store")
    with pytest.MonkeyPatch.context() as patch, planner() as found:
        patch.setenv("TF_CLI_CONFIG_FILE", str(terraform.configuration()))
        assert found is not None
        previewed = found.judge("store", base, head)
    yield Judged({each.address: each for each in real}, {each.address: each for each in previewed})


def run(folder: Path, *arguments: str) -> str:
    done = terraform.terraform(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.replace(" ", "-"))
def test_a_preview_equals_the_plan_with_state(change: str, judged: Judged) -> None:
    real, previewed = (of_change(change, each) for each in (judged.real, judged.previewed))
    assert {address: told(each) for address, each in previewed.items()} == {
        address: told(each) for address, each in real.items()
    }
    assert bool(real) == (change != "nothing")
    for address, verdict in previewed.items():
        # The state of a real apply also has what the server filled in.
        assert attributes(verdict) <= attributes(real[address])
        assert attributes(real[address]) - attributes(verdict) <= {"table_class"}


def of_change(change: str, verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    name = f".{change.replace(' ', '-')}_"
    return {address: each for address, each in verdicts.items() if name in address and each.action is not Action.NOOP}


def told(verdict: Verdict) -> tuple[str, str, tuple[str, ...]]:
    return (str(verdict.action), verdict.previous_address, verdict.replace_because)


def attributes(verdict: Verdict) -> set[str]:
    return {each.path.partition("[")[0].partition(".")[0] for each in verdict.attributes}
