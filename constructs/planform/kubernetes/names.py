"""What Kubernetes lets names, labels and annotations be.

Source: Kubernetes' pages on object names, on labels and selectors, and on annotations, read 2026-11: RFC 1123 labels
of 63 characters, subdomains of 253, label values of 63, annotations of 256 KiB together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["annotation_faults", "api_version_fault", "group_of", "kind_fault", "label_faults", "name_fault"]

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
_API_VERSION = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")
_NAMED_BY_LABEL = frozenset((("", "Namespace"), ("", "Service")))
_RBAC = "rbac.authorization.k8s.io"
_ANNOTATIONS_LIMIT = 256 * 1024


def group_of(api_version: str) -> str:
    """`kueue.x-k8s.io/v1beta2` -> `kueue.x-k8s.io`; the core group is ""."""
    return api_version.rpartition("/")[0]


def api_version_fault(api_version: str) -> str:
    """What is wrong with an API version, or ""."""
    return "" if _API_VERSION.fullmatch(api_version) else f"`{api_version}` is no API version such as apps/v1"


def kind_fault(kind: str) -> str:
    """What is wrong with a kind, or ""."""
    return "" if _KIND.fullmatch(kind) and len(kind) <= 63 else f"`{kind}` is no kind such as ConfigMap"


def name_fault(name: str, group: str = "", kind: str = "Namespace") -> str:
    """What is wrong with the name of an object of some kind, or ""."""
    if group == _RBAC:
        bad = not name or "/" in name or "%" in name or name in (".", "..") or not name.isprintable()
        return f"`{name}` has a slash or a percent sign, or is empty" if bad else ""
    if (group, kind) in _NAMED_BY_LABEL:
        if len(name) > 63:
            return f"`{name}` has {len(name)} characters, and at most 63 are allowed"
        return "" if _LABEL.fullmatch(name) else f"`{name}` has more than lower case letters, digits and inner hyphens"
    if len(name) > 253:
        return f"`{name[:40]}...` has {len(name)} characters, and at most 253 are allowed"
    if not _SUBDOMAIN.fullmatch(name):
        return f"`{name}` has more than lower case letters, digits, inner hyphens and single dots"
    return ""


def label_faults(labels: Mapping[Any, Any]) -> Iterator[str]:
    """What is wrong with labels."""
    for key, value in labels.items():
        yield from _key_faults("label", key)
        if not isinstance(value, str):
            yield f"label `{key}` is {value!r:.40}, and a label is text"
        elif value and (len(value) > 63 or not _QUALIFIED.fullmatch(value)):
            yield f"label `{key}` has the value `{value:.80}`, not 63 letters, digits, `-`, `_` and inner `.` at most"


def annotation_faults(annotations: Mapping[Any, Any]) -> Iterator[str]:
    """What is wrong with annotations."""
    for key, value in annotations.items():
        yield from _key_faults("annotation", key)
        if not isinstance(value, str):
            yield f"annotation `{key}` is {value!r:.40}, and an annotation is text"
    size = sum(len(f"{key}{value}".encode()) for key, value in annotations.items())
    if size > _ANNOTATIONS_LIMIT:
        yield f"the annotations have {size} bytes together, and at most {_ANNOTATIONS_LIMIT} are allowed"


def _key_faults(what: str, key: Any) -> Iterator[str]:
    if not isinstance(key, str):
        yield f"{what} key {key!r:.40} is no text"
        return
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > 253 or not _SUBDOMAIN.fullmatch(prefix)):
        yield f"{what} key `{key}` has a prefix that is no domain name"
    if len(name) > 63 or not _QUALIFIED.fullmatch(name):
        yield f"{what} key `{key}` needs a name of at most 63 letters, digits, `-`, `_`, `.`, with alphanumeric ends"
