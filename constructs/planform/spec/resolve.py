"""Documents in, environments out: validated, with defaults, and each value's place remembered."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec.structs import replace
from pydantic import BaseModel

from planform.blueprint.document import Document
from planform.blueprint.overrides import for_environment
from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, in_order, shown, suggest
from planform.engine_json import TOKEN
from planform.literals import looks_secret, secret_paths
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.faults import parse
from planform.spec.place import Place, diagnostics
from planform.spec.platform import EnvironmentBlock, EnvironmentSpec, PlaneSpec, Platform, SlotSpec
from planform.spec.settings import Settings
from planform.spec.versions import Versions, unknown_names
from planform.spec.workloads import Kinds, bound_workloads, declared_by, organisations_own, with_additions

if TYPE_CHECKING:
    from planform.spec.addresses import Addresses

__all__ = ["ComponentType", "Components", "KINDS", "addresses_of", "resolve", "versions_of"]

KINDS = ("Platform", "Versions", "Addresses")
VERSION = 1
M = TypeVar("M", bound=BaseModel)
OWN_LABELS = ("component", "environment", "managed_by", "plane", "team")
"""Labels that say what made a resource and who owns it; a provider's own begin with `goog`."""


class ComponentType(Protocol):
    """What resolving needs to know of a component."""

    Settings: type[Settings]

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]: ...


class Components(Protocol):
    """What resolving needs to know of the catalog; it is handed in, as the spec knows no component."""

    @property
    def capabilities(self) -> Sequence[str]: ...

    def names(self, capability: str) -> Sequence[str]: ...

    def load(self, capability: str, name: str) -> Any: ...

    @property
    def pinned(self) -> Mapping[str, Collection[str]]: ...


def resolve(
    documents: Sequence[Document],
    components: Components,
    environments: Sequence[str] = (),
    kinds: Kinds | None = None,
) -> tuple[EnvironmentSpec, ...]:
    """The environments of a blueprint, all or those named, in the order they are written.

    `kinds` are those of workload documents; without them a blueprint has none.
    Raises DiagnosticError with every fault of every document.
    """
    kinds, own = organisations_own(documents, kinds)
    names = (*KINDS, *(kinds.names if kinds else ()))
    found: list[Diagnostic] = [fault for document in documents for fault in _of_document(document, names)]
    found += own
    platforms = [document for document in documents if document.value.get("kind") == "Platform"]
    if not platforms and not found:
        first = documents[0] if documents else None
        found.append(
            error(
                "spec/no-platform",
                "there is no `Platform` document",
                first.at() if first else None,
                help="add a document with `planform: 1` and `kind: Platform`; `planform init` writes one",
            )
        )
    for extra in platforms[1:]:
        found.append(
            error(
                "spec/two-platforms",
                "a blueprint has one `Platform` document, this is another",
                extra.at("kind"),
                notes=(f"the first is at {platforms[0].at('kind')}",),
                help="put what differs between environments under `environments:` of the first",
            )
        )
    versions, faults = _versions(documents, components)
    found += faults
    found += _addresses(documents)[1]
    specs: tuple[EnvironmentSpec, ...] = ()
    if platforms:
        specs, faults = _platform(
            platforms[0], components, environments, versions, partial(with_additions, documents=documents, kinds=kinds)
        )
        found += faults
        if kinds is not None:
            workloads, faults = bound_workloads(documents, kinds, platforms[0], specs)
            found += faults
            specs = tuple(
                replace(spec, workloads=found_there, declared=declared_by(found_there), kinds=kinds)
                for spec in specs
                for found_there in (workloads.get(spec.name, ()),)
            )
    if found:
        raise DiagnosticError(_without_secrets(found))
    return specs


def versions_of(documents: Sequence[Document], components: Components, *, strict: bool = True) -> Versions | None:
    """The versions that a blueprint pins, if any; unless `strict`, of things that planform does not install too.

    Raises DiagnosticError.
    """
    versions, found = _versions(documents, components)
    faults = [each for each in found if strict or each.code != "spec/unknown-version"]
    if faults:
        raise DiagnosticError(in_order(faults))
    return versions


def addresses_of(documents: Sequence[Document]) -> Addresses | None:
    """The ledger of a blueprint's addresses, if it has one. Raises DiagnosticError."""
    addresses, found = _addresses(documents)
    if found:
        raise DiagnosticError(in_order(found))
    return addresses


def _versions(documents: Sequence[Document], components: Components) -> tuple[Versions | None, list[Diagnostic]]:
    """The versions that the blueprint pins."""
    versions, found, place = _only(documents, Versions, "spec/two-versions")
    if versions is not None and place is not None:
        found += [place.diagnostic(fault) for fault in unknown_names(versions, components.pinned)]
    return versions, found


def _addresses(documents: Sequence[Document]) -> tuple[Addresses | None, list[Diagnostic]]:
    """The ledger; its models are imported where there is one."""
    if not any(document.value.get("kind") == "Addresses" for document in documents):
        return None, []
    from planform.spec.addresses import Addresses

    addresses, found, _ = _only(documents, Addresses, "spec/two-addresses")
    return addresses, found


def _only(documents: Sequence[Document], model: type[M], twice: str) -> tuple[M | None, list[Diagnostic], Place | None]:
    """The one document of a kind, named as its model is, and what is wrong with it or with there being another."""
    kind = model.__name__
    given = [document for document in documents if document.value.get("kind") == kind]
    if not given:
        return None, [], None
    first, *others = given
    place, parsed = Place(first), parse(model, first.value)
    found = [*diagnostics(place, parsed)]
    for extra in others:
        found.append(
            error(
                twice,
                f"a blueprint has one `{kind}` document, this is another",
                extra.at("kind"),
                notes=(f"the first is at {first.at('kind')}",),
                help="keep one of the two",
            )
        )
    return (None if isinstance(parsed, list) else parsed), found, place


def _without_secrets(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """In file order, less what else is said of a value that is a secret and must not be quoted."""
    secret = {_spot(each.at) for each in found if each.code == "spec/secret-literal"}
    return in_order(each for each in found if each.code == "spec/secret-literal" or _spot(each.at) not in secret)


def _spot(at: Location | None) -> tuple[str, int, int] | None:
    return (at.file, at.line, at.column) if at else None


def _of_document(document: Document, kinds: Sequence[str]) -> Iterator[Diagnostic]:
    yield from _secrets(document)
    yield from _tokens(document, document.value)
    yield from _header(document, kinds)


def _tokens(document: Document, value: Any, path: tuple[str | int, ...] = ()) -> Iterator[Diagnostic]:
    """Texts that the engine would take for a mark of its own and fill in."""
    if isinstance(value, str) and TOKEN in value:
        yield _token(document.at(*path))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if TOKEN in key:
                yield _token(document.key_at(*path, key))
            yield from _tokens(document, item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _tokens(document, item, (*path, index))


def _token(at: Location) -> Diagnostic:
    summary = f"a text holds `{TOKEN}`, which the engine would fill in"
    return error("spec/engine-token", summary, at, help=f"write it without `{TOKEN}`: a blueprint's texts are data")


def _secrets(document: Document) -> Iterator[Diagnostic]:
    for path, kind in secret_paths(document.value):
        in_key = bool(path) and isinstance(path[-1], str) and looks_secret(path[-1]) is not None
        at = document.key_at(*path) if in_key else document.at(*path)
        yield error(
            "spec/secret-literal",
            f"`{'.'.join(map(str, path[-1:]))}` holds what looks like {kind}",
            at,
            help="a blueprint holds names only: put the value into the secret store, name it here, and revoke this one",
        )


def _header(document: Document, kinds: Sequence[str]) -> Iterator[Diagnostic]:
    value = document.value
    if "planform" not in value:
        yield error(
            "spec/missing-key",
            "`planform` is missing: the version of the blueprint language",
            document.at(),
            help=f"add `planform: {VERSION}` as the first line of the document",
        )
    elif value["planform"] != VERSION or isinstance(value["planform"], bool):
        newer = isinstance(value["planform"], int) and value["planform"] > VERSION
        yield error(
            "spec/version",
            f"this planform reads version {VERSION} of the blueprint language, not {json.dumps(value['planform'])}",
            document.at("planform"),
            help="upgrade planform" if newer else f"write `planform: {VERSION}`",
        )
    if "kind" not in value:
        yield error("spec/missing-key", "`kind` is missing", document.at(), help=f"add `kind: {KINDS[0]}`")
    elif value["kind"] not in kinds:
        near = suggest(str(value["kind"]), kinds)
        yield error(
            "spec/unknown-kind",
            f"unknown kind `{value['kind']}`",
            document.at("kind"),
            label=f"did you mean `{near}`?" if near else "",
            help=f"kinds: {', '.join(kinds)}",
        )


def _platform(
    document: Document,
    components: Components,
    wanted: Sequence[str],
    versions: Versions | None,
    added: Callable[[Document, str], Document],
) -> tuple[tuple[EnvironmentSpec, ...], list[Diagnostic]]:
    place = Place(document)
    raw = parse(Platform, document.value)
    found = [*diagnostics(place, raw)]
    blocks = document.value.get("environments")
    if not isinstance(blocks, Mapping):
        return (), found
    found += _shared_projects(document, blocks)
    found += _unknown_environments(document, blocks, wanted)
    found += _waived_nowhere(document, blocks)
    specs = []
    for name in wanted or blocks:
        if not isinstance(blocks.get(name), Mapping):
            continue
        spec, faults = _environment(document, name, components, versions, added)
        found += faults
        if spec is not None:
            specs.append(spec)
    return tuple(specs), found


def _unknown_environments(document: Document, blocks: Mapping[str, Any], wanted: Sequence[str]) -> Iterator[Diagnostic]:
    for name in wanted:
        if name not in blocks:
            yield _unknown_environment(name, blocks, document.key_at("environments"))


def _unknown_environment(name: str, blocks: Mapping[str, Any], at: Location) -> Diagnostic:
    near = suggest(name, blocks)
    return error(
        "spec/unknown-environment",
        f"there is no environment `{name}`",
        at,
        label=f"did you mean `{near}`?" if near else "",
        help=f"environments here: {', '.join(blocks)}",
    )


def _waived_nowhere(document: Document, blocks: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """The environments of waivers that the platform does not have."""
    waivers = document.value.get("waivers")
    for index, waiver in enumerate(waivers if isinstance(waivers, list) else ()):
        names = waiver.get("environments") if isinstance(waiver, Mapping) else None
        for position, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str) and name not in blocks:
                yield _unknown_environment(name, blocks, document.at("waivers", index, "environments", position))


def _shared_projects(document: Document, blocks: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for fact in ("project", "project_number"):
        owner: dict[str, str] = {}
        for name, block in blocks.items():
            if not isinstance(block, Mapping) or fact not in block:
                continue
            first = owner.setdefault(str(block[fact]), name)
            if first != name:
                yield error(
                    "spec/shared-project",
                    f"environments `{first}` and `{name}` have the same {fact.replace('_', ' ')}",
                    document.at("environments", name, fact),
                    notes=(f"`{first}` has it at {document.at('environments', first, fact)}",),
                    help="give each environment a project of its own, so that one cannot harm the other",
                )


def _environment(
    document: Document,
    name: str,
    components: Components,
    versions: Versions | None,
    added: Callable[[Document, str], Document],
) -> tuple[EnvironmentSpec | None, list[Diagnostic]]:
    try:
        merged = added(for_environment(document, name), name)
    except DiagnosticError as fault:
        return None, list(fault.diagnostics)
    place = Place(merged)
    parsed = parse(Platform, merged.value)
    faults = [*diagnostics(place, parsed)]
    environment = None if isinstance(parsed, list) else _facts(parsed, name, versions)
    planes = merged.value.get("planes")
    slots, more = _planes(merged, planes if isinstance(planes, Mapping) else {}, components, environment)
    faults += more
    if environment is not None:
        faults += [place.diagnostic(fault) for fault in _label_faults(environment.labels)]
    if isinstance(parsed, list) or environment is None or faults:
        return None, faults
    spec = EnvironmentSpec(
        environment=environment,
        planes={
            plane: PlaneSpec(plane, written.owner, slots.get(plane, {})) for plane, written in parsed.planes.items()
        },
        teams=parsed.teams,
        layout=parsed.layout,
        backend=parsed.backend,
        waivers=parsed.waivers,
        origin=merged.at,
        siblings=tuple(sorted(parsed.environments, key=lambda each: (parsed.environments[each].production, each))),
    )
    return spec, []


def _label_faults(labels: Mapping[str, str]) -> Iterator[Fault]:
    """Labels that planform or Google sets, so that the blueprint's would be lost."""
    for key in labels:
        if key in OWN_LABELS or key.startswith("goog"):
            yield Fault(
                "spec/reserved-label",
                f"label `{key}` is set by {'planform' if key in OWN_LABELS else 'Google'}",
                ("labels", key),
                help="choose another key",
                of_key=True,
            )


def _facts(platform: Platform, name: str, versions: Versions | None) -> Environment:
    block: EnvironmentBlock = platform.environments[name]
    return Environment(
        platform=platform.name,
        name=name,
        project=block.project,
        project_number=block.project_number,
        region=block.region or platform.region,
        organization=platform.organization,
        labels=platform.labels,
        production=block.production,
        charts=versions.charts if versions else {},
        images=versions.images if versions else {},
    )


def _planes(
    document: Document, planes: Mapping[str, Any], components: Components, environment: Environment | None
) -> tuple[dict[str, dict[str, SlotSpec]], list[Diagnostic]]:
    filled: dict[str, tuple[str, ...]] = {}
    slots: dict[str, dict[str, SlotSpec]] = {}
    found: list[Diagnostic] = []
    for plane, block in planes.items():
        if not isinstance(block, Mapping):
            continue
        for capability, value in block.items():
            if capability == "owner":
                continue
            path = ("planes", plane, capability)
            if capability in filled:
                near = suggest(plane, (filled[capability][1],))
                found.append(
                    error(
                        "spec/capability-twice",
                        f"`{capability}` is filled in two planes",
                        document.key_at(*path),
                        label=f"did you mean plane `{near}`?" if near else "",
                        notes=(f"the other is at {document.key_at(*filled[capability])}",),
                        help="keep one of the two: an environment has one component for each capability",
                    )
                )
                continue
            filled[capability] = path
            slot = _slot(Place(document, path), capability, value, components, environment)
            if isinstance(slot, SlotSpec):
                slots.setdefault(plane, {})[capability] = slot
            else:
                found += slot
    return slots, found


def _slot(
    place: Place, capability: str, value: Any, components: Components, environment: Environment | None
) -> SlotSpec | list[Diagnostic]:
    """One slot. `value` is already `{use: name, ...}`, whichever way it was written."""
    if capability not in components.capabilities:
        near = suggest(capability, (*components.capabilities, "owner"))
        return [
            place.diagnostic(
                Fault(
                    "spec/unknown-capability",
                    f"there is no capability `{capability}`",
                    label=f"did you mean `{near}`?" if near else "",
                    help=f"capabilities: {', '.join(components.capabilities)}",
                )
            )
        ]
    names = components.names(capability)
    if not isinstance(value, Mapping):
        summary = f"a slot is a component's name or a mapping with `use`, not {shown(json.dumps(value))}"
        return [place.diagnostic(Fault("spec/wrong-type", summary, help=f"write one of {', '.join(names)}"))]
    use = value.get("use")
    if use is None:
        return [place.diagnostic(Fault("spec/missing-key", f"`{capability}` does not say which component fills it",
                                       path=("use",), help=f"add `use:` with one of {', '.join(names)}"))]  # fmt: skip
    if use not in names:
        return [place.diagnostic(_unknown_component(capability, use, names, components))]
    try:
        component = components.load(capability, use)
    except DiagnosticError as fault:
        at = place.document.at(*place.base, "use")
        return [error(d.code, d.summary, at, help=d.help) for d in fault.diagnostics]
    settings = parse(component.Settings, {key: item for key, item in value.items() if key != "use"})
    if isinstance(settings, list):
        return [place.diagnostic(fault) for fault in settings]
    faults = list(component.check(settings, environment)) if environment is not None else []
    if faults:
        return [place.diagnostic(fault) for fault in faults]
    return SlotSpec(capability, use, settings)


def _unknown_component(capability: str, use: object, names: Sequence[str], components: Components) -> Fault:
    elsewhere = [other for other in components.capabilities if use in components.names(other)]
    near = suggest(str(use), names)
    if elsewhere:
        summary = f"`{use}` fills `{elsewhere[0]}`, not `{capability}`"
    else:
        summary = f"there is no component `{use}` for `{capability}`"
    return Fault(
        "spec/unknown-component",
        summary,
        path=("use",),
        label=f"did you mean `{near}`?" if near else "",
        help=f"components for `{capability}`: {', '.join(names)}",
    )
