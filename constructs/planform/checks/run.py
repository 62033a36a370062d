"""Every check over what was compiled; none of them can change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from planform.checks.cloud import check as check_cloud
from planform.checks.cloud_names import duplicates
from planform.diagnostics import Diagnostic, error, in_order
from planform.engine_json import from_text
from planform.terraform.record import Records

__all__ = ["STACK_FILE", "documents_in", "names_taken_twice", "run_checks"]

STACK_FILE = "cdk.tf.json"


def run_checks(documents: Mapping[str, Mapping[str, Any]], records: Mapping[str, Records]) -> tuple[Diagnostic, ...]:
    """The findings of all checks over Terraform documents by stack, in file order.

    `records` tells which blueprint line an address comes from.
    """
    found: list[Diagnostic] = [warning for each in records.values() for warning in each.warnings]
    for stack, document in documents.items():
        for fault in check_cloud(document):
            at = records[stack].origin_of(fault.address) if stack in records else None
            where = f"{fault.address}.{fault.argument}" if fault.argument else fault.address
            found.append(error(fault.code, fault.summary, at, notes=(f"{where} in {stack}",), help=fault.help))
    found += names_taken_twice(documents, records)
    return in_order(found)


def names_taken_twice(
    documents: Mapping[str, Mapping[str, Any]], records: Mapping[str, Records]
) -> Iterator[Diagnostic]:
    """The findings of the check that compares the stacks with each other, over Terraform documents by stack."""
    for clash in duplicates(documents):
        lines = (records[stack].origin_of(address) for stack, address in clash.places if stack in records)
        at = next((line for line in lines if line is not None), None)
        yield error(clash.code, clash.summary, at, help=clash.help)


def documents_in(files: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    """The Terraform documents among the files of an output, by stack."""
    return {path.split("/")[-2]: from_text(files[path]) for path in files if path.endswith(f"/{STACK_FILE}")}
