"""Monitors of Arize AX as its GraphQL API takes them, and the program that makes the account follow them.

Source: Arize's GraphQL reference, mutations createDriftMonitor, createPerformanceMonitor, createDataQualityMonitor,
deleteMonitor and createSpace and their inputs, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planform.contracts.model_observability import ModelKind, ModelMonitor

__all__ = ["PROGRAM", "monitor_input"]

PERFORMANCE: dict[ModelKind, tuple[str, str]] = {
    "classification": ("accuracy", "lessThan"),
    "regression": ("mae", "greaterThan"),
    "ranking": ("ndcg", "lessThan"),
}
"""The metric of each kind, and the side on which it is bad."""
PSI = 0.2
"""A population stability index above which a distribution is called shifted."""
HALLUCINATED = 0.1
"""Share of answers judged to be made up."""
DEVIATIONS = 3.0


def monitor_input(
    name: str, kind: ModelKind, monitor: ModelMonitor, *, window_hours: int, contacts: Sequence[str]
) -> dict[str, Any]:
    """One mutation with its input; the program adds the space, which Arize gives an id."""
    mutation, body = _body(kind, monitor)
    common = {
        "modelName": name,
        "name": f"{name} {monitor.replace('_', ' ')}",
        "evaluationWindowLengthSeconds": window_hours * 3600,
        "delaySeconds": 0,
        "thresholdMode": "single",
        "contacts": [{"notificationChannelType": "email", "emailAddress": each} for each in contacts],
    }
    return {"mutation": mutation, "input": {**common, **body}}


def _body(kind: ModelKind, monitor: ModelMonitor) -> tuple[str, dict[str, Any]]:
    language = kind == "language"
    where = "tracing" if language else "production"
    learned = {"dynamicAutoThreshold": {"stdDevMultiplier": DEVIATIONS}}
    if monitor == "drift":
        span = {"dimensionCategory": "spanProperty", "dimensionName": "attributes.llm.token_count.completion"}
        judged = span if language else {"dimensionCategory": "prediction"}
        return "createDriftMonitor", {"driftMetric": "psi", "operator": "greaterThan", "threshold": PSI, **judged}
    if monitor == "performance" and not language:
        metric, operator = PERFORMANCE[kind]
        body = {"performanceMetric": metric, "operator": operator, "modelEnvironmentName": where, **learned}
        return "createPerformanceMonitor", body
    category, seen, metric, limit = _judged(monitor, language)
    return "createDataQualityMonitor", {
        "dataQualityMetric": metric,
        "dimensionCategory": category,
        **({"dimensionName": seen} if seen else {}),
        "modelEnvironmentName": where,
        "operator": "greaterThan",
        **(learned if limit is None else {"threshold": limit}),
    }


def _judged(monitor: ModelMonitor, language: bool) -> tuple[str, str, str, float | None]:
    """Category and name of what a data quality monitor looks at, the metric, and its limit if there is a known one."""
    if monitor == "performance":
        return "spanProperty", "latency_ms", "p95", None
    if monitor == "hallucination":
        return "llmEval", "hallucination.score", "avg", HALLUCINATED
    if language:
        return "spanProperty", "attributes.output.value", "percentEmpty", None
    return "prediction", "", "percentEmpty", None


PROGRAM = '''\
"""Makes spaces and monitors of Arize AX what the files beside this program say. Needs ARIZE_API_KEY, a service key.

A monitor is known by its name. One that the files no longer say so is made anew; one of a model that has sent nothing
yet is left for the next run.
"""

import hashlib
import json
import os
import pathlib
import sys
import urllib.request

HERE = pathlib.Path(__file__).parent
SPACES = json.loads((HERE / "spaces.json").read_text())


def ask(query, **variables):
    request = urllib.request.Request(
        SPACES["api"],
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json", "x-api-key": os.environ["ARIZE_API_KEY"]},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    if answer.get("errors"):
        raise SystemExit(f"Arize refused: {answer['errors']}")
    return answer["data"]


def only(edges, name):
    return next((each["node"] for each in edges if each["node"]["name"] == name), None)


def space_id(name):
    query = """query($o: String!, $s: String!) { account { organizations(search: $o, first: 10) { edges { node {
        id name spaces(search: $s, first: 10) { edges { node { id name } } } } } } } }"""
    found = ask(query, o=SPACES["organization"], s=name)["account"]["organizations"]["edges"]
    organization = only(found, SPACES["organization"])
    if organization is None:
        raise SystemExit(f"Arize has no organization {SPACES['organization']}, or the key may not see it")
    space = only(organization["spaces"]["edges"], name)
    if space is None:
        made = "mutation($input: CreateSpaceMutationInput!) { createSpace(input: $input) { space { id name } } }"
        wanted = {"accountOrganizationId": organization["id"], "name": name, "private": True}
        space = ask(made, input=wanted)["createSpace"]["space"]
        print(f"made space {name}")
    return space["id"]


def apply(space, model, wanted):
    query = """query($s: ID!, $m: String) { node(id: $s) { ... on Space {
        models(search: $m, first: 10) { edges { node { id name } } }
        monitors(modelName: $m, first: 50) { edges { node { id name notes } } } } } }"""
    held = ask(query, s=space, m=model)["node"]
    if only(held["models"]["edges"], model) is None:
        print(f"model {model} has sent nothing yet; its monitors wait for the next run", file=sys.stderr)
        return
    for each in wanted:
        text = json.dumps(each, sort_keys=True)
        notes = f"planform {hashlib.sha256(text.encode()).hexdigest()[:16]}"
        old = only(held["monitors"]["edges"], each["input"]["name"])
        if old is not None and old["notes"] == notes:
            continue
        if old is not None:
            gone = "mutation($input: DeleteMonitorMutationInput!) { deleteMonitor(input: $input) { monitor { id } } }"
            ask(gone, input={"monitorId": old["id"]})
        name = each["mutation"]
        made = (f"mutation($input: {name[0].upper()}{name[1:]}MutationInput!) "
                f"{{ {name}(input: $input) {{ monitor {{ id }} }} }}")
        ask(made, input={**each["input"], "spaceId": space, "notes": notes})
        print(f"{'changed' if old else 'made'} monitor {each['input']['name']}")


ids = {name: space_id(name) for name in SPACES["spaces"]}
for path in sorted((HERE / "monitors").glob("*.json")):
    document = json.loads(path.read_text())
    apply(ids[document["space"]], document["model"], document["monitors"])
'''
