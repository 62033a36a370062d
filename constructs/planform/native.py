"""planform's own engine: a construct tree, backends and stack documents in pure Python, without Node.

Names, keyword arguments, ids and errors follow `constructs` and cdktf 0.21, and the documents are equal to
theirs byte for byte but for the version line, which is planform's. What a consumer may need of the engine
beyond that (assets, aspects, remote state, tokens) only cdktf and cdktn have.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from planform import __version__
from planform.diagnostics import DiagnosticError, error
from planform.engine_json import Synthesized, merge, plain

Document = Callable[[], Mapping[str, Any]]
"""Gives the records of one stack as Terraform JSON; called anew at each synthesis."""

RECORDS = "planform-records"
"""The id of the element that hands a stack's records to the engine."""

_GLOB = "*?[]{}!"


class Node:
    """A construct's place in the tree: `id`, `path` (ids joined by slashes), `scope` and `children`."""

    def __init__(self, host: Construct, scope: Construct | None, construct_id: str) -> None:
        self.id = construct_id.replace("/", "--").replace("\n", "--")
        self.scope = scope
        self._host = host
        self._children: dict[str, Construct] = {}
        self._dependencies: list[Construct] = []
        self._context: dict[str, Any] = {}
        if scope is None:
            self.path = self.id
            return
        if not self.id:
            raise RuntimeError("Only root constructs may have an empty ID")
        scope.node._add(host, self.id)
        self.path = f"{scope.node.path}/{self.id}" if scope.node.path else self.id

    def _add(self, child: Construct, child_id: str) -> None:
        if child_id in self._children:
            where = f" [{self.id}]" if self.id else ""
            owner = f"{type(self._host).__name__}{where}"
            raise RuntimeError(f"There is already a Construct with name '{child_id}' in {owner}")
        self._children[child_id] = child

    @property
    def children(self) -> list[Construct]:
        """The direct children, in the order in which they were made."""
        return list(self._children.values())

    @property
    def scopes(self) -> list[Construct]:
        """The constructs from the root to this one."""
        above = self.scope.node.scopes if self.scope else []
        return [*above, self._host]

    @property
    def root(self) -> Construct:
        """The top of the tree."""
        return self.scopes[0]

    @property
    def dependencies(self) -> list[Construct]:
        """What `add_dependency` was given, each once."""
        return list(self._dependencies)

    def add_dependency(self, *dependencies: Construct) -> None:
        """Note that this construct comes after others; stacks have an `add_dependency` of their own."""
        self._dependencies += [each for each in dependencies if each not in self._dependencies]

    def try_find_child(self, child_id: str) -> Construct | None:
        """The direct child of that id, or None."""
        return self._children.get(child_id.replace("/", "--").replace("\n", "--"))

    def find_child(self, child_id: str) -> Construct:
        """The direct child of that id; an error when there is none."""
        child = self.try_find_child(child_id)
        if child is None:
            raise RuntimeError(f"No child with id: '{child_id}'")
        return child

    def find_all(self) -> list[Construct]:
        """This construct and all below it, each before its children."""
        return list(_walk(self._host))

    def set_context(self, key: str, value: Any) -> None:
        """Set a value that this construct and all below it can read; before the first child is made."""
        if self._children:
            names = ",".join(self._children)
            raise RuntimeError(f"Cannot set context after children have been added: {names}")
        self._context[key] = value

    def try_get_context(self, key: str) -> Any:
        """The nearest value that was set for a key on the way up, or None."""
        value = self._context.get(key)
        if value is not None or self.scope is None:
            return value
        return self.scope.node.try_get_context(key)


class Construct:
    """A node of the tree that is made in a scope, under an id of its own there."""

    def __init__(self, scope: Construct, id: str) -> None:
        self.node = Node(self, scope, id)

    def __str__(self) -> str:
        return self.node.path or "<root>"


class App(Construct):
    """The root. `synth` writes all stacks to `outdir`: as given, or CDKTF_OUTDIR, or `cdktf.out`.

    `context` holds values that constructs read with `node.try_get_context`; the JSON object in
    CDKTF_CONTEXT_JSON is laid over it.
    """

    def __init__(self, *, outdir: str | None = None, context: Mapping[str, Any] | None = None) -> None:
        self.node = Node(self, None, "")
        self.outdir = output_folder(outdir)
        for key, value in {**(context or {}), **_environment_context()}.items():
            self.node.set_context(key, value)

    def synth(self) -> None:
        """Write the documents of all stacks and the manifest into `outdir`."""
        write({path: each.text for path, each in synthesized(self).items()}, self.outdir)


class TerraformStack(Construct):
    """One Terraform root module with one state, written to `stacks/<id>/cdk.tf.json`."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.dependencies: list[TerraformStack] = []
        for character in _GLOB:
            if character in id:
                raise RuntimeError(f"Can not create stack with id '{id}': it contains a glob character '{character}'")
        if any(character.isspace() for character in id):
            raise RuntimeError(f"Can not create stack with id '{id}': it contains whitespace")

    def add_dependency(self, dependency: TerraformStack) -> None:
        """Let this stack be applied after another. Errors: engine/dependency-cycle."""
        refuse_cycle(self, dependency, lambda stack: stack.dependencies)
        if dependency not in self.dependencies:
            self.dependencies.append(dependency)

    def depends_on(self, stack: TerraformStack) -> bool:
        """Whether this stack comes after another, directly or by others."""
        return any(each is stack or each.depends_on(stack) for each in self.dependencies)

    def to_terraform(self) -> dict[str, Any]:
        """The stack's document."""
        elements = list(_elements(self)) or [LocalBackend(self)]
        if not any(isinstance(element, Backend) for element in elements):
            elements.append(LocalBackend(self))
        metadata: dict[str, Any] = {"version": __version__, "stackName": self.node.id, "backend": "local"}
        for element in elements:
            metadata |= element.metadata()
        document: dict[str, Any] = {"//": {"metadata": metadata, "outputs": {}}}
        for element in elements:
            merge(document, plain(element.document()))
        return document


class Element(Construct):
    """A construct that adds to the document of its stack."""

    def document(self) -> Mapping[str, Any]:
        """What it adds, as Terraform JSON."""
        raise AssertionError(f"{type(self).__name__} has no document")

    def metadata(self) -> dict[str, Any]:
        """What it adds to the metadata comment at the top of the document."""
        return {}


class _Records(Element):
    def __init__(self, stack: TerraformStack, document: Document) -> None:
        super().__init__(stack, RECORDS)
        self._document = document

    def document(self) -> Mapping[str, Any]:
        return self._document()


class Backend(Element):
    """Where a stack keeps its state; at most one a stack, as its child `backend`."""

    def __init__(self, scope: Construct, name: str, arguments: Mapping[str, Any]) -> None:
        super().__init__(scope, "backend")
        self._name = name
        self._arguments = {key: value for key, value in arguments.items() if value is not None}
        self._overridden: list[str] = []

    def add_override(self, path: str, value: object) -> None:
        """Set an argument that the class does not know, by its name in Terraform."""
        self._arguments[path] = value
        self._overridden.append(path)

    def document(self) -> Mapping[str, Any]:
        return {"terraform": {"backend": {self._name: self._arguments}}}

    def metadata(self) -> dict[str, Any]:
        overrides = {"overrides": {"backend": list(self._overridden)}} if self._overridden else {}
        return {"backend": self._name, **overrides}


class LocalBackend(Backend):
    """State in a file. Without `path` it is the absolute `<working directory>/terraform.<stack>.tfstate`."""

    def __init__(self, scope: Construct, *, path: str | None = None, workspace_dir: str | None = None) -> None:
        place = path or os.path.normpath(Path.cwd() / f"terraform.{stack_of(scope).node.id}.tfstate")
        super().__init__(scope, "local", {"path": place, "workspace_dir": workspace_dir})


class GcsBackend(Backend):
    """State in a bucket of Google Cloud Storage, under `prefix`."""

    def __init__(
        self,
        scope: Construct,
        *,
        bucket: str,
        access_token: str | None = None,
        credentials: str | None = None,
        encryption_key: str | None = None,
        impersonate_service_account: str | None = None,
        impersonate_service_account_delegates: Sequence[str] | None = None,
        kms_encryption_key: str | None = None,
        prefix: str | None = None,
        storeage_custom_endpoint: str | None = None,
    ) -> None:
        super().__init__(scope, "gcs", _given(locals()))


class S3Backend(Backend):
    """State in a bucket of Amazon S3, or of a service with the same interface."""

    def __init__(
        self,
        scope: Construct,
        *,
        bucket: str,
        key: str,
        access_key: str | None = None,
        acl: str | None = None,
        allowed_account_ids: Sequence[str] | None = None,
        assume_role: Mapping[str, Any] | None = None,
        assume_role_policy: str | None = None,
        assume_role_policy_arns: Sequence[str] | None = None,
        assume_role_tags: Mapping[str, str] | None = None,
        assume_role_transitive_tag_keys: Sequence[str] | None = None,
        assume_role_with_web_identity: Mapping[str, Any] | None = None,
        custom_ca_bundle: str | None = None,
        dynamodb_endpoint: str | None = None,
        dynamodb_table: str | None = None,
        ec2_metadata_service_endpoint: str | None = None,
        ec2_metadata_service_endpoint_mode: str | None = None,
        encrypt: bool | None = None,
        endpoint: str | None = None,
        endpoints: Mapping[str, Any] | None = None,
        external_id: str | None = None,
        forbidden_account_ids: Sequence[str] | None = None,
        force_path_style: bool | None = None,
        http_proxy: str | None = None,
        https_proxy: str | None = None,
        iam_endpoint: str | None = None,
        insecure: bool | None = None,
        kms_key_id: str | None = None,
        max_retries: int | float | None = None,
        no_proxy: str | None = None,
        profile: str | None = None,
        region: str | None = None,
        retry_mode: str | None = None,
        role_arn: str | None = None,
        secret_key: str | None = None,
        session_name: str | None = None,
        shared_config_files: Sequence[str] | None = None,
        shared_credentials_file: str | None = None,
        shared_credentials_files: Sequence[str] | None = None,
        skip_credentials_validation: bool | None = None,
        skip_metadata_api_check: bool | None = None,
        skip_region_validation: bool | None = None,
        skip_requesting_account_id: bool | None = None,
        skip_s3_checksum: bool | None = None,
        sse_customer_key: str | None = None,
        sts_endpoint: str | None = None,
        sts_region: str | None = None,
        token: str | None = None,
        use_legacy_workflow: bool | None = None,
        use_path_style: bool | None = None,
        workspace_key_prefix: str | None = None,
    ) -> None:
        super().__init__(scope, "s3", _given(locals()))


class NamedCloudWorkspace:
    """The one workspace of an HCP Terraform organization that a stack uses."""

    def __init__(self, name: str, project: str | None = None) -> None:
        self.arguments = {"name": name, "project": project}


class TaggedCloudWorkspaces:
    """All workspaces of an HCP Terraform organization that bear the tags."""

    def __init__(self, tags: Sequence[str], project: str | None = None) -> None:
        self.arguments = {"tags": list(tags), "project": project}


class CloudBackend(Backend):
    """State and runs in HCP Terraform or Terraform Enterprise."""

    def __init__(
        self,
        scope: Construct,
        *,
        organization: str,
        workspaces: NamedCloudWorkspace | TaggedCloudWorkspaces,
        hostname: str | None = None,
        token: str | None = None,
    ) -> None:
        given = {"organization": organization, "hostname": hostname, "token": token}
        super().__init__(scope, "cloud", {**given, "workspaces": workspaces.arguments})
        self._edition = "tfc" if (hostname or "app.terraform.io").startswith("app.terraform.io") else "tfe"

    def document(self) -> Mapping[str, Any]:
        return {"terraform": {"cloud": self._arguments}}

    def metadata(self) -> dict[str, Any]:
        return {"backend": self._name, "cloud": self._edition}


def attach(stack: TerraformStack, document: Document) -> None:
    """Let a stack write what `document` returns, Terraform JSON, at each synthesis; once a stack."""
    _Records(stack, document)


def lineage_of(scope: Construct) -> tuple[Construct, ...]:
    """The construct and those around it, the nearest first."""
    return tuple(reversed(scope.node.scopes))


def stack_of(scope: Construct) -> TerraformStack:
    """The stack that a construct is in, itself included. Errors: engine/no-stack."""
    for each in lineage_of(scope):
        if isinstance(each, TerraformStack):
            return each
    raise no_stack(scope.node.path)


def path_of(scope: Construct) -> str:
    """The construct's path from the root: ids joined by slashes, empty for the app."""
    return scope.node.path


def is_token(value: object) -> bool:
    """Whether a value stands for one that the engine fills in at synthesis: here, never."""
    return False


def synthesized(app: App) -> dict[str, Synthesized]:
    """All documents of an app, by path: `manifest.json`, `stacks/<id>/cdk.tf.json`.

    Errors: engine/duplicate-stack, engine/unwritable-value, and what the attached documents raise.
    """
    stacks = [each for each in app.node.find_all() if isinstance(each, TerraformStack)]
    refuse_duplicates([(stack.node.id, stack.node.path) for stack in stacks])
    made = {f"stacks/{stack.node.id}/cdk.tf.json": stack.to_terraform() for stack in stacks}
    made["manifest.json"] = {
        "version": __version__,
        "stacks": {stack.node.id: _manifest_entry(stack) for stack in stacks},
    }
    return {path: Synthesized(data=made[path]) for path in sorted(made)}


def _manifest_entry(stack: TerraformStack) -> dict[str, Any]:
    folder = f"stacks/{stack.node.id}"
    return {
        "name": stack.node.id,
        "constructPath": stack.node.path,
        "workingDirectory": folder,
        "synthesizedStackPath": f"{folder}/cdk.tf.json",
        "stackMetadataPath": f"{folder}/metadata.json",
        "annotations": [],
        "dependencies": [each.node.path for each in stack.dependencies],
    }


def write(files: Mapping[str, str], folder: str) -> None:
    """Write documents under a folder as `cdktf synth` expects them, over what was there."""
    for path, text in files.items():
        place = Path(folder, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="")


def output_folder(outdir: str | None) -> str:
    """Where an app writes, by the rule of the `cdktf` command."""
    return outdir or os.environ.get("CDKTF_OUTDIR") or "cdktf.out"


Stack = TypeVar("Stack")


def refuse_cycle(stack: Stack, dependency: Stack, needs: Callable[[Stack], Sequence[Stack]]) -> None:
    """Raise engine/dependency-cycle, naming the whole cycle, if `dependency` already comes after `stack`."""
    way = _way(dependency, stack, needs)
    if way:
        ids = " -> ".join(f"`{each.node.id}`" for each in (stack, *way))  # type: ignore[attr-defined]
        fault = f"stacks depend on each other in a circle: {ids}"
        remedy = "take back one of these dependencies, or put both sides in one stack"
        raise DiagnosticError([error("engine/dependency-cycle", fault, help=remedy)])


def _way(start: Stack, end: Stack, needs: Callable[[Stack], Sequence[Stack]]) -> list[Stack]:
    """The stacks from one to another along dependencies, both included; empty when there is no way."""
    ways = [[start]]
    seen: set[int] = set()
    for way in ways:
        if way[-1] is end:
            return way
        if id(way[-1]) not in seen:
            seen.add(id(way[-1]))
            ways += [[*way, each] for each in needs(way[-1])]
    return []


def refuse_duplicates(stacks: Sequence[tuple[str, str]]) -> None:
    """Raise engine/duplicate-stack if two stacks, given as (id, path), would be written to one folder."""
    paths: dict[str, str] = {}
    for stack_id, path in stacks:
        if paths.setdefault(stack_id, path) != path:
            fault = f"two stacks have the id `{stack_id}`: {paths[stack_id]} and {path}"
            remedy = "give each stack an id of its own: it is the name of its folder and state"
            raise DiagnosticError([error("engine/duplicate-stack", fault, help=remedy)])


def no_stack(path: str) -> DiagnosticError:
    """The error for a construct that is in no stack."""
    fault = f"`{path or 'the app'}` is in no TerraformStack"
    remedy = "pass a TerraformStack, or a construct inside one, as scope"
    return DiagnosticError([error("engine/no-stack", fault, help=remedy)])


def _walk(construct: Construct) -> Iterator[Construct]:
    yield construct
    for child in construct.node.children:
        yield from _walk(child)


def _elements(construct: Construct) -> Iterator[Element]:
    if isinstance(construct, Element):
        yield construct
    for child in construct.node.children:
        if not isinstance(child, TerraformStack):
            yield from _elements(child)


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in ("self", "scope", "__class__")}


def _environment_context() -> dict[str, Any]:
    text = os.environ.get("CDKTF_CONTEXT_JSON")
    context: dict[str, Any] = json.loads(text) if text else {}
    return context
