"""Addresses of data as contracts write them, `bq://P.D.T`, `gs://...`, `postgres://...`, and Google's names of them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import Struct

from planform.planes.component import Component

__all__ = ["Bucket", "Relation", "Table", "bigquery_table", "data_address"]

TABLE = re.compile(r"bq://([a-z][a-z0-9-]{4,28}[a-z0-9])\.([A-Za-z0-9_]{1,1024})\.([A-Za-z0-9_-]{1,1024})")
BUCKET = re.compile(r"gs://([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(/.*)?")
COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")


class Table(Struct, frozen=True):
    """A table of BigQuery."""

    project: str
    dataset: str
    name: str
    system = "BIGQUERY"

    @property
    def resource(self) -> str:
        """Its full resource name."""
        return f"//bigquery.googleapis.com/projects/{self.project}/datasets/{self.dataset}/tables/{self.name}"

    @property
    def quoted(self) -> str:
        """Its name in SQL."""
        return f"`{self.project}.{self.dataset}.{self.name}`"


class Bucket(Struct, frozen=True):
    """A bucket, or a folder in it."""

    name: str
    folder: str
    system = "CLOUD_STORAGE"

    @property
    def resource(self) -> str:
        """The bucket's full resource name."""
        return f"//storage.googleapis.com/{self.name}"


class Relation(Struct, frozen=True):
    """Something in a PostgreSQL server."""

    address: str
    system = "POSTGRESQL"

    @property
    def resource(self) -> str:
        """The address itself."""
        return self.address


def data_address(component: Component, uri: str) -> Table | Bucket | Relation:
    """An address that a component was given. Raises Refused for another kind, or with a user or password in it."""
    table, bucket = TABLE.fullmatch(uri), BUCKET.fullmatch(uri)
    if table:
        return Table(table[1], table[2], table[3])
    if bucket:
        return Bucket(bucket[1], (bucket[2] or "").strip("/"))
    split = urlsplit(uri)
    if split.scheme == "postgres" and split.hostname and "@" not in split.netloc and not split.query:
        return Relation(uri)
    shown = uri if "@" not in uri else f"{split.scheme}://..."
    raise component.refuse(
        "contract/data-address",
        f"`{shown}` is no address of data",
        help="write bq://PROJECT.DATASET.TABLE, gs://BUCKET/FOLDER, or postgres://HOST/DATABASE without a user",
    )


def bigquery_table(component: Component, uri: str) -> Table:
    """The table of BigQuery at an address. Raises Refused for other data."""
    found = data_address(component, uri)
    if isinstance(found, Table):
        return found
    raise component.refuse(
        "contract/data-address",
        f"`{uri}` is not in BigQuery, and `{component.name}` checks tables there",
        help="name a table, bq://PROJECT.DATASET.TABLE",
    )
