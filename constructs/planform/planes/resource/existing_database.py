"""A PostgreSQL server that the organisation already has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from planform.contracts.database import Database, DatabaseRef, DatabaseServerRef
from planform.contracts.identity import Identity
from planform.planes.component import Component
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["ExistingDatabase", "ExistingDatabaseSettings"]

CLOUD_SQL = r"([a-z0-9.-]+:)?[a-z][a-z0-9-]+:[a-z]+-[a-z]+[0-9]+:[a-z][a-z0-9-]*"
ALLOYDB = r"projects/[a-z][a-z0-9-]+/locations/[a-z]+-[a-z]+[0-9]+/clusters/[a-z0-9-]+/instances/[a-z0-9-]+"


class ExistingDatabaseSettings(Settings):
    """The server, and which of its databases stands for which name."""

    connection_name: str = Field(
        description="What the auth proxy dials: PROJECT:REGION:INSTANCE of Cloud SQL, or the instance's resource name"
        " of AlloyDB.",
        examples=["acme-data:europe-west4:shared-pg"],
    )
    version: Annotated[int, Field(ge=12, le=30)] = Field(description="Its major version of PostgreSQL.", examples=[17])
    databases: dict[
        Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")], Annotated[str, Field(min_length=1, max_length=63)]
    ] = Field(
        description="Names that components ask for, such as `mlflow`, to names of databases on the server.",
        examples=[{"mlflow": "ml_mlflow"}],
    )


class ExistingDatabase(Component):
    """A PostgreSQL server that is there already; planform makes nothing and changes nothing.

    Provides: Database, for the names in `databases`; users are named as IAM names them.
    Requires: nothing.
    Emits: nothing. Whoever owns the server makes each asked user with IAM sign-in, gives it its database
    (`GRANT ALL ON DATABASE name TO "user"; GRANT ALL ON SCHEMA public TO "user";`) and gives the service account
    roles/cloudsql.client and roles/cloudsql.instanceUser, or roles/alloydb.client, roles/alloydb.databaseUser and
    roles/serviceusage.serviceUsageConsumer.
    Errors: spec/connection-name, contract/not-named.
    """

    name = "existing"
    capability = "database"
    provides = Database
    Settings = ExistingDatabaseSettings

    settings: ExistingDatabaseSettings

    @classmethod
    def check(cls, settings: ExistingDatabaseSettings, environment: Environment) -> Iterable[Fault]:
        if not re.fullmatch(f"{CLOUD_SQL}|{ALLOYDB}", settings.connection_name):
            yield Fault(
                "spec/connection-name",
                f"`{settings.connection_name}` is not what an auth proxy dials",
                ("connection_name",),
                help="write PROJECT:REGION:INSTANCE, or projects/P/locations/R/clusters/C/instances/I for AlloyDB",
            )

    def server(self) -> DatabaseServerRef:
        """The server that the settings name."""
        return DatabaseServerRef(self.settings.connection_name, "postgresql", str(self.settings.version))

    def database(self, name: str, *, users: Sequence[Identity] = ()) -> DatabaseRef:
        """The database that the settings name; its users are named by formula."""
        if name not in self.settings.databases:
            raise self.refuse(
                "contract/not-named",
                f"a database `{name}` is asked for, and `existing` names none",
                path=("databases",),
                help=f"add `{name}: NAME-OF-YOUR-DATABASE` to `databases`",
            )
        names = tuple(dict.fromkeys(identity.database_user for identity in users))
        return DatabaseRef(self.settings.connection_name, self.settings.databases[name], names)
