"""existing: tables that the organisation already has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform.contracts.identity import Identity
from planform.contracts.key_value import KeyValue, KeyValueClient, TableRef
from planform.planes.component import Component
from planform.planes.resource.aws_sign_in import signed_in
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName

__all__ = ["ExistingKeyValue", "ExistingKeyValueSettings"]

ARN = r"arn:aws:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]+"
DOCUMENTS = r"projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/databases/(\(default\)|[a-z][a-z0-9-]{2,62})/documents/[^/]+"


class ExistingKeyValueSettings(Settings):
    """Settings of `existing` for key_value."""

    tables: dict[KebabName, Annotated[str, StringConstraints(pattern=f"^({ARN}|{DOCUMENTS})$")]] = Field(
        min_length=1,
        description="Names that components ask for to a table's ARN of DynamoDB, or to"
        " projects/P/databases/D/documents/COLLECTION of Firestore; all of one kind.",
        examples=[{"sessions": "arn:aws:dynamodb:eu-central-1:111122223333:table/sessions"}],
    )
    roles: dict[
        KebabName,
        Annotated[
            str, StringConstraints(pattern=r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$", max_length=600)
        ],
    ] = Field(
        default_factory=dict,
        description="Names of clients to the AWS roles that they take on, each trusting the client's Kubernetes service"
        " account. Default: none.",
        examples=[{"scorer": "arn:aws:iam::111122223333:role/scorer"}],
    )


class ExistingKeyValue(Component):
    """Tables of the organisation; planform makes none and grants nothing.

    Whoever owns tables of DynamoDB makes a role for each client, which trusts the cluster's issuer as OpenID provider
    for the subject `system:serviceaccount:<namespace>:<service account>`; whoever owns a Firestore database gives each
    client's service account roles/datastore.user on it.

    Provides: KeyValue, for the tables and clients that are named.
    Requires: nothing.
    Emits: nothing.
    Errors: contract/not-named, contract/no-google-identity, spec/mixed-tables.
    """

    name = "existing"
    capability = "key_value"
    provides = KeyValue
    Settings = ExistingKeyValueSettings
    settings: ExistingKeyValueSettings

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        places = {_place(id) for id in settings.tables.values()}
        if len(places) > 1:
            yield Fault(
                "spec/mixed-tables",
                f"the tables are in several places: {', '.join(sorted(places))}",
                ("tables",),
                help="name tables of one region of AWS, or of one database of Firestore",
            )

    def table(self, name: str, *, key: str, sort_key: str = "", expires_by: str = "", team: str = "") -> TableRef:
        """The table that the settings name; its form is as it is."""
        id = self.settings.tables.get(name)
        if id is None:
            wanted = f"by `{key}`" + (f" and `{sort_key}`" if sort_key else "")
            raise self.refuse(
                "contract/not-named",
                f"a table `{name}` {wanted} is asked for, and `existing` names none",
                path=("tables",),
                help=f"add `{name}: ID-OF-YOUR-TABLE` to `tables`",
            )
        return TableRef(id.rpartition("/")[2], id, self._engine)

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
        """How the client signs in; its rights are for the owner of the tables to give."""
        first = next(iter(self.settings.tables.values()))
        if self._engine == "firestore":
            if identity is None:
                raise self.refuse(
                    "contract/no-google-identity",
                    f"client `{name}` has no Google service account to sign in to Firestore with",
                    help="give its pods an `identity`",
                )
            _, project, _, database, *_ = first.split("/")
            return KeyValueClient({"FIRESTORE_DATABASE": database, "GOOGLE_CLOUD_PROJECT": project})
        role = self.settings.roles.get(name)
        if role is None:
            raise self.refuse(
                "contract/not-named",
                f"a role for client `{name}` (system:serviceaccount:{namespace}:{service_account}) is asked for, and"
                " `existing` names none",
                path=("roles",),
                help=f"add `{name}: ARN-OF-ITS-ROLE` to `roles`",
            )
        return signed_in(name, role, first.split(":")[3])

    @property
    def _engine(self) -> Literal["dynamodb", "firestore"]:
        return "dynamodb" if next(iter(self.settings.tables.values())).startswith("arn:") else "firestore"


def _place(id: str) -> str:
    return " ".join(id.split(":")[2:4]) if id.startswith("arn:") else "/".join(id.split("/")[:4])
