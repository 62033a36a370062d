"""Readable, stable ids for records that are made when somebody asks for them."""

from __future__ import annotations

import re
from functools import lru_cache

from planform.spec.environment import Environment

__all__ = ["principal_id", "record_id"]

_CAMEL_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_A_LETTER = re.compile(r"[^a-z0-9]")


def record_id(*parts: str) -> str:
    """`record_id("ml-runs", "roles/logging.logWriter")` -> `ml_runs_roles_logging_log_writer`.

    Two names that differ only in punctuation come to one id; the second is refused as a duplicate address.
    """
    name = "_".join([_word(part) for part in parts if part])
    return name if name[:1].isalpha() else f"_{name}"


@lru_cache(maxsize=4096)  # few names make many ids
def _word(part: str) -> str:
    return _NOT_A_LETTER.sub("_", _CAMEL_BOUNDARY.sub("_", part).lower())


def principal_id(member: str, environment: Environment) -> str:
    """The short name of an IAM member: `serviceAccount:mlflow@acme-ai-dev.iam.gserviceaccount.com` -> `mlflow`.

    A service agent is called by its service, a group or user of the organisation by its name; whoever is of
    another project or domain has that in the name too.
    """
    kind, _, name = member.partition(":")
    if member.startswith(("principal://", "principalSet://")):
        return record_id(re.sub(r"^.*?/(subject/|(?=attribute\.|group/|namespace/|\*))", "", member))
    if kind == "serviceAccount":
        return _service_account(name, environment)
    if "@" not in name:
        return record_id(kind, name)
    local, _, domain = name.partition("@")
    own = environment.organization is not None and domain == environment.organization.domain
    return record_id(kind, local, "" if own else domain)


def _service_account(email: str, environment: Environment) -> str:
    local, at, domain = email.partition("@")
    if not at:  # a Kubernetes service account: P.svc.id.goog[namespace/name]
        return record_id(email.partition("[")[2].rstrip("]") or email)
    host = domain.removesuffix(".gserviceaccount.com").removesuffix(".iam")
    number = environment.project_number
    if host == environment.project:
        return record_id(local)
    if local in (f"service-{number}", f"bq-{number}", number):
        return record_id(host)
    return record_id(local.removeprefix(f"{number}-"), host)
