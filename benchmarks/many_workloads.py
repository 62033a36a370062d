"""Writes a platform with many workload documents of all kinds: `DOCUMENTS FOLDER`.

The platform is the reference blueprint's in one environment, with one team for every twenty documents. A team has a
file for each of its documents, so that a change touches one file, as pull requests of the portal do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks.process import ROOT

REFERENCE = ROOT / "blueprints" / "reference" / "platform.yaml"
TEAM_SIZE = 20
"""Documents of a team."""
ENVIRONMENT = "prod"
"""The one that also makes what environments share, such as repositories."""
COMMIT = "5f2b0c9d1e7a4836b2d4f0c1a9e8d7c6b5a43210"
ACCELERATOR = {"type": "nvidia-l4"}


def main(documents: int, folder: Path) -> None:
    """Write `platform.yaml` and `workloads/TEAM/NAME.yaml`."""
    teams = -(-documents // TEAM_SIZE)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "platform.yaml", platform(teams))
    written = (each for team in range(teams) for each in team_documents(team))
    for _, each in zip(range(documents), written, strict=False):
        _write(folder / "workloads" / each["team"] / f"{each['name']}.yaml", each)


def platform(teams: int) -> dict[str, Any]:
    """The reference platform with so many teams, each with a quota for its documents."""
    found: dict[str, Any] = yaml.safe_load(REFERENCE.read_text("utf-8"))
    found["teams"] = {
        team_name(team): {
            "owners": [f"group:{team_name(team)}@acme.example"],
            "accelerators": {"nvidia-l4": 64},
            "budget_usd_month": 4000,
        }
        for team in range(teams)
    }
    found["environments"] = {ENVIRONMENT: found["environments"][ENVIRONMENT]}
    return found


def team_name(team: int) -> str:
    return f"team-{team:03}"


def team_documents(team: int) -> Iterator[dict[str, Any]]:
    """A team's twenty documents: those that others refer to first."""
    first = f"t{team:03}"

    def document(kind: str, name: str, **settings: Any) -> dict[str, Any]:
        common = {"planform": 1, "kind": kind, "name": f"{first}-{name}", "team": team_name(team)}
        return {**common, "environments": [ENVIRONMENT], **settings}

    about = "Events of a shop, one row each"
    quality = {"fresh_hours": 24, "not_null": ["id"], "unique": ["id"]}
    columns = {"id": "string", "amount": "float", "at": "timestamp"}
    for name in ("payments", "clicks", "orders"):
        yield document("Dataset", name, description=about, classification="confidential", columns=columns,
                       bucket={"format": "parquet"}, quality=quality)  # fmt: skip
    for name, source in (("payment-features", "payments"), ("click-features", "clicks")):
        group = {"entity": "id", "features": {"count_7d": "int", "amount_7d": "float"}}
        yield document("Dataset", name, description=about, classification="internal", feature_group=group,
                       sources=[f"{first}-{source}"])  # fmt: skip
    for name in ("refunds", "returns"):
        yield document("Dataset", name, description=about, classification="restricted", database={"table": name},
                       columns=columns)  # fmt: skip
        yield document("Transformation", f"{name}-rows", topic=f"{first}-{name}", partitions=6,
                       output=f"{first}-{name}", version=COMMIT)  # fmt: skip
    for name in ("payment", "click"):
        yield document("TrainingPipeline", f"{name}-training", model=f"{first}-{name}-model",
                       features=f"{first}-{name}-features", label="fraud", accelerator=ACCELERATOR,
                       card={"intended_use": "Orders rows for review by people"})  # fmt: skip
        yield document("ModelEndpoint", f"{name}-scoring", model=f"{first}-{name}-model", version="3",
                       inputs={"features": {"shape": [2]}}, accelerator=ACCELERATOR)  # fmt: skip
    for name in ("churn", "prices"):
        yield document("ExperimentTracking", f"{name}-runs", model=f"{first}-{name}")
    for name in ("ada", "eve"):
        yield document("NotebookWorkspace", name, accelerator=ACCELERATOR, datasets=[f"{first}-payments"])
    pool = {"machine_type": "g2-standard-8", "accelerator": "nvidia-l4", "capacity": "on_demand", "max_nodes": 2}
    yield document("NodePool", "l4", pool=pool)
    yield document("GoldenPath", "tuning", title="Fine-tuning on an L4", base="NotebookWorkspace",
                   presets={"accelerator": ACCELERATOR, "disk_gib": 500}, fixed=["accelerator"])  # fmt: skip
    yield {**document("", "answers", idle_minutes=30), "kind": f"T{team:03}Tuning"}


def _write(place: Path, document: dict[str, Any]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
