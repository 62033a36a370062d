"""Of a stack, the part that a change can reach: what differs, what refers to it, and what all of that refers to.

Planning only that gives the same verdicts sooner, and asks only the providers of what is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from planform.preview.structure import resources_of

__all__ = ["concerned"]

Document = Mapping[str, Any]

_ADDRESS = re.compile(r"[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*")
_READS = ("data", "ephemeral")
_SHARED = ("variable", "locals")


def concerned(base: Document, head: Document) -> tuple[Document, Document]:
    """Both sides of a stack without what does not matter to how they differ; whole where that cannot be told."""
    shared = [{name: side.get(name) for name in _SHARED} for side in (base, head)]
    if shared[0] != shared[1] or any(_ADDRESS.search(_text([side.get("locals"), side.get("provider")]))
                                     for side in (base, head)):  # fmt: skip
        return base, head
    sides = [{address: _bare(body) for address, (_, body) in resources_of(each).items()} for each in (base, head)]
    names = {*sides[0], *sides[1]}
    refers = {each: _mentioned(names, *(side.get(each) for side in sides)) for each in names}
    referred: dict[str, set[str]] = {each: set() for each in names}
    for each, others in refers.items():
        for other in others:
            referred[other].add(each)
    anew = {name for name in _providers(base, head) if _configured(base, name) != _configured(head, name)}
    differs = {each for each in names if sides[0].get(each) != sides[1].get(each)
               or anew & {_provider_of(each, side[each]) for side in sides if each in side}}  # fmt: skip
    kept = _reached(_reached(differs, referred), refers)
    used = {_provider_of(each, side[each]) for side in sides for each in kept if each in side}
    return _only(base, kept, used), _only(head, kept, used)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _bare(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in body.items() if name != "//"}


def _mentioned(names: Collection[str], *bodies: Any) -> set[str]:
    """Addresses in some bodies: in expressions, `depends_on` and `replace_triggered_by`. Too many do no harm."""
    return {found for body in bodies for found in _ADDRESS.findall(_text(body)) if found in names}


def _reached(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += edges[each]
    return found


def _provider_of(address: str, body: Mapping[str, Any]) -> str:
    """The local name of a resource's provider: that which it names, else the start of its type."""
    named = str(body.get("provider", "")).removeprefix("${").removesuffix("}")
    return named.partition(".")[0] or address.partition("_")[0]


def _required(document: Document) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document.get("terraform", {}).get("required_providers", {})
    return found


def _providers(*documents: Document) -> set[str]:
    return {name for each in documents for name in (*_required(each), *each.get("provider", {}))}


def _configured(document: Document, provider: str) -> Any:
    return _required(document).get(provider), document.get("provider", {}).get(provider)


def _only(document: Document, addresses: Collection[str], providers: Collection[str]) -> Document:
    resources: dict[str, dict[str, Any]] = {}
    for address, (kind, body) in resources_of(document).items():
        if address in addresses:
            resources.setdefault(kind, {})[address.removeprefix(f"{kind}.")] = body
    kept = {name: each for name, each in document.items() if name not in _READS}
    text = _text(resources)
    kept |= {name: document[name] for name in _READS if name in document and f"{name}." in text}
    terraform = document.get("terraform", {})
    required = {name: each for name, each in _required(document).items() if name in providers}
    return {
        **kept,
        "terraform": {**terraform, "required_providers": required},
        "provider": {name: each for name, each in document.get("provider", {}).items() if name in providers},
        "resource": resources,
    }
