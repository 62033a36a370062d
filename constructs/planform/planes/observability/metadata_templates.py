"""What the platform's aspects of the catalog hold, as Dataplex reads it.

Source: Dataplex' page on metadata templates: record, enum, array, datetime; an index for each field, from 1, which
never changes; read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

__all__ = ["template"]


def template(aspect: str, levels: Sequence[str]) -> str:
    """The template of one aspect; `levels` are the classifications."""
    return json.dumps(_record(aspect.replace("-", "_"), _fields(aspect, levels)))


def _fields(aspect: str, levels: Sequence[str]) -> list[dict[str, Any]]:
    if aspect == "owner":
        return [_field("team", "The team that answers for it", required=True)]
    if aspect == "classification":
        return [{**_field("level", "How sensitive it is", kind="enum", required=True), **_values(levels)}]
    if aspect == "contents":
        column = _record("column", [_field("name", "Its name", required=True), _field("type", "Its type", index=2)])
        return [{**_field("columns", "Columns", kind="array"), "arrayItems": column}]
    if aspect == "origin":
        source = {"name": "source", "type": "string"}
        return [{**_field("sources", "What it is made from", kind="array"), "arrayItems": source}]
    return [
        _field("purpose", "What it is for", required=True),
        {
            **_field("risk", "Risk of its use", kind="enum", required=True, index=2),
            **_values(("LOW", "MEDIUM", "HIGH")),
        },
        _field("training_data", "Datasets that it was trained on", index=3),
        _field("licence", "Licence of the model", index=4),
        _field("scan_verdict", "Verdict of the scan before it was registered", index=5),
        _field("approved_by", "Who let it through", index=6),
        _field("approved_at", "When", kind="datetime", index=7),
    ]


def _record(name: str, fields: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "type": "record", "recordFields": list(fields)}


def _field(
    name: str, description: str, *, kind: str = "string", required: bool = False, index: int = 1
) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "index": index,
        "constraints": {"required": required},
        "annotations": {"description": description},
    }


def _values(names: Sequence[str]) -> dict[str, Any]:
    return {"enumValues": [{"name": name, "index": index} for index, name in enumerate(names, 1)]}
