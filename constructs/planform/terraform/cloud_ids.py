"""The id that the cloud knows a resource by, as far as its arguments alone tell it.

Nothing is made up: where the server chooses the id, or an argument is known only after apply, there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from planform.terraform.record import Provider, Record, Records

__all__ = ["NEAR", "CloudIds", "formats"]

NEAR = {"zone": "location", "region": "location", "location": "region"}
"""Arguments that stand for each other when a format names one and the resource has the other."""

GRANTS = ("_iam_member", "_iam_binding", "_iam_audit_config")
"""Ends of types that are no thing but an entry in the policy of one: it is told by all of its arguments."""

NO_ACCOUNT = "000000000000"
"""Stands in a form for the account of Amazon's, which no argument tells."""

_FIELD = re.compile(r"\{\{(\w+)\}\}")
_REFERENCE = re.compile(r"([a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*)\.([a-z_]+)")
_TEMPLATE = re.compile(r"(?<!\$)\$\{([^{}]*)\}")
_META = frozenset(("//", "lifecycle", "depends_on", "provider"))
_OWN_ID = frozenset(("id", "name"))


@cache
def formats() -> Mapping[str, str]:
    """Type to the form of its id, arguments in double braces; without those whose id the server makes up."""
    text = Path(__file__).with_name("id_formats.json").read_text(encoding="utf-8")
    found: Mapping[str, str] = json.loads(text)["formats"]
    return found


class CloudIds:
    """The ids of one stack's resources."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._known: dict[str, str] = {}
        self._providers = {each.address: each.body for each in records.declared if isinstance(each, Provider)}

    def of(self, record: Record) -> str:
        """The id, such as `projects/acme-ai-dev/datasets/events`; empty where it cannot be told."""
        found = self._known.get(record.key)
        if found is None:
            self._known[record.key] = ""  # a circle of references ends here
            found = self._known[record.key] = self._made(record)
        return found

    def _made(self, record: Record) -> str:
        type_ = record.key.partition(".")[0]
        if "count" in record.body or "for_each" in record.body:
            return ""
        if type_.endswith(GRANTS):
            return self._grant(record.body)
        if type_ == "google_service_account":
            return self._service_account(record)
        pattern = formats().get(type_, NO_ACCOUNT)
        return "" if NO_ACCOUNT in pattern else self._filled(pattern, record)

    def _filled(self, pattern: str, record: Record) -> str:
        values = {name: self._argument(record, name) for name in _FIELD.findall(pattern)}
        if not all(values.values()):
            return ""

        def value(match: re.Match[str]) -> str:
            found = values[match[1]]
            return found if match.start() == 0 else found.rsplit("/", 1)[-1]

        return _FIELD.sub(value, pattern)

    def _grant(self, body: Mapping[str, Any]) -> str:
        names = sorted(body.keys() - _META, key=lambda name: (name == "member", name == "role", name))
        texts = [self._text(_title(body[name])) for name in names]
        return " ".join(texts) if all(texts) else ""

    def _service_account(self, record: Record) -> str:
        account, project = (self._argument(record, name) for name in ("account_id", "project"))
        if not (account and project):
            return ""
        return f"projects/{project}/serviceAccounts/{account}@{project}.iam.gserviceaccount.com"

    def _argument(self, record: Record, name: str) -> str:
        """An argument as text: the resource's own, else its provider's default, else one that means the same."""
        configuration = self._providers.get(str(record.body.get("provider") or record.provider_schema.name), {})
        for each in (name, NEAR.get(name, name)):
            for body in (record.body, configuration):
                text = self._text(body.get(each))
                if text:
                    return text
        return ""

    def _text(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            return ""
        text = str(value)
        parts = [self._referred(match[1]) for match in _TEMPLATE.finditer(text)]
        if not all(parts):
            return ""
        given = iter(parts)
        text = _TEMPLATE.sub(lambda _: next(given), text)
        return text.replace("$${", "${").replace("%%{", "%{")

    def _referred(self, expression: str) -> str:
        """What `type.name.attribute` is: the argument written there, else the id of the resource."""
        match = _REFERENCE.fullmatch(expression.strip())
        record = self._records[match[1]] if match and match[1] in self._records else None
        if match is None or not isinstance(record, Record):
            return ""
        if match[2] in record.body:
            return self._text(record.body[match[2]])
        if match[1].startswith("google_service_account."):
            email = self.of(record).rpartition("/")[2]
            return {"email": email, "member": email and f"serviceAccount:{email}"}.get(match[2], self.of(record))
        return self.of(record) if match[2] in _OWN_ID else ""


def _title(value: Any) -> Any:
    """A condition is told by its title, which the provider's import takes too."""
    only = value[0] if isinstance(value, list) and len(value) == 1 else None
    return only.get("title") if isinstance(only, Mapping) else value
