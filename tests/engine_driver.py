"""Run by test_engine.py, one process an engine: synthesizes each document of a JSON list, prints what came of it.

A document is a mapping with `document`, and for cases with more than one: see `build`. The result of each is
the files of an app, or the codes of the fault.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from planform.diagnostics import DiagnosticError
from planform.engine import (
    NAME,
    VERSION,
    App,
    CloudBackend,
    Construct,
    GcsBackend,
    LocalBackend,
    NamedCloudWorkspace,
    S3Backend,
    TaggedCloudWorkspaces,
    TerraformStack,
    attach,
    path_of,
    stack_of,
    synthesize,
)


def of_document(document: Any) -> dict[str, str] | str:
    """One stack with one document."""
    app = App()
    stack = TerraformStack(app, "s")
    LocalBackend(stack, path="state")
    attach(stack, lambda: document)
    try:
        return synthesize(app)
    except DiagnosticError as fault:
        return " ".join(each.code for each in fault.diagnostics)


def of_landscape() -> dict[str, Any]:
    """Every backend, stacks in scopes and in an order, and what an app answers about them."""
    app = App(context={"colour": "blue"})
    zone = Construct(app, "a/zone")
    stacks = [TerraformStack(scope, name) for scope, name in ((app, "b-2"), (zone, "a-1"), (app, "C"), (app, "d"))]
    stacks[0].add_dependency(stacks[1])
    stacks[0].add_dependency(stacks[3])
    stacks[0].add_dependency(stacks[1])
    GcsBackend(stacks[0], bucket="b", prefix="p/q", impersonate_service_account_delegates=["x", "y"])
    S3Backend(
        stacks[1],
        bucket="b",
        key="k",
        max_retries=3,
        encrypt=False,
        skip_s3_checksum=True,
        ec2_metadata_service_endpoint_mode="IPv6",
        assume_role={"role_arn": "r", "tags": {"CostCenter": "x"}, "transitive_tag_keys": ["CostCenter"]},
        endpoints={"s3": "https://s3.example"},
    )
    CloudBackend(stacks[2], organization="o", workspaces=TaggedCloudWorkspaces(["t"], "q"))
    CloudBackend(stacks[3], organization="o", workspaces=NamedCloudWorkspace("n"), hostname="tfe.example")
    plain = TerraformStack(app, "plain")
    inner = Construct(Construct(stacks[0], "component"), "part")
    for stack in stacks:
        attach(stack, lambda: {"terraform": {"required_version": ">= 1.5"}, "locals": {"x": 1}})
    return {
        "files": synthesize(app),
        "again": synthesize(app) == synthesize(app),
        "path": path_of(inner),
        "stack": path_of(stack_of(inner)),
        "children": [child.node.id for child in app.node.children],
        "scopes": [scope.node.id for scope in inner.node.scopes],
        "context": inner.node.try_get_context("colour"),
        "found": [app.node.try_find_child(name) is not None for name in ("plain", "a/zone", "none")],
        "faults": [_fault(act) for act in _misuses(app, stacks, plain)],
    }


def _misuses(app: App, stacks: list[TerraformStack], plain: TerraformStack) -> list[Any]:
    return [
        lambda: stacks[3].add_dependency(stacks[0]),
        lambda: stacks[2].add_dependency(stacks[2]),
        lambda: Construct(app, "plain"),
        lambda: Construct(app, ""),
        lambda: TerraformStack(app, "a b"),
        lambda: TerraformStack(app, "a*"),
        lambda: stack_of(Construct(app, "nowhere")),
        lambda: (TerraformStack(Construct(app, "other"), "plain"), synthesize(app)),
    ]


def _fault(act: Any) -> str:
    try:
        act()
    except DiagnosticError as fault:
        return f"{fault.diagnostics[0].code}: {fault.diagnostics[0].summary}"
    except RuntimeError:
        return "refused"
    return "allowed"


if __name__ == "__main__":
    documents = json.load(sys.stdin)
    results = [of_document(document) for document in documents]
    json.dump({"name": NAME, "version": VERSION, "results": results, "landscape": of_landscape()}, sys.stdout)
