"""The files of registered models: folders by model, a card beside every version, and what registering takes.

A version's files are written once: publishers may add objects, and neither they nor readers may replace or remove one.
So what was scanned is what is served.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.contracts.model_registry import ModelRef
from planform.contracts.object_store import BucketRef
from planform.files import File
from planform.planes.component import Component
from planform.planes.data.team_folders import TeamFolders
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName, Principal

__all__ = ["Alias", "ModelFiles", "ModelName", "ModelSettings", "alias_faults"]

NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
CARD_SCHEMA = "model-card.schema.json"

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$"), Field(examples=["churn"])]
Alias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,126}[a-z0-9]$"), Field(examples=["staging"])]


class ModelSettings(Settings):
    """One model."""

    team: KebabName = Field(description="The team whose it is.", examples=["fraud"])
    publishers: tuple[Principal, ...] = Field(
        default=(), description="Who may register versions and promote them. Default: nobody but those who ask."
    )
    readers: tuple[Principal, ...] = Field(
        default=(), description="Who may fetch versions. Default: nobody but those who ask."
    )


def alias_faults(aliases: Sequence[str], reserved: str, whose: str) -> Iterator[Fault]:
    """Aliases that a registry keeps for itself, as a pattern, and ones that are there twice."""
    for index, alias in enumerate(aliases):
        why = "it is there already" if alias in aliases[:index] else ""
        why = why or (f"{whose} keeps it to itself" if re.fullmatch(reserved, alias) else "")
        if why:
            yield Fault(
                "spec/model-alias",
                f"`{alias}` cannot be an alias of versions, as {why}",
                ("aliases", index),
                help="choose another word, or delete the entry",
            )


class ModelFiles:
    """Folders `models/<name>` and `cards/<name>` of one bucket, and a file for each model that says how to register."""

    def __init__(self, owner: Component, bucket: BucketRef, aliases: Sequence[str]) -> None:
        self._owner = owner
        self._folders = TeamFolders(owner, bucket)
        self._aliases = tuple(aliases)
        self._models: dict[str, tuple[str, ModelRef]] = {}
        File(owner, CARD_SCHEMA, json.dumps(card_schema(self._aliases), indent=2) + "\n")

    @property
    def uri(self) -> str:
        """The folder of all models."""
        return f"{self._folders.bucket.uri}/models"

    def model(self, name: str, team: str, url: str, service: dict[str, Any]) -> ModelRef:
        """The model's folders, and the file that says how a version is registered with the `service`."""
        if not NAME.fullmatch(name):
            raise self._owner.refuse(
                "contract/bad-name",
                f"`{name}` cannot be the name of a model",
                help="use lower case letters, digits and hyphens, a letter first, 63 at most",
            )
        if name in self._models:
            return self._held(name, team)
        files, cards = self._folders.folder("models", name), self._folders.folder("cards", name)
        ref = ModelRef(name, files, cards, url)
        self._models[name] = (team, ref)
        contract = _contract(ref, team, self._aliases, service)
        File(self._owner, f"models/{name}.json", json.dumps(contract, indent=2) + "\n")
        return ref

    def admit(self, name: str, *, publishers: Sequence[str], readers: Sequence[str]) -> None:
        """Let publishers add files and readers fetch them."""
        for folder in ("models", "cards"):
            self._folders.admit(folder, name, role="roles/storage.objectCreator", kind="publisher", members=publishers)
            everybody = tuple(dict.fromkeys((*publishers, *readers)))
            self._folders.admit(folder, name, role="roles/storage.objectViewer", kind="reader", members=everybody)

    def _held(self, name: str, team: str) -> ModelRef:
        owner, ref = self._models[name]
        if owner != team:
            raise self._owner.refuse(
                "contract/other-team",
                f"model `{name}` is of team `{owner}`, and team `{team}` asks for it",
                help="ask for a model under another name, or let the other team's members in as readers",
            )
        return ref


def _contract(ref: ModelRef, team: str, aliases: Sequence[str], service: dict[str, Any]) -> dict[str, Any]:
    """What a job that registers a version must do; paths have `{version}` where the version's number goes."""
    return {
        "model": ref.name,
        "team": team,
        **service,
        "artifacts": f"{ref.artifacts}/{{version}}/",
        "card": f"{ref.cards}/{{version}}.json",
        "scan": f"{ref.cards}/{{version}}.scan.json",
        "card_schema": CARD_SCHEMA,
        "aliases": list(aliases),
        "rules": [
            "write the files of a version, its card and the verdict of its scan before it is registered",
            "register no version whose scan did not pass",
            f"promote a version by moving an alias: {' -> '.join(aliases)}",
        ],
    }


def card_schema(aliases: Sequence[str]) -> dict[str, Any]:
    """The JSON Schema of a model card, one document a version."""
    text = {"type": "string", "minLength": 1}
    texts = {"type": "array", "items": text}
    metric = {
        "type": "object",
        "required": ["name", "value", "dataset"],
        "properties": {"name": text, "value": {"type": "number"}, "dataset": text, "slice": text},
        "additionalProperties": False,
    }
    data = {
        "type": "object",
        "required": ["uri"],
        "properties": {"uri": text, "snapshot": text, "classification": text, "features": texts},
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Model card",
        "description": "What one version of a model is, what it was made from, and what it may be used for.",
        "type": "object",
        "required": ["model", "version", "team", "intended_use", "training_data", "metrics", "source", "created"],
        "properties": {
            "model": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$"},
            "version": {"type": "string", "pattern": "^[0-9]+$"},
            "team": text,
            "owners": texts,
            "alias": {"enum": list(aliases)},
            "intended_use": text,
            "out_of_scope": texts,
            "limitations": texts,
            "license": text,
            "base_model": text,
            "training_data": {"type": "array", "minItems": 1, "items": data},
            "metrics": {"type": "array", "minItems": 1, "items": metric},
            "fairness": {"type": "array", "items": metric},
            "source": {
                "type": "object",
                "required": ["repository", "commit"],
                "properties": {
                    "repository": text,
                    "commit": {"type": "string", "pattern": "^[0-9a-f]{40}$"},
                    "run": text,
                },
                "additionalProperties": False,
            },
            "created": {"type": "string", "format": "date-time"},
        },
        "additionalProperties": False,
    }
