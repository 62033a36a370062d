"""A real API server takes every object of the reference blueprint, in the order in which Config Sync brings them."""

from __future__ import annotations

import copy
import functools
import graphlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.kubernetes.charts import charts
from planform.pipeline import compile_files
from tests.control_plane import Api, RefusedByServerError, control_plane
from tests.definitions import GROUPS, definition_of_constraint, definitions

ROOT = Path(__file__).resolve().parent.parent
GKE = ("cilium.io", "configsync.gke.io", "gateway.networking.k8s.io", "monitoring.googleapis.com", "networking.gke.io")
"""Groups that a GKE cluster of a fleet with Config Sync has from its first day."""
SYNCS = "config-management-system"
pytestmark = pytest.mark.api_server


@functools.cache
def written(environment: str) -> dict[str, dict[str, Any]]:
    """The objects of an environment of the reference by their paths below its folder."""
    files = compile_files(ROOT / "blueprints" / "reference", environments=[environment]).output.files
    top = f"kubernetes/{environment}/"
    return {path.removeprefix(top): yaml.safe_load(str(text)) for path, text in files.items() if path.startswith(top)}


def in_order(environment: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object with its path, and what GKE and charts bring with the names of these, as one comes after another."""
    objects = written(environment)
    for group in GKE:
        yield from ((f"GKE: {each['metadata']['name']}", each) for each in of_use(objects, group))
    yield "Config Sync: its namespace", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYNCS}}
    syncs = {each["metadata"]["name"]: each for each in objects.values() if each["kind"] == "RootSync"}
    yield from sorted_in("sync", objects)
    before = {
        name: [each.rpartition("/")[2] for each in note.split(",")] if note else []
        for name, sync in syncs.items()
        for note in [sync["metadata"].get("annotations", {}).get("config.kubernetes.io/depends-on")]
    }
    for name in graphlib.TopologicalSorter(before).static_order():
        spec = syncs[name]["spec"]
        if spec["sourceType"] != "helm":
            yield from sorted_in(spec["oci"]["dir"], objects)
        else:
            chart = charts()[spec["helm"]["chart"]]
            for group in chart.api_groups:
                yield from ((f"{chart.name}: {each['metadata']['name']}", each) for each in of_use(objects, group))


def sorted_in(folder: str, objects: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """The objects of a folder as Config Sync applies them: namespaces and definitions before what needs them."""
    first = ("Namespace", "CustomResourceDefinition", "ConstraintTemplate")
    found = [(path, each) for path, each in objects.items() if path.startswith(f"{folder}/")]
    return sorted(found, key=lambda item: first.index(item[1]["kind"]) if item[1]["kind"] in first else len(first))


def faults(api: Api, brought: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """What the server says against each of the objects that it does not take."""
    return {path: fault for path, each in brought.items() if (fault := fault_of(api, each))}


def fault_of(api: Api, body: dict[str, Any]) -> str:
    """What the server says against an object, "" where it takes it; Gatekeeper's part is done for a template."""
    try:
        api.apply(body)
        if body["kind"] == "ConstraintTemplate":
            api.apply(definition_of_constraint(body))
    except RefusedByServerError as refusal:
        return str(refusal)
    return ""


def of_use(objects: dict[str, dict[str, Any]], group: str) -> list[dict[str, Any]]:
    """The definitions of a group's kinds that are among the objects, without the webhooks that nobody answers here."""
    kinds = {each["kind"] for each in objects.values() if each["apiVersion"].startswith(f"{group}/")}
    found = (
        copy.deepcopy([each for each in definitions(group) if each["spec"]["names"]["kind"] in kinds])
        if group in GROUPS
        else []
    )
    for each in found:
        each["spec"].pop("conversion", None)
        each.pop("status", None)
    return found


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_object_of_the_reference_is_taken(environment: str) -> None:
    """In order, and at the first try."""
    objects = written(environment)
    brought = dict(in_order(environment))
    assert objects.keys() <= brought.keys()
    with control_plane() as api:
        assert faults(api, brought) == {}
    assert len(objects) > 180


BROKEN = [
    ("NetworkPolicy", "spec.podSelektor", {}, "field not declared in schema"),
    ("KafkaTopic", "spec.partition", 3, "field not declared in schema"),
    ("Deployment", "spec.replicas", "many", "expected numeric"),
    ("Deployment", "spec.selector.matchLabels", {"app": "other"}, "does not match template"),
    ("Namespace", "metadata.name", "Kafka", "RFC 1123"),
    ("KafkaTopic", "spec.partitions", 0, "should be greater than or equal to 1"),
    ("ClusterQueue", "spec.stopPolicy", "Perhaps", "Unsupported value"),
]
"""Kind, path and value that make a good object bad, and what the server says of it."""


def test_what_is_broken_is_refused() -> None:
    objects = written("dev")
    definitions_of_use = [each for group in ("kafka.strimzi.io", "kueue.x-k8s.io") for each in of_use(objects, group)]
    namespaces = [each for each in objects.values() if each["kind"] == "Namespace"]
    with control_plane() as api:
        assert {fault_of(api, each) for each in (*definitions_of_use, *namespaces)} == {""}
        for kind, path, value, said in BROKEN:
            good = next(each for each in objects.values() if each["kind"] == kind)
            assert fault_of(api, good) == ""
            bad = copy.deepcopy(good)
            bad["metadata"]["name"] += "-broken"
            *above, last = path.split(".")
            functools.reduce(lambda place, key: place[key], above, bad)[last] = value
            assert said in fault_of(api, bad), path
