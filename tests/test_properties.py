"""What holds of every blueprint: valid ones compile, whatever their order and words; no other breaks the compiler."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planform.blueprint.document import Document
from planform.blueprint.read import read_text
from planform.checks.cloud import check as check_cloud
from planform.diagnostics import DiagnosticError, to_json, to_text
from planform.literals import FORMS, looks_secret
from planform.output.output import Difference
from planform.pages import all_codes
from planform.pipeline import Compilation, compile_documents
from planform.planes.resource import accelerators as catalogue
from planform.terraform.arguments import Inspection
from planform.terraform.schema import load

Blueprint = dict[str, Any]
META = {"//", "lifecycle", "depends_on", "provider", "count", "for_each"}
FOLDER = Path(__file__).resolve().parent.parent / "blueprints" / "reference"
REGIONS = ("europe-west4", "us-central1", "us-east5")

few = settings(
    max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


# Blueprints

MARK = "zq9"
"""In every text that a blueprint smuggles in, so that it is recognised in the output."""

hostile = st.sampled_from(
    [
        f'${{file("/etc/{MARK}")}}',
        f"%{{ for x in {MARK} }}",
        f"$${{{MARK}}}",
        f"$$${{{MARK}}}",
        f"%%{{{MARK}}}",
        f"%$${{{MARK}}}",
        f"a ${{ b %{{ {MARK} }}",
        f"\\${{{MARK}}}",
        f"$${{$${{{MARK}}}}}",
        f"{MARK}$",
        f"{MARK}${{",
        f'"${{{MARK}}}"',
        f"<<EOT ${{{MARK}}} EOT",
    ]
)
printable = st.text(st.characters(exclude_categories=("C", "Z")), max_size=30)
texts = (st.tuples(printable, hostile, printable).map("".join) | hostile | printable).filter(
    lambda text: looks_secret(text) is None
)
names = st.from_regex(r"[a-z]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True).filter(
    lambda name: re.search(r"g[o0]{2}g", name) is None
)
principals = st.sampled_from(["group:ml@acme.example", "user:ada@acme.example", f"user:${{{MARK}}}@acme.example"])
label_values = st.from_regex(r"[a-z0-9_-]{0,12}", fullmatch=True)
labels = st.dictionaries(st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True), label_values, max_size=3)


def some(fields: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping with any of the keys."""
    return st.fixed_dictionaries({}, optional=dict(fields))


buckets = st.dictionaries(
    names,
    st.one_of(
        some({"autoclass": st.sampled_from(["nearline", "archive"]), "versioning": st.booleans()}),
        some(
            {
                "colder_after_days": st.just({"nearline": 30, "archive": 365}),
                "soft_delete_days": st.sampled_from([0, 7]),
            }
        ),
        some({"retention_days": st.integers(1, 3000), "readers": st.lists(principals, max_size=2)}),
        some({"hierarchical_namespace": st.booleans(), "writers": st.lists(principals, max_size=2)}),
        st.builds(lambda prefix: {"delete_prefixes_after_days": {prefix: 30}}, texts.filter(bool)),
    ),
    max_size=3,
)
secrets = st.dictionaries(names, some({"purpose": texts, "readers": st.lists(principals, max_size=2)}), max_size=3)
repositories = st.dictionaries(
    names,
    st.one_of(
        some({"description": texts, "format": st.sampled_from(["docker", "python", "npm", "maven", "generic", "kfp"])}),
        some({"immutable_tags": st.just(False), "keep_recent": st.integers(1, 100)}),
        st.sampled_from([{"upstream": "docker-hub"}, {"upstream": "pypi", "format": "python"}]),
        st.just({"upstream": f"https://mirror.acme.example/${{{MARK}}}"}),
        some({"readers": st.lists(principals, max_size=2), "writers": st.lists(principals, max_size=2)}),
    ),
    max_size=3,
)
flags = some({"work_mem": texts.filter(bool), "max_connections": st.integers(100, 900), "autovacuum": st.booleans()})


@st.composite
def node_pools(draw: st.DrawFn, region: str) -> dict[str, Any]:
    machines = [
        machine
        for machine in catalogue.machines().values()
        if not machine.zones or catalogue.in_region(machine.name, region)
    ]
    machine = draw(st.sampled_from(machines))
    needs_accelerator = ("flex_start", "queued")
    kinds = [kind for kind in machine.capacity if kind not in needs_accelerator or machine.accelerator]
    kind = draw(st.sampled_from([kind for kind in kinds if kind != "flex_start" or not machine.flex_start_zones]))
    pool: dict[str, Any] = {"machine_type": machine.name, "max_nodes": draw(st.integers(1, 20))}
    if kind == "reservation":
        pool["capacity"] = {"reservation": {"name": "acme-reserved"}}
    elif kind != "on_demand" or draw(st.booleans()):
        pool["capacity"] = draw(st.sampled_from([kind, {kind: {}}]))
    if machine.accelerator is not None and draw(st.booleans()):
        pool |= {"accelerator": machine.accelerator.name, "count": machine.accelerators}
    if draw(st.booleans()):
        pool["labels"] = {"acme.example/use": "training"}
    return pool


@st.composite
def components(draw: st.DrawFn, region: str, organization: bool) -> dict[str, Any]:
    """Slots in an order in which providers stand before their users."""
    services: st.SearchStrategy[str] = st.sampled_from(["project-services", "existing"])
    slots: dict[str, Any] = {"services": draw(services)}
    identity: dict[str, Any] = {"use": "iam"}
    if draw(st.booleans()):
        identity["github"] = {"owner_id": "123456", "repository": "acme/platform"}
    if organization and draw(st.booleans()):
        identity["resource_locations"] = [f"in:{region}-locations"]
    if draw(st.booleans()):
        slots["identity"] = identity
    if draw(st.booleans()):
        slots["keys"] = draw(st.sampled_from(["cloud-kms", {"use": "cloud-kms", "rotation_days": 30}]))
    if draw(st.booleans()):
        slots["secrets"] = {"use": "secret-manager", "secrets": draw(secrets)}
    if draw(st.booleans()):
        slots["networking"] = draw(
            st.sampled_from(
                ["vpc", {"use": "vpc", "proxy_cidr": "10.64.0.0/23"}, {"use": "vpc", "egress": {"deny": True}}]
            )
        )
    if draw(st.booleans()):
        slots["object_store"] = {"use": "gcs", "buckets": draw(buckets)}
    if "networking" in slots and "identity" in slots and draw(st.booleans()):
        pools = draw(st.dictionaries(names.filter(lambda name: name != "system"), node_pools(region), max_size=3))
        slots["compute"] = draw(st.sampled_from(["gke-autopilot", {"use": "gke", "node_pools": pools}]))
    if draw(st.booleans()):
        slots["registry"] = {"use": "artifact-registry", "repositories": draw(repositories)}
    if "networking" in slots and draw(st.booleans()):
        slots["database"] = {"use": draw(st.sampled_from(["cloud-sql", "alloydb"])), "flags": draw(flags)}
    return slots


@st.composite
def planes(draw: st.DrawFn, slots: Mapping[str, Any], *, layered: bool) -> dict[str, Any]:
    """Any grouping; with `layered` one in which no two planes need each other."""
    spread = draw(st.lists(st.integers(0, 3), min_size=len(slots), max_size=len(slots)))
    titles = draw(st.permutations(["alpha", "beta_two", "gamma", "delta"]))
    grouped: dict[str, Any] = {}
    for place, (slot, value) in zip(sorted(spread) if layered else spread, slots.items(), strict=True):
        grouped.setdefault(titles[place], {})[slot] = value
    for plane in grouped.values():
        if draw(st.booleans()):
            plane["owner"] = "ml-platform"
    return grouped


def canary(environment: str) -> str:
    return f"canary-of-{environment}"


@st.composite
def overrides(draw: st.DrawFn, number: int, name: str, grouped: Mapping[str, Any]) -> dict[str, Any]:
    project = f"acme-{name}-{number}{number}"
    block: dict[str, Any] = {"project": project, "project_number": f"{number + 1}" * 12}
    block["labels"] = {"bird": canary(name)}
    if draw(st.booleans()):
        block["production"] = draw(st.booleans())
    changed: dict[str, Any] = {}
    for plane, filled in grouped.items():
        slots: dict[str, Any] = {}
        if "object_store" in filled:
            slots["object_store"] = {"buckets": {f"{name}-only": {"soft_delete_days": 9}}}
        if "secrets" in filled:
            slots["secrets"] = {"secrets": {f"{name}-only": {"purpose": canary(name)}}}
        if "database" in filled and draw(st.booleans()):
            slots["database"] = {"high_availability": draw(st.booleans())}
        if draw(st.booleans()) and slots:
            changed[plane] = slots
    return {**block, "planes": changed} if changed else block


backends: st.SearchStrategy[Blueprint | None] = st.sampled_from(
    [
        None,
        {"gcs": {}},
        {"local": {}},
        {"s3": {"bucket": "acme-state", "region": "eu-central-1"}},
        {"hcp": {"organization": "acme"}},
    ]
)


@st.composite
def blueprints(draw: st.DrawFn) -> Blueprint:
    """A valid platform of real components, in any grouping, with one to three environments."""
    region, layered = draw(st.sampled_from(REGIONS)), draw(st.booleans())
    known = draw(st.booleans())
    organization = {"domain": "acme.example"} | ({"organization_id": "123456789012"} if known else {})
    grouped = draw(planes(draw(components(region, known)), layered=layered))
    chosen = draw(st.lists(st.sampled_from(["dev", "staging", "prod"]), min_size=1, max_size=3, unique=True))
    blueprint: Blueprint = {
        "planform": 1,
        "kind": "Platform",
        "name": draw(names),
        "organization": organization,
        "region": region,
        "labels": draw(labels),
        "layout": "planes" if layered else "single",
        "teams": {"fraud": {"owners": ["group:fraud@acme.example"], "accelerators": {"nvidia-l4": 8}}},
        "planes": grouped,
        "environments": {name: draw(overrides(number, name, grouped)) for number, name in enumerate(chosen)},
    }
    backend = draw(backends)
    return blueprint | ({"backend": backend} if backend else {})


def compiled(blueprint: Blueprint) -> Compilation:
    return compile_documents(read_text(json.dumps(blueprint, ensure_ascii=False), "platform.yaml"))


def stacks(compilation: Compilation) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, text in compilation.output.files.items():
        if path.endswith("cdk.tf.json"):
            yield path, json.loads(text)


# Properties


@few
@given(blueprints())
def test_what_is_valid_compiles_to_what_the_provider_takes(blueprint: Blueprint) -> None:
    for path, document in stacks(compiled(blueprint)):
        for terraform_type, bodies in document.get("resource", {}).items():
            schema = load("google").get("resource", terraform_type)
            for name, body in bodies.items():
                seen = Inspection(terraform_type, schema.block, raw=True)
                seen.body({key: value for key, value in body.items() if key not in META})
                assert seen.faults == [], f"{path}: {terraform_type}.{name}"
        assert list(check_cloud(document)) == []


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same with the keys of every mapping in another order; lists stay."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


@few
@given(blueprints(), st.integers(0, 10_000))
def test_the_order_of_keys_changes_no_byte(blueprint: Blueprint, seed: int) -> None:
    other = compiled(shuffled(blueprint, random.Random(seed))).output.files
    assert dict(sorted(compiled(blueprint).output.files.items())) == dict(sorted(other.items()))


ORDERED = ("columns", "features", "inputs", "outputs")
"""Keys of workload documents whose own keys stand in an order that means something."""
MORE: dict[str, dict[str, Any]] = {
    "ModelEndpoint": {"objective": {"percent": 99.9, "latency_ms": 150}},
    "NotebookWorkspace": {"secrets": {"b-key": "Calls to b", "a-key": "Calls to a"}},
    "TrainingPipeline": {
        "parameters": {"max_depth": "6", "eta": "0.1"},
        "secrets": {"scoring-key": "Calls to the partner", "a-key": "Calls to a"},
        "evaluation": {"metric": "auc", "least": 0.8, "gain": 0.01},
    },
}
"""Mappings of several keys, where the reference has one or none."""


def workload_documents(chance: random.Random | None) -> Iterator[Document]:
    """The reference; its workload documents with their keys in another order, where there is a chance."""
    for file in sorted(FOLDER.rglob("*.yaml")):
        for written in yaml.safe_load_all(file.read_text("utf-8")):
            value = {**written, **MORE.get(written["kind"], {})}
            if chance is not None and written["kind"] != "Platform":
                value = reordered(value, chance)
            yield from read_text(yaml.safe_dump(value, sort_keys=False), file.name)


def reordered(value: Any, chance: random.Random, key: str = "") -> Any:
    """As `shuffled`, but for mappings whose order is meant."""
    if isinstance(value, dict):
        keys = list(value)
        if key not in ORDERED:
            chance.shuffle(keys)
        return {each: reordered(value[each], chance, each) for each in keys}
    return [reordered(each, chance) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_keys_in_workload_documents_changes_no_byte(seed: int) -> None:
    one, other = (compile_documents([*workload_documents(chance)]).output for chance in (None, random.Random(seed)))
    assert one.difference(other) == Difference((), (), ())


@few
@given(blueprints())
def test_two_runs_give_the_same_bytes(blueprint: Blueprint) -> None:
    first, second = compiled(copy.deepcopy(blueprint)).output, compiled(blueprint).output
    assert list(first.files.items()) == list(second.files.items())


def strings(value: Any) -> Iterator[str]:
    """Every string of a document, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for key, item in value.items() for text in (key, *strings(item)))
    elif isinstance(value, list):
        yield from (text for item in value for text in strings(item))


def expressions(text: str) -> Iterator[str]:
    """What Terraform would evaluate in a string: the text from each opening that is not escaped."""
    place = 0
    while (place := min((at for at in (text.find("${", place), text.find("%{", place)) if at >= 0), default=-1)) >= 0:
        if place == 0 or text[place - 1] != text[place]:
            yield text[place:]
        place += 2


def literal(text: str) -> str:
    """A string without expressions as Terraform reads it."""
    return re.sub(r"([$%])\1\{", r"\1{", text)


REFERENCE = re.compile(r"\$\{[\w.\[\]\"/, :-]+\}")


@few
@given(blueprints())
def test_no_text_of_a_blueprint_becomes_an_expression(blueprint: Blueprint) -> None:
    written = {text for text in strings(blueprint) if MARK in text}
    found: set[str] = set()
    for path, document in stacks(compiled(blueprint)):
        for text in strings(document):
            for expression in expressions(text):
                inside = expression.partition("}")[0]
                assert MARK not in inside, f"{path}: {text}"
                assert REFERENCE.match(expression), f"{path}: {text}"
            if MARK in text:
                found.add(literal(text))
    for text in found:
        assert any(each in text or each.startswith("user:") for each in written), text


@few
@given(blueprints())
def test_an_environment_holds_nothing_of_another(blueprint: Blueprint) -> None:
    environments: dict[str, Any] = blueprint["environments"]
    compilation = compiled(blueprint)
    owners = {row.stack: row.environment for row in compilation.summary}
    for path, text in compilation.output.files.items():
        stack = path.split("/")[1] if path.startswith("stacks/") else ""
        for name, block in environments.items():
            if stack in owners and owners[stack] != name:
                for bird in (canary(name), block["project"], block["project_number"], f"{name}-only"):
                    assert bird not in text, path


# Broken ones

JUNK: Sequence[Any] = (
    2**60, "${TfToken[TOKEN.0]}",
        None, True, 0, -1, 10**12, 1.5, "", " ", "x" * 300, "yes", "../..", f"${{{MARK}}}", "10.0.0.0/8", "é", "\x7f",
    [], {}, [[]], [None], {"use": None}, {"": ""}, {"use": "existing"}, {"a": {"b": {"c": 1}}}, [1, "a", {}],
)  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


junk = st.sampled_from(JUNK).map(copy.deepcopy)

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
written = st.sampled_from(CASES).map(lambda case: read_text(case.read_text())[0].value)


@settings(few, max_examples=200)
@given(written | blueprints(), st.data())
def test_a_broken_blueprint_is_refused_in_words(blueprint: Blueprint, data: st.DataObject) -> None:
    broken = copy.deepcopy(blueprint)
    for _ in range(data.draw(st.integers(1, 3))):
        *above, last = data.draw(st.sampled_from(sorted(places(broken), key=str)))
        holder = broken
        for step in above:
            holder = holder[step]  # type: ignore[index]
        change = data.draw(st.sampled_from(["replace", "remove", "rename", "add"]))
        if change == "replace":
            holder[last] = data.draw(junk)  # type: ignore[index]
        elif change == "remove":
            del holder[last]  # type: ignore[arg-type]
        elif isinstance(holder, dict):
            key = data.draw(st.sampled_from(["", "nam", "USE", "use", "owner", "é", "keys", "name", "zones", "tier"]))
            holder[key] = holder.pop(last) if change == "rename" else data.draw(junk)  # type: ignore[arg-type]
        if not any(True for _ in places(broken)):
            break
    text = json.dumps(broken, ensure_ascii=False)
    try:
        compile_documents(read_text(text, "platform.yaml"))
    except DiagnosticError as refused:
        assert refused.diagnostics
        for each in refused.diagnostics:
            assert each.code in all_codes()
            assert each.at is not None and each.at.file == "platform.yaml" and each.at.line >= 1, each
            assert each.help, each
        assert to_text(refused.diagnostics, sources={"platform.yaml": text})
        assert json.dumps(to_json(refused.diagnostics))


@pytest.mark.parametrize("form", [form for _, form, _ in FORMS])
@given(data=st.data())
def test_every_text_of_a_form_of_secrets_is_told(form: str, data: st.DataObject) -> None:
    """Whichever of its words the form is looked for by."""
    assert looks_secret(data.draw(st.from_regex(form))) is not None
