"""Firestore in native mode, as a key-value store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import Field

from planform.contracts.identity import Identity
from planform.contracts.key_value import KeyValue, KeyValueClient, TableRef
from planform.contracts.keys import Keys
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.planes.resource.table_form import AskedTable, check_client, check_table
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.terraform.expression import Known, template
from planform.terraform.google import FirestoreDatabase, FirestoreField, FirestoreIndex, ProjectIamMember
from planform.terraform.record import Lifecycle

__all__ = ["Firestore", "FirestoreSettings"]

DATABASE = re.compile(r"[a-z][a-z0-9-]{2,61}[a-z0-9]")
READER, WRITER = "roles/datastore.viewer", "roles/datastore.user"


class FirestoreSettings(Settings):
    """Settings of `firestore`."""

    location: str | None = Field(
        default=None,
        pattern=r"^(nam5|eur3|[a-z]+-[a-z]+[0-9]+)$",
        description="Region of the database, or the multi-region nam5 or eur3; it can never change. Default: the"
        " environment's region.",
    )
    point_in_time_recovery: bool = Field(
        default=True, description="Keep versions for 7 days, so that any minute can be read back. Default: on."
    )
    deletion_protection: bool | None = Field(
        default=None, description="Let no call delete the database. Default: on in production."
    )


class Firestore(Component):
    """One named Firestore database of the environment; a table is a collection in it.

    An item is a document. With a key alone, the key is the document's id; with a sort key, documents carry both as
    fields and an index finds them by key in that order. Collections come into being with their first document, so a
    table makes a record only for what differs: the index of a sort key, the field by which documents expire.
    IAM ends at the database: a client that may write one table may write all, which is why there is a database to each
    environment.

    Provides: KeyValue; the engine is `firestore`. Clients sign in as a Google service account.
    Requires: Services; Keys, optional: the database is then encrypted with the key `firestore`, of its own location.
    Emits: google_firestore_database, google_firestore_index, google_firestore_field, and for each client
    google_project_iam_member on this database alone. In production the database cannot be destroyed.
    Errors: contract/bad-name, contract/bad-value, contract/other-form, contract/no-google-identity, spec/name-too-long.
    Source: provider pages of google_firestore_database and google_firestore_field 7.45.0; Google's pages on names of
    databases (4 to 63 characters), on IAM conditions by database and on time to live. Read 2026-11.
    """

    name = "firestore"
    capability = "key_value"
    provides = KeyValue
    apis = ("firestore.googleapis.com",)
    Settings = FirestoreSettings
    settings: FirestoreSettings
    services: Services
    keys: Keys | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if not DATABASE.fullmatch(_database_name(environment)):
            yield Fault(
                "spec/name-too-long",
                f"database name `{_database_name(environment)}` has more than 63 characters",
                help="shorten the platform's or the environment's name",
            )

    def build(self) -> None:
        self._asked: dict[str, AskedTable] = {}
        self._members: set[tuple[str, str]] = set()
        self._database = self._make_database()

    def table(self, name: str, *, key: str, sort_key: str = "", expires_by: str = "", team: str = "") -> TableRef:
        """The collection of this name."""
        asked = AskedTable(name, key, sort_key, expires_by)
        check_table(self, asked, self._asked)
        if name not in self._asked:
            self._asked[name] = asked
            self._make_table(asked)
        facts, database = self.environment, _database_name(self.environment)
        pattern = "projects/{}/databases/{}/documents/{}"
        id = Known(
            pattern.format(facts.project, database, name), template(pattern, facts.project, self._database.name, name)
        )
        return TableRef(name, id, "firestore")

    def client(
        self,
        name: str,
        *,
        namespace: str,
        service_account: str,
        scope: object,
        identity: Identity | None = None,
        reads: Sequence[TableRef] = (),
        writes: Sequence[TableRef] = (),
    ) -> KeyValueClient:
        """The right to read, or to write, the database, for the service account that the pods act as."""
        check_client(self, name)
        if identity is None:
            raise self.refuse(
                "contract/no-google-identity",
                f"client `{name}` has no Google service account, and `firestore` has no other sign-in",
                help="give its pods an `identity`",
            )
        if reads or writes:
            self._admit(identity, WRITER if writes else READER)
        return KeyValueClient(
            {"FIRESTORE_DATABASE": _database_name(self.environment), "GOOGLE_CLOUD_PROJECT": self.environment.project}
        )

    def _make_database(self) -> FirestoreDatabase:
        settings, facts = self.settings, self.environment
        location = settings.location or facts.region
        protected = facts.production if settings.deletion_protection is None else settings.deletion_protection
        key = None
        if self.keys is not None:
            # A multi-region wants its key in the multi-region of KMS around it.
            around = {"nam5": "us", "eur3": "europe"}.get(location, location)
            key = self.keys.key("firestore", users=[facts.service_agent("gcp-sa-firestore")], location=around).id
        return FirestoreDatabase(
            self,
            record_id(self.id),
            project=facts.project,
            name=_database_name(facts),
            location_id=location,
            type="FIRESTORE_NATIVE",
            concurrency_mode="PESSIMISTIC",
            app_engine_integration_mode="DISABLED",
            point_in_time_recovery_enablement=_state("POINT_IN_TIME_RECOVERY", settings.point_in_time_recovery),
            delete_protection_state=_state("DELETE_PROTECTION", protected),
            deletion_policy="PREVENT" if protected else "DELETE",
            cmek_config=[{"kms_key_name": key}] if key else None,
            lifecycle=Lifecycle(prevent_destroy=True) if facts.production else None,
        )

    def _make_table(self, asked: AskedTable) -> None:
        common: dict[str, Any] = {
            "project": self.environment.project,
            "database": self._database.name,
            "collection": asked.name,
        }
        if asked.sort_key:
            fields = [{"field_path": field, "order": "ASCENDING"} for field in (asked.key, asked.sort_key)]
            FirestoreIndex(self, record_id(asked.name), **common, query_scope="COLLECTION", fields=fields)
        if asked.expires_by:
            # An index of when documents end is a hot spot, as all writes are at its end.
            FirestoreField(
                self,
                record_id(asked.name),
                **common,
                field=asked.expires_by,
                ttl_config=[{}],
                index_config=[{}],
            )

    def _admit(self, identity: Identity, role: str) -> None:
        if (identity.member, role) in self._members:
            return
        self._members.add((identity.member, role))
        name = f"projects/{self.environment.project}/databases/{_database_name(self.environment)}"
        ProjectIamMember(
            self,
            record_id(principal_id(identity.member, self.environment), role.rpartition(".")[2]),
            project=self.environment.project,
            role=role,
            member=identity.member,
            condition=[
                {"title": f"only {_database_name(self.environment)}", "expression": f'resource.name == "{name}"'}
            ],
        )


def _database_name(environment: Environment) -> str:
    return f"{environment.prefix}-tables"


def _state(of: str, enabled: bool) -> str:
    return f"{of}_{'ENABLED' if enabled else 'DISABLED'}"
