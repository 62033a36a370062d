"""Readable ids for the records that give somebody a role."""

from __future__ import annotations

import re

from planform.spec.environment import Environment

__all__ = ["member_id"]

_KUBERNETES = re.compile(r"^principal://.+/subject/ns/(?P<namespace>[^/]+)/sa/(?P<account>[^/]+)$")


def member_id(member: str, environment: Environment) -> str:
    """A part of a record's id from an IAM member, such as `mlflow`, `group_fraud_ml_acme_example` or `kfp_ksa_runner`.

    A service account of the environment's own project is its short name, a Kubernetes one its namespace and name;
    everybody else is spelled out. Two members that differ in punctuation only would share an id, which the
    records refuse as a duplicate address.
    """
    kind, _, name = member.partition(":")
    if kind == "serviceAccount" and name.endswith(f"@{environment.project}.iam.gserviceaccount.com"):
        return _word(name.partition("@")[0])
    if kubernetes := _KUBERNETES.match(member):
        return f"{_word(kubernetes['namespace'])}_ksa_{_word(kubernetes['account'])}"
    if kind == "serviceAccount":
        return _word(name.removesuffix(".gserviceaccount.com"))
    return _word(member)


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
