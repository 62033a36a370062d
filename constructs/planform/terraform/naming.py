"""Names as the prebuilt cdktf bindings of Python form them from Terraform's own."""

from __future__ import annotations

import keyword
import re

_AFTER_DIGITS = re.compile(r"(\d+)([a-z])")
_CAMEL_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_CLASSES = ("string", "object", "function", "license", "version", "provider")
_KEYWORDS = ("implements", "interface", "let", "package", "private", "protected", "public", "static", "yield", "await")
_RESERVED_CLASSES = frozenset((*_NO_CLASSES, *_KEYWORDS))
_RENAMED = {"self": "self_attribute", "build": "build_attribute", "node": "node_attribute", "equals": "equal_to"}
_RENAMED |= {"system": "system_attribute", "tf_resource_type": "tf_resource_type_attribute"}


def pascal(name: str) -> str:
    """`storage_bucket` -> `StorageBucket`; a letter after a digit is a capital too: `k8s` -> `K8S`."""
    parts = [part[:1].upper() + part[1:] for part in name.replace("-", "_").split("_")]
    return _AFTER_DIGITS.sub(lambda match: match[1] + match[2].upper(), "".join(parts))


def snake(name: str) -> str:
    """`lifecycleRule` -> `lifecycle_rule`."""
    return _CAMEL_BOUNDARY.sub("_", name).lower()


def class_name(terraform_type: str, provider: str) -> str:
    """The class of a resource type: `google_storage_bucket` -> `StorageBucket`."""
    base = terraform_type.removeprefix(f"{provider}_")
    return pascal(f"{base}_resource" if base in _RESERVED_CLASSES else base)


def struct_name(owner: str, block: str) -> str:
    """The class of a nested block; a name that ends in `List` has `Struct` after it."""
    name = owner + pascal(block)
    return f"{name}Struct" if name.lower().endswith("list") else name


def argument_name(name: str) -> str:
    """The bindings' keyword argument for a Terraform argument: `from` -> `from_`, `get_x` -> `fetch_x`."""
    if name in _RENAMED:
        return _RENAMED[name]
    words = snake(pascal(name))
    words = f"fetch_{words[4:]}" if words.startswith("get_") else words
    return f"{words}_" if keyword.iskeyword(words) else words
