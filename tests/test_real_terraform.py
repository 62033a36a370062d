"""Every stack of the blueprints is what Terraform and the real google provider accept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read_text
from planform.engine import App, LocalBackend, TerraformStack, synthesize
from planform.pipeline import compile_documents, compile_files
from planform.terraform.aws import AwsProvider, DynamodbTable, IamOpenidConnectProvider, IamRole, IamRolePolicy
from tests import terraform
from tests.fills import components, platform
from tests.one_root import in_one_root

ROOT = Path(__file__).resolve().parent.parent
PLANES = list((ROOT / "blueprints" / "planes").glob("*.yaml"))
pytestmark = pytest.mark.terraform


def stacks(blueprint: str) -> dict[str, str]:
    """Stack name to document."""
    files = compile_files(ROOT / blueprint).output.files
    return {path.split("/")[1]: str(text) for path, text in files.items() if path.endswith("cdk.tf.json")}


def resources(document: Mapping[str, Any]) -> int:
    return sum(len(named) for named in document.get("resource", {}).values())


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("blueprint", "environment"),
    [("blueprints/minimal.yaml", "dev"), *(("blueprints/reference", name) for name in ("dev", "staging", "prod"))],
)
def test_every_stack_validates_and_plans(blueprint: str, environment: str, tmp_path: Path) -> None:
    terraform.need("google")
    own = {name: text for name, text in stacks(blueprint).items() if f"-{environment}-" in name}
    documents = terraform.judgeable(own)
    assert documents
    verdicts = terraform.judge(documents, tmp_path)
    assert {name: verdict.problems for name, verdict in verdicts.items()} == dict.fromkeys(documents, ())
    for name, verdict in verdicts.items():
        assert verdict.created == resources(json.loads(documents[name])) > 0


def passes_as_one_root(documents: Mapping[str, tuple[str, str]], work: Path) -> None:
    """Stacks as `in_one_root` takes them, judged together."""
    merged = in_one_root(documents)
    verdict = terraform.judge({"root": json.dumps(merged)}, work)["root"]
    assert verdict.problems == ()
    expected = sum(resources(json.loads(text)) for _, text in documents.values())
    assert verdict.created == resources(merged) == expected > 0


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("blueprint", ["blueprints/reference", *sorted(f"blueprints/planes/{p.name}" for p in PLANES)])
def test_the_whole_platform_passes_as_one_root(blueprint: str, tmp_path: Path) -> None:
    terraform.need("google")
    documents = terraform.judgeable(stacks(blueprint))
    passes_as_one_root({name: (name.split("-")[2], text) for name, text in documents.items()}, tmp_path)


@pytest.mark.filterwarnings("default")
def test_the_stacks_of_every_swap_pass(tmp_path: Path) -> None:
    terraform.need("google")
    held = set(stacks("blueprints/reference").values())
    documents: dict[str, tuple[str, str]] = {}
    for number, (capability, component) in enumerate(components()):
        text = yaml.safe_dump(platform({capability: component}), sort_keys=False)
        made = compile_documents(read_text(text), environments=["dev"]).output.files
        new = {
            f"{capability}-{component}-{path.split('/')[1]}": str(text)
            for path, text in made.items()
            if path.endswith("cdk.tf.json") and text not in held
        }
        held |= set(new.values())
        kept = terraform.judgeable(new)
        documents |= {name: (f"s{number}", text) for name, text in kept.items()}
    assert len(documents) > 30
    passes_as_one_root(documents, tmp_path)


def aws_stack() -> str:
    """A DynamoDB table, and a role that only one Kubernetes service account of a GKE cluster may take on."""
    issuer = "container.googleapis.com/v1/projects/acme-ai-dev/locations/europe-west4/clusters/acme-ai-dev-gke"
    app = App()
    stack = TerraformStack(app, "acme-ai-dev-key-value")
    LocalBackend(stack, path="terraform.tfstate")
    AwsProvider(
        stack,
        "aws",
        region="eu-central-1",
        skip_credentials_validation=True,
        skip_requesting_account_id=True,
        skip_metadata_api_check="true",
    )
    table = DynamodbTable(
        stack,
        "features",
        name="acme-ai-dev-features",
        billing_mode="PAY_PER_REQUEST",
        hash_key="entity",
        attribute=[{"name": "entity", "type": "S"}],
        point_in_time_recovery=[{"enabled": True}],
        deletion_protection_enabled=True,
    )
    trust = IamOpenidConnectProvider(stack, "gke", url=f"https://{issuer}", client_id_list=["sts.amazonaws.com"])
    role = IamRole(
        stack,
        "reader",
        name="acme-ai-dev-features-reader",
        assume_role_policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"},
                        "Condition": {"StringEquals": {f"{issuer}:sub": "system:serviceaccount:fraud:features"}},
                    }
                ],
            }
        ),
        depends_on=[trust],
    )
    IamRolePolicy(
        stack,
        "reader_features",
        role=role.name,
        policy=json.dumps({"Version": "2012-10-17", "Statement": []}),
        depends_on=[table],
    )
    return synthesize(app)["stacks/acme-ai-dev-key-value/cdk.tf.json"]


def test_the_aws_provider_agrees(tmp_path: Path) -> None:
    terraform.need("aws")
    document = aws_stack()
    verdict = terraform.judge({"aws": document}, tmp_path)["aws"]
    assert verdict.problems == ()
    assert verdict.created == resources(json.loads(document)) == 4


def test_the_judge_sees_what_is_wrong(tmp_path: Path) -> None:
    terraform.need("aws")
    broken = aws_stack().replace('"hash_key": "entity"', '"hash_kex": "entity"')
    assert terraform.judge({"aws": broken}, tmp_path)["aws"].problems
