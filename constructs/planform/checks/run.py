"""Every check over what was compiled; none of them can change it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from planform.checks.cloud import check as check_cloud
from planform.checks.cloud_names import duplicates
from planform.diagnostics import Diagnostic, Location, error, in_order
from planform.terraform.record import Records

__all__ = ["run_checks"]

STACK_FILE = "cdk.tf.json"


def run_checks(files: Mapping[str, str], records: Mapping[str, Records]) -> tuple[Diagnostic, ...]:
    """The findings of all checks, in file order. `records` tells which blueprint line an address comes from."""
    documents = dict(_documents(files))
    origins = _origins(records)
    found: list[Diagnostic] = [warning for each in records.values() for warning in each.warnings]
    for stack, document in documents.items():
        for fault in check_cloud(document):
            at = origins.get((stack, fault.address))
            where = f"{fault.address}.{fault.argument}" if fault.argument else fault.address
            found.append(error(fault.code, fault.summary, at, notes=(f"{where} in {stack}",), help=fault.help))
    for clash in duplicates(documents):
        at = next((origins[key] for key in clash.places if key in origins), None)
        found.append(error(clash.code, clash.summary, at, help=clash.help))
    return in_order(found)


def _documents(files: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, text in files.items():
        folder, _, name = path.rpartition("/")
        if name == STACK_FILE:
            yield folder.rpartition("/")[2], json.loads(text)


def _origins(records: Mapping[str, Records]) -> dict[tuple[str, str], Location]:
    return {
        (stack, record.address): record.origin
        for stack, found in records.items()
        for record in found
        if record.origin is not None
    }
