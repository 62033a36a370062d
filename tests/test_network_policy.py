"""Rules of the network: one component writes them, and where others do, or a namespace is exempt, nobody does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read_text
from planform.engine import App, TerraformStack
from planform.environment import build_environment
from planform.kubernetes.record import objects_of
from planform.output.manifests import manifests
from planform.pipeline import compile_documents
from planform.planes.catalog import builtin
from planform.planes.data.mlflow import Mlflow, MlflowSettings
from planform.spec.resolve import resolve
from tests.alone import Alone
from tests.fills import FILLS, components, platform
from tests.test_conformance import ASKS, Asker
from tests.test_model_server import GATEWAY, Place

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
RULES = {"CiliumClusterwideNetworkPolicy", "FQDNNetworkPolicy", "NetworkPolicy"}
OWN_FENCE = {"jupyterhub"}
"""Namespaces with rules in the place of those that their chart would bring, whoever closes the others."""
NEEDS = ("services", "database", "object_store", "identity", "secrets", "compute", "gitops")
FRONT = {"host": "mlflow.acme.example", "gateway": "external", "gateway_namespace": "gateway"}
FROM_GOOGLE = [{"ipBlock": {"cidr": "130.211.0.0/22"}}, {"ipBlock": {"cidr": "35.191.0.0/16"}}]


def rules(files: Iterable[tuple[str, str | bytes]]) -> list[str]:
    """Paths of the rules of the network among files."""
    found = [(path, yaml.safe_load(str(text))) for path, text in files if "networkpolicy-" in path]
    assert {each["kind"] for _, each in found} <= RULES
    return [path for path, each in found if each["metadata"].get("namespace") not in OWN_FENCE]


def asks_for_rules() -> list[tuple[str, str]]:
    needs = {
        pair: {need.capability for need in builtin().load(*pair).needs()} for pair in components() if pair[0] in FILLS
    }
    return [pair for pair, needed in needs.items() if "network_policy" in needed]


@pytest.mark.parametrize(("capability", "component"), asks_for_rules())
def test_where_others_write_the_rules_no_ask_makes_one(capability: str, component: str) -> None:
    text = yaml.safe_dump(platform({capability: component, "network_policy": "existing"}), sort_keys=False)
    (spec,) = resolve(read_text(text, "platform.yaml"), builtin(), ["staging"])
    app = App()
    built = build_environment(app, spec)
    list(ASKS[capability](built.components[capability], Asker(TerraformStack(app, "asker"), built, 1)))
    assert rules(manifests(app).items()) == []


@pytest.mark.parametrize(
    "case", [each for each in CASES if "network_policy:" in each.read_text()], ids=lambda case: case.stem
)
def test_where_others_write_the_rules_no_setting_makes_one(case: Path) -> None:
    documents = list(yaml.safe_load_all(case.read_text()))
    documents[0]["planes"]["security"]["network_policy"] = "existing"
    compiled = compile_documents(read_text(yaml.safe_dump_all(documents), "platform.yaml"), environments=["dev"])
    assert rules(compiled.output.files.items()) == []


def mlflow(at: Alone, *needs: str) -> Mlflow:
    settings = MlflowSettings.model_validate({"front": FRONT})
    return Mlflow(at.own, "metadata", settings, **at.needs(*NEEDS, *needs))


def test_a_front_closes_nothing_where_nothing_is_closed() -> None:
    at = Alone()
    mlflow(at)
    assert "mlflow/HTTPRoute/mlflow" in at.objects()
    assert [each.name for each in objects_of(at.own) if each.kind in RULES] == []


def test_a_front_lets_google_in_where_namespaces_are_closed() -> None:
    at = Alone()
    mlflow(at, "network_policy")
    spec = at.objects()["mlflow/NetworkPolicy/ingress-front-ends"]["spec"]
    assert spec["ingress"] == [{"from": FROM_GOOGLE, "ports": [{"port": 5000, "protocol": "TCP"}]}]


def test_no_way_out_is_written_for_an_exempt_namespace() -> None:
    at = Alone()
    at.network_policy.exempt("fraud")
    mlflow(at, "network_policy").reach("fraud", team="fraud", scope=at.asker)
    assert "mlflow/NetworkPolicy/ingress-from-fraud" in at.objects()
    assert not [name for name in at.objects() if name.startswith("fraud/NetworkPolicy/")]


def test_an_exempt_namespace_keeps_its_models_open() -> None:
    place = Place()
    place.needs["network_policy"].exempt("fraud")
    place.ask(place.triton(gateway=GATEWAY))
    assert not [name for name in place.objects() if name.startswith("NetworkPolicy ")]


def rule(at: Alone, name: str) -> dict[str, Any]:
    spec: dict[str, Any] = at.objects()[f"ml/NetworkPolicy/{name}"]["spec"]
    return spec


def test_rules_name_pods_of_other_namespaces_and_ranges() -> None:
    at = Alone()
    ask = at.network_policy
    ask.allow_egress(
        "ml", "hub", scope=at.own, pods={}, namespaces=["hub"], target_pods={"app": "hub"}, cidrs=["10.0.0.0/8"]
    )
    ask.allow_ingress("ml", "web", scope=at.own, pods={"app": "a"}, namespaces=["b"], cidrs=["10.9.0.0/23"], ports=[80])
    hub = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "hub"}}}
    assert rule(at, "egress-hub")["egress"][0]["to"] == [
        {"ipBlock": {"cidr": "10.0.0.0/8"}},
        hub | {"podSelector": {"matchLabels": {"app": "hub"}}},
    ]
    other = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "b"}}}
    assert rule(at, "ingress-web")["ingress"][0]["from"] == [{"ipBlock": {"cidr": "10.9.0.0/23"}}, other]


def test_a_rule_for_nobody_is_none() -> None:
    """An empty `from` would let everybody in."""
    at = Alone()
    at.network_policy.allow_ingress("ml", "web", scope=at.own, pods={}, namespaces=[], ports=[80])
    assert not [name for name in at.objects() if name.startswith("ml/")]
