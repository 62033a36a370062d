"""Score files: what the schema of Score takes, and no placeholder for what no wish gives."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from planform.contracts.workload_spec import Container, Workload, WorkloadResource
from planform.engine import App, TerraformStack
from planform.planes.component import Refused
from planform.planes.delivery.existing_workload_spec import ExistingWorkloadSpec, ExistingWorkloadSpecSettings
from planform.planes.delivery.resource_types import RESOURCE_TYPES
from planform.planes.delivery.score import Score
from planform.spec.environment import Environment
from tests.tools import go_module

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
API = Workload(
    "api",
    (
        Container(
            "api",
            command=("uvicorn",),
            args=("app:main",),
            variables={"DB": "${resources.db.name}", "NAME": "${metadata.name}", "TEXT": "$${resources.none.at-all}"},
            cpus=1.5,
            memory_mib=2048,
            health_path="/healthz",
            health_port=8080,
            volumes={"/tmp": "scratch"},
        ),
    ),
    ports={"http": 8080},
    resources={
        "db": WorkloadResource("postgres"),
        "gpu": WorkloadResource("gpu-pool", class_="l4", params={"count": 1}),
        "partner": WorkloadResource("secret", id="partner-api-key"),
        "route": WorkloadResource("route", params={"host": "${resources.web.host}", "port": 8080}),
        "scratch": WorkloadResource("volume"),
        "web": WorkloadResource("dns"),
    },
    annotations={"acme.example/tier": "1"},
)


def score() -> Score:
    return Score(TerraformStack(App(), "acme-ai-dev-delivery"), "workload_spec", environment=DEV)


def wishing(resources: dict[str, WorkloadResource], **variables: str) -> Workload:
    return Workload("api", (Container("api", variables=variables),), resources=resources)


def schema() -> dict[str, Any]:
    """Score's own schema, from the Go module that score-k8s validates with."""
    place = go_module("github.com/score-spec/score-go@v1.20.0")
    return dict(json.loads((place / "schema" / "files" / "score-v1b1.json").read_text()))


def test_a_file_is_what_the_schema_of_score_takes() -> None:
    document = yaml.safe_load(score().render(API)["score.yaml"])
    judge = jsonschema.Draft202012Validator(schema())
    assert list(judge.iter_errors(document)) == []
    assert list(judge.iter_errors({**document, "replicas": 2}))


def test_a_file_says_what_was_asked_for() -> None:
    document = yaml.safe_load(score().render(API)["score.yaml"])
    container = document["containers"]["api"]
    assert container["resources"] == {
        "requests": {"cpu": "1500m", "memory": "2048Mi"},
        "limits": {"memory": "2048Mi"},
    }
    assert container["volumes"] == {"/tmp": {"source": "${resources.scratch}"}}
    assert document["resources"]["gpu"] == {"type": "gpu-pool", "class": "l4", "params": {"count": 1}}
    assert document["resources"]["db"] == {"type": "postgres"}


@pytest.mark.parametrize(
    ("workload", "code", "help"),
    [
        (wishing({"db": WorkloadResource("postgresql")}), "contract/unknown-resource-type", "`postgres`"),
        (
            wishing({"db": WorkloadResource("postgres")}, U="${resources.db.user}"),
            "contract/unknown-output",
            "username",
        ),
        (wishing({"db": WorkloadResource("postgres")}, U="${resources.bd.name}"), "contract/unknown-placeholder", "db"),
        (wishing({}, U="${secrets.token}"), "contract/unknown-placeholder", "none"),
        (wishing({"gpu": WorkloadResource("gpu-pool")}), "contract/bad-name", "class"),
        (wishing({"db": WorkloadResource("postgres", id="Main DB")}), "contract/bad-name", "lower case"),
        (wishing({"a_b": WorkloadResource("bucket")}), "contract/bad-name", "hyphens"),
        (Workload("api", (Container("api", volumes={"/tmp": "x"}),)), "contract/unknown-placeholder", "volume"),
        (Workload("api", ()), "contract/bad-name", "one at least"),
    ],
)
def test_what_nothing_could_meet_is_refused(workload: Workload, code: str, help: str) -> None:
    with pytest.raises(Refused) as caught:
        score().render(workload)
    assert caught.value.fault.code == code
    assert help in caught.value.fault.help


def test_the_vocabulary_is_told_alike() -> None:
    assert score().resource_types() == {name: each.outputs for name, each in RESOURCE_TYPES.items()}
    assert all(each.outputs for each in RESOURCE_TYPES.values())
    assert "password" not in {output for each in RESOURCE_TYPES.values() for output in each.outputs}


def test_an_existing_form_keeps_the_contract() -> None:
    settings = ExistingWorkloadSpecSettings(file="deploy/workload.yaml", resource_types={"postgres": ("name",)})
    existing = ExistingWorkloadSpec(TerraformStack(App(), "a"), "workload_spec", settings, environment=DEV)
    wanted = wishing({"db": WorkloadResource("postgres")}, DB="${resources.db.name}")
    document = yaml.safe_load(existing.render(wanted)["deploy/workload.yaml"])
    assert document["resources"] == {"db": {"type": "postgres", "class": "default"}}
    with pytest.raises(Refused) as caught:
        existing.render(wishing({"b": WorkloadResource("bucket")}))
    assert caught.value.fault.code == "contract/not-named"
