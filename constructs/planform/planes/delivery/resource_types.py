"""What a workload may wish for, in one vocabulary for whatever describes workloads and whatever runs them.

The names are Score's and Humanitec's own where these have one; the rest are planform's. What is secret is never an
output: a database is signed in to by identity, and a `secret` is handed on as a reference.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from planform.diagnostics import suggest
from planform.spec.fault import Fault

__all__ = ["RESOURCE_TYPES", "ResourceType", "output_fault", "type_fault"]


class ResourceType(Struct, frozen=True):
    """One type: what it is, the names of what it gives, and what a wish for it may say."""

    description: str
    outputs: tuple[str, ...]
    params: tuple[str, ...] = ()


RESOURCE_TYPES: Mapping[str, ResourceType] = {
    "bucket": ResourceType("A private bucket that the workload's identity may read and write.", ("name", "uri")),
    "dns": ResourceType("A host name under the platform's domain.", ("host",)),
    "feature-store": ResourceType(
        "The feature store: `offline` for training, `online` for serving.", ("kind", "offline", "online")
    ),
    "gpu-pool": ResourceType(
        "Nodes with accelerators; the class is the pool. The workload's pods run there, with all accelerators of a"
        " machine unless `count` says fewer.",
        ("accelerator", "count"),
        ("count",),
    ),
    "model-endpoint": ResourceType("A served model.", ("url", "protocol")),
    "postgres": ResourceType(
        "A PostgreSQL database, signed in to as the workload's identity, without a password, through a proxy beside the"
        " workload.",
        ("connection_name", "host", "name", "port", "username"),
    ),
    "route": ResourceType(
        "Requests for a host and path that reach a port of the workload.", ("host",), ("host", "path", "port")
    ),
    "secret": ResourceType("The value of one secret of the platform's store, handed on as a reference.", ("value",)),
    "service-account": ResourceType("What the workload runs as.", ("email", "name")),
    "table": ResourceType("A table of items by key.", ("engine", "id", "name")),
    "topic": ResourceType("A topic of the event bus.", ("bootstrap", "name")),
    "volume": ResourceType("Scratch space that goes with the pod.", ("source",), ("size",)),
}
"""Type to what it is, by name."""


def type_fault(type: str, path: tuple[str | int, ...] = ()) -> Fault | None:
    """The fault of a type that is not in the vocabulary; None for one that is."""
    if type in RESOURCE_TYPES:
        return None
    near = suggest(type, RESOURCE_TYPES)
    meant = f"did you mean `{near}`? " if near else ""
    return Fault(
        "contract/unknown-resource-type",
        f"no resource type is called `{type}`",
        path=path,
        help=f"{meant}types are {', '.join(RESOURCE_TYPES)}",
    )


def output_fault(type: str, output: str, path: tuple[str | int, ...] = ()) -> Fault | None:
    """The fault of an output that a known type does not have; None for one that it has."""
    outputs = RESOURCE_TYPES[type].outputs
    if output in outputs:
        return None
    near = suggest(output, outputs)
    meant = f"did you mean `{near}`? " if near else ""
    return Fault(
        "contract/unknown-output",
        f"a `{type}` gives no `{output}`",
        path=path,
        help=f"{meant}outputs of `{type}` are {', '.join(outputs)}",
    )
