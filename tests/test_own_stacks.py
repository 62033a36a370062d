"""A stack of one's own belongs to the environment whose name it begins with, whatever others are called."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from itertools import permutations

import pytest

from planform.blueprint.document import Document
from planform.blueprint.read import read_text
from planform.engine import App, TerraformStack
from planform.environment import environment_of
from planform.ledger.document import empty
from planform.pipeline import Compilation, build, compile_documents, judged_of
from planform.planes.catalog import builtin
from planform.preview.promotion import promotion
from planform.report.budgets import budgets
from planform.report.cost import cost
from planform.report.prices import built_in
from planform.report.quotas import accelerator_maxima
from planform.spec.platform import EnvironmentSpec
from planform.terraform.google import BillingBudget, ContainerNodePool, GoogleProvider

PLATFORM = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
planes: {security: {services: project-services}}
environments:
"""
ENVIRONMENTS = {
    "dev": '  dev: {project: acme-ai-dev, project_number: "111111111111"}\n',
    "dev-eu": '  dev-eu: {project: acme-ai-dev-eu, project_number: "222222222222", production: true}\n',
}
ORDERS = list(permutations(ENVIRONMENTS))
OWN = {"acme-ai-dev-lab": "dev", "acme-ai-dev-eu": "dev-eu", "acme-ai-dev-eu-lab": "dev-eu"}
"""Stacks of one's own, and the environments that they are of; `elsewhere` is of none."""


def compose(specs: Sequence[EnvironmentSpec]) -> App:
    app = build(specs, builtin())
    for index, name in enumerate((*OWN, "acme-ai-development", "elsewhere")):
        stack = TerraformStack(app, name)
        GoogleProvider(stack, "google", project="acme-ai", region="europe-west4")
        config = {"machine_type": "g2-standard-4", "guest_accelerator": [{"type": "nvidia-l4", "count": 1}]}
        ContainerNodePool(stack, "gpus", cluster="c", location="europe-west4", node_locations=["europe-west4-a"],
                          node_count=2**index, node_config=config)  # fmt: skip
        amount = {"specified_amount": {"currency_code": "USD", "units": str(100 + index)}}
        BillingBudget(stack, "all", billing_account="012345-6789AB-CDEF01", amount=amount)
    return app


def documents(order: tuple[str, ...]) -> tuple[Document, ...]:
    return read_text(PLATFORM + "".join(ENVIRONMENTS[name] for name in order), "platform.yaml")


@cache
def compiled(order: tuple[str, ...]) -> Compilation:
    return compile_documents(documents(order), compose=compose, ledger=empty())


@pytest.mark.parametrize("order", ORDERS)
def test_the_longest_name_decides(order: tuple[str, ...]) -> None:
    specs = compiled(order).specs
    assert [spec.name for spec in specs] == list(order)
    found = {name: environment_of(specs, name) for name in (*OWN, "acme-ai-dev-eu-security")}
    assert {name: spec.name for name, spec in found.items() if spec} == {**OWN, "acme-ai-dev-eu-security": "dev-eu"}
    for name in ("acme-ai-development", "elsewhere"):
        assert environment_of(specs, name) is None


@pytest.mark.parametrize("order", ORDERS)
def test_policies_judge_a_stack_by_its_own_environment(order: tuple[str, ...]) -> None:
    facts = judged_of(compiled(order)).facts
    assert {name: facts["stacks"][name] for name in OWN} == OWN
    assert (facts["stacks"]["acme-ai-development"], facts["stacks"]["elsewhere"]) == ("", "")
    assert facts["environments"][facts["stacks"]["acme-ai-dev-eu-lab"]]["production"]


@pytest.mark.parametrize("order", ORDERS)
def test_accelerators_and_budgets_count_for_their_own_environment(order: tuple[str, ...]) -> None:
    found = compiled(order)
    documents = found.terraform
    counted = {need.environment: most for need, most in accelerator_maxima(documents, found.specs).items()}
    assert counted == {"dev": 1, "dev-eu": 2 + 4, "": 8 + 16}
    held = budgets(cost(found, built_in()), found.specs, documents)
    assert sorted((each.environment, each.usd_month) for each in held) == [
        ("dev", Decimal(100)),
        ("dev-eu", Decimal(101)),
        ("dev-eu", Decimal(102)),
    ]


@pytest.mark.parametrize("order", ORDERS)
def test_the_ledger_keeps_a_stack_with_its_environment(order: tuple[str, ...]) -> None:
    keeping = compiled(order).keeping
    assert keeping is not None
    kept = keeping.wanted.environments
    assert {stack: name for name, stacks in kept.items() for stack in stacks if stack in OWN} == OWN
    assert sorted(kept[""]) == ["acme-ai-development", "elsewhere"]


@pytest.mark.parametrize("order", ORDERS)
def test_two_environments_are_compared_by_their_own_stacks(order: tuple[str, ...]) -> None:
    verdicts = promotion(documents(order), compiled(order), "dev", "dev-eu", compose).verdicts
    assert {each.stack for each in verdicts} == {"PREFIX", "PREFIX-lab"}
