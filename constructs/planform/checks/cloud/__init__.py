"""What schema, validate and plan let through and Google Cloud's API refuses, judged on Terraform JSON.

One file a service; each ends in a tuple of its rules, and `RULES` is all of them. A rule is a code, the types it
concerns, one function on the body, and the page that `planform explain` prints. To add one, write the function and
its Rule in the service's file: the tests find it through `RULES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planform.checks.cloud import (
    alloydb,
    artifact_registry,
    cloud_armor,
    compute_network,
    dns,
    every_resource,
    gke,
    gke_node_pools,
    iam,
    kms,
    monitoring,
    names,
    secret_manager,
    services,
    sql,
    storage,
)
from planform.checks.cloud.rule import Block, Body, Context, Fault, Page, Rule, provider_defaults, resources

RULES: tuple[Rule, ...] = (
    *names.RULES,
    *every_resource.RULES,
    *compute_network.RULES,
    *cloud_armor.RULES,
    *dns.RULES,
    *gke.RULES,
    *gke_node_pools.RULES,
    *sql.RULES,
    *alloydb.RULES,
    *storage.RULES,
    *artifact_registry.RULES,
    *iam.RULES,
    *kms.RULES,
    *secret_manager.RULES,
    *services.RULES,
    *monitoring.RULES,
)

__all__ = ["RULES", "Fault", "Page", "Rule", "check", "pages"]


def check(document: Body, *, project: str | None = None, region: str | None = None) -> Iterator[Fault]:
    """The faults of one Terraform JSON document: resources in its order, for each the rules in theirs.

    `project` and `region` are the google provider's defaults where the document itself does not set them.
    """
    by_type: dict[str, list[Rule]] = {}
    for rule in RULES:
        for type_name in rule.types:
            by_type.setdefault(type_name, []).append(rule)
    defaults: dict[object, tuple[str | None, str | None]] = {}
    for type_name, name, body in resources(document):
        rules = by_type.get(type_name)
        if rules is None:
            continue
        provider = str(body.get("provider"))
        if provider not in defaults:
            defaults[provider] = provider_defaults(document, body, project, region)
        context = Context(type_name, name, document, *defaults[provider])
        block = Block(body)
        for rule in rules:
            yield from rule.check(block, context)


def pages() -> Mapping[str, Page]:
    """The page of each code, for `planform explain`."""
    return {rule.code: rule.about for rule in RULES}
