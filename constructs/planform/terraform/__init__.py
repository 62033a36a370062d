"""Terraform as checked records: `from planform.terraform.google import StorageBucket`.

What a record is given is checked against the provider's own schema when it is made. A plain string is data; only
references (`bucket.url`), `expr` and `template` become Terraform expressions.
"""

from planform.terraform.classes import Namespace, Struct, UnknownResourceError, provider
from planform.terraform.expression import (
    Expression,
    Known,
    Reference,
    ReferenceMisuseError,
    UnknownAttributeError,
    escape,
    expr,
    template,
)
from planform.terraform.record import (
    Check,
    Condition,
    DataSource,
    EphemeralResource,
    Import,
    Lifecycle,
    Local,
    Moved,
    OutputValue,
    Provider,
    Record,
    Records,
    Removed,
    Resource,
    Variable,
    records_of,
)
from planform.terraform.schema import load

__all__ = [
    "Check",
    "Condition",
    "DataSource",
    "EphemeralResource",
    "Expression",
    "Import",
    "Known",
    "Lifecycle",
    "Local",
    "Moved",
    "Namespace",
    "OutputValue",
    "Provider",
    "Record",
    "Records",
    "Reference",
    "ReferenceMisuseError",
    "Removed",
    "Resource",
    "Struct",
    "UnknownAttributeError",
    "UnknownResourceError",
    "Variable",
    "escape",
    "expr",
    "load",
    "provider",
    "records_of",
    "template",
]
