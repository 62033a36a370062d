"""One file's text -> its documents: aliases expanded, keys merged, every value with its place, in bounds.

Nothing is constructed but maps, lists and scalars, so no tag can reach Python. Faults are collected; only
what makes the rest of the text meaningless (syntax, a bound) ends the file.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from msgspec import Struct, field

from planform.blueprint.document import Document, Mark, Path, step
from planform.blueprint.scalars import AmbiguousNumber, NumberOutOfRange, resolve
from planform.blueprint.syntax import Fault, events, tag_fault
from planform.diagnostics import Diagnostic, Location, error, shown, suggest

MAX_DEPTH = 64
"""Levels of maps and lists in a document, aliases expanded."""

MAX_VALUES = 100_000
"""Values in one file, aliases expanded: some fifty times a large platform."""

MAX_FAULTS = 100
"""Faults that are told of one file: more are no help."""

_HIDDEN = (
    r"\r(?!\n)|[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Control characters, line breaks that editors do not count, and marks that turn the direction of text."""
_HIDDEN_IN_ASCII = r"\r(?!\n)|[^\t\n\r\x20-\x7e]"
"""The same where no other text can be, as a set of all of Unicode takes longer to compile than most files to read."""

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)+(?=[^\s#])")
_TAG = re.compile(r"(?:&\S*\s+)?(![^\s,\[\]{}]*)")
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))


class Budget(Struct):
    """What one read may still take, over all its files."""

    documents: int = 10_000
    values: int = 1_000_000


class _Halt(Exception):
    """The rest of the file means nothing."""


class _Node(Struct):
    """A value before aliases are expanded; `size` and `height` are those after."""

    value: Any
    line: int
    column: int
    end: int | None
    size: int = 1
    height: int = 1


_Key = tuple[int, int, int | None]
_Entries = dict[str, tuple[_Key, _Node]]


def compose(text: str, file: str, budget: Budget) -> tuple[list[Document], list[Diagnostic]]:
    """The documents of a text and its faults; where there are faults, the documents are of no use."""
    text = text.removeprefix("\ufeff")
    hidden = re.search(_HIDDEN_IN_ASCII if text.isascii() else _HIDDEN, text)
    if hidden is not None:
        return [], [_hidden_fault(text, file, hidden.start())]
    composer = _Composer(text if text.endswith("\n") else text + "\n", file, budget)
    composer.run()
    return composer.documents, composer.faults


def _hidden_fault(text: str, file: str, index: int) -> Diagnostic:
    line_start = text.rfind("\n", 0, index) + 1
    at = Location(file, text.count("\n", 0, index) + 1, index - line_start + 1)
    code = f"U+{ord(text[index]):04X}"
    return error(
        "blueprint/control-character",
        f"the file holds {code}, a character that is not shown as text",
        at,
        label=code,
        help="delete it; where it is meant, write it as an escape in double quotes, such as"
        f' "\\u{ord(text[index]):04x}"; lines end in \\n or \\r\\n',
    )


class _Composer(Struct):
    text: str
    file: str
    budget: Budget
    documents: list[Document] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    values: int = 0
    _anchors: dict[str, _Node | None] = field(default_factory=dict)
    _next: Any = None

    def run(self) -> None:
        self._next = events(self.text).get_event
        try:
            self._stream()
        except _Halt:
            pass
        except yaml.MarkedYAMLError as cause:
            self.faults.append(Fault(self.file, self.text, cause).diagnostic())

    # Events to nodes

    def _stream(self) -> None:
        seen = False
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                seen = True
                self._document(event)
        if not seen:
            self._fault(_empty(Location(self.file, 1, 1), "the file is empty"))

    def _document(self, start: Any) -> None:
        self._anchors.clear()
        self.budget.documents -= 1
        if self.budget.documents < 0:
            self._halt(_too_many_documents(self._at(start)))
        event = self._next()
        if type(event) is yaml.ScalarEvent and not (event.value or event.anchor or event.tag or event.style):
            self._next()
            self._fault(_empty(self._at(start), "the document is empty"))
            return
        node = self._node(event, "", 1)
        self._next()  # the document's end, or the syntax error that explains a document of one word
        if type(node.value) is not dict:
            self._fault(_not_a_mapping(self._location(node, ""), node.value))
        elif not self.faults:
            marks: dict[Path, Mark] = {}
            value = self._expand(node, None, (), "", marks)
            self.documents.append(Document(self.file, value, marks))

    def _node(self, event: Any, path: str, depth: int) -> _Node:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            node = self._scalar(event, path)
        elif kind is yaml.AliasEvent:
            return self._alias(event, path, depth)
        else:
            if depth > MAX_DEPTH:
                self._halt(_too_deep(self._at(event, path)))
            if event.anchor is not None:
                self._anchors[event.anchor] = None
            make = self._mapping if kind is yaml.MappingStartEvent else self._sequence
            node = make(event, path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            self._tag(event, path)
        return node

    def _scalar(self, event: Any, path: str) -> _Node:
        self._count(1, event, path)
        node = self._place(event, event.end_mark)
        if not (event.value or event.style):
            before = self.text[event.start_mark.index - node.column : event.start_mark.index]
            node.column = len(before.rstrip()) or node.column
        if event.implicit[0] and event.tag is None:
            node.value = self._resolve(event.value, node, path)
        else:
            node.value = event.value
        return node

    def _resolve(self, text: str, node: _Node, path: str) -> Any:
        try:
            return resolve(text)
        except AmbiguousNumber:
            self._fault(_ambiguous_number(self._location(node, path), text))
        except NumberOutOfRange:
            self._fault(_number_out_of_range(self._location(node, path), text))
        return None

    def _alias(self, event: Any, path: str, depth: int) -> _Node:
        at = self._at(event, path)
        node = self._anchors.get(event.anchor)
        if node is None:
            recursive = event.anchor in self._anchors
            self._fault(
                _recursive_alias(at, event.anchor) if recursive else _unknown_alias(at, event.anchor, self._anchors)
            )
            return self._place(event, event.end_mark)
        if depth + node.height - 1 > MAX_DEPTH:
            self._halt(_too_deep(at))
        self._count(node.size, event, path)
        return node

    def _sequence(self, event: Any, path: str, depth: int) -> _Node:
        self._count(1, event, path)
        items: list[_Node] = []
        while type(item := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._node(item, step(path, len(items)), depth + 1))
        return self._collection(event, item, items, items)

    def _mapping(self, event: Any, path: str, depth: int) -> _Node:
        self._count(1, event, path)
        entries: _Entries = {}
        merged: _Entries = {}
        merge_line = 0
        while type(item := self._next()) is not yaml.MappingEndEvent:
            if type(item) is yaml.ScalarEvent and item.value == "<<" and item.implicit[0]:
                if merge_line:
                    self._fault(_duplicate_key(self._at(item, step(path, "<<")), "<<", merge_line))
                merge_line = self._at(item).line
                value = self._next()
                at = self._at(value, step(path, "<<"))
                self._merge(self._node(value, at.path, depth + 1), at, merged)
                continue
            key = self._key(item, path, depth)
            below = step(path, key.value) if isinstance(key.value, str) else path
            node = self._node(self._next(), below, depth + 1)
            if not isinstance(key.value, str):
                continue
            if key.value in entries:
                first = entries[key.value][0][0] + 1
                self._fault(_duplicate_key(self._location(key, below), key.value, first))
                continue
            entries[key.value] = ((key.line, key.column, key.end), node)
        entries = {**merged, **entries}
        return self._collection(event, item, entries, [node for _, node in entries.values()])

    def _key(self, event: Any, path: str, depth: int) -> _Node:
        before = len(self.faults)
        key = self._node(event, path, depth + 1)
        if not isinstance(key.value, str):
            del self.faults[before:]
            self._fault(_key_not_a_string(self._location(key, path), key.value, self._source(event)))
        return key

    def _merge(self, node: _Node, at: Location, merged: _Entries) -> None:
        sources = node.value if type(node.value) is list else [node]
        for source in sources:
            if type(source.value) is not dict:
                self._fault(_merge_value(at))
                return
            for key, entry in source.value.items():
                merged.setdefault(key, entry)

    def _collection(self, start: Any, end: Any, value: Any, below: list[_Node]) -> _Node:
        node = self._place(start, end.end_mark if start.flow_style else None)
        node.value = value
        node.size = 1 + sum(child.size for child in below)
        node.height = 1 + max((child.height for child in below), default=0)
        return node

    # Places

    def _place(self, event: Any, end: Any) -> _Node:
        start = event.start_mark
        line, column = start.line, start.column
        if event.__class__ is not yaml.AliasEvent and (event.anchor is not None or event.tag is not None):
            properties = _PROPERTIES.match(self.text, start.index)
            if properties is not None:
                column += properties.end() - start.index
        one_line = end is not None and end.line == line and end.column > column
        return _Node(None, line, column, end.column + 1 if one_line else None)

    def _at(self, event: Any, path: str = "") -> Location:
        start, end = event.start_mark, event.end_mark
        one_line = start.line == end.line and end.column > start.column
        return Location(self.file, start.line + 1, start.column + 1, end.column + 1 if one_line else None, path)

    def _location(self, node: _Node, path: str) -> Location:
        return Location(self.file, node.line + 1, node.column + 1, node.end, path)

    def _source(self, event: Any) -> str:
        start, end = event.start_mark.index, event.end_mark.index
        return self.text[start:end] if end > start else ""

    def _tag(self, event: Any, path: str) -> None:
        start = event.start_mark
        found = _TAG.match(self.text, start.index)
        tag = found[1] if found else event.tag
        at = self._at(event, path)
        if found and "\n" not in found[0]:
            column = start.column + 1 + found.start(1) - start.index
            at = Location(self.file, start.line + 1, column, column + len(tag), path)
        self._fault(tag_fault(at, tag))

    # Bounds and faults

    def _count(self, size: int, event: Any, path: str) -> None:
        self.values += size
        self.budget.values -= size
        if self.values > MAX_VALUES or self.budget.values < 0:
            self._halt(_too_many_values(self._at(event, path), alias=type(event) is yaml.AliasEvent))

    def _fault(self, fault: Diagnostic) -> None:
        self.faults.append(fault)
        if len(self.faults) >= MAX_FAULTS:
            raise _Halt

    def _halt(self, fault: Diagnostic) -> None:
        self.faults.append(fault)
        raise _Halt

    # Nodes to values

    def _expand(self, node: _Node, key: Location | None, path: Path, text: str, marks: dict[Path, Mark]) -> Any:
        marks[path] = Mark(key, Location(self.file, node.line + 1, node.column + 1, node.end, text))
        value = node.value
        if type(value) is dict:
            return {
                name: self._expand_entry(entry, (*path, name), step(text, name), marks) for name, entry in value.items()
            }
        if type(value) is list:
            return [
                self._expand(item, None, (*path, index), step(text, index), marks) for index, item in enumerate(value)
            ]
        return value

    def _expand_entry(self, entry: tuple[_Key, _Node], path: Path, text: str, marks: dict[Path, Mark]) -> Any:
        (line, column, end), node = entry
        return self._expand(node, Location(self.file, line + 1, column + 1, end, text), path, text, marks)


# Faults


def _empty(at: Location, summary: str) -> Diagnostic:
    help = "write `planform: 1` and `kind: ...`, or delete it; `---` stands only between two documents"
    return error("blueprint/empty", summary, at, help=help)


def _not_a_mapping(at: Location, value: object) -> Diagnostic:
    found = "a list" if isinstance(value, list) else shown(value)
    return error(
        "blueprint/not-a-mapping",
        f"a document is a mapping of keys to values, this one is {found}",
        at,
        help="begin with `planform: 1` and `kind: ...`, one key a line",
    )


def _too_many_documents(at: Location) -> Diagnostic:
    summary = f"more than {Budget().documents:,} documents in one read"
    return error("blueprint/too-many-documents", summary, at, help="read fewer files at a time")


def _too_deep(at: Location) -> Diagnostic:
    summary = f"values are nested deeper than {MAX_DEPTH} levels"
    return error("blueprint/too-deep", summary, at, help="no blueprint needs that many: flatten it")


def _too_many_values(at: Location, *, alias: bool) -> Diagnostic:
    return error(
        "blueprint/too-many-values",
        f"more than {MAX_VALUES:,} values in one file, or {Budget().values:,} in one read",
        at,
        label="this alias repeats too many" if alias else "",
        notes=("an alias counts with everything that its anchor holds",),
        help="write fewer aliases, or divide the file" if alias else "divide the file, or read fewer at a time",
    )


def _ambiguous_number(at: Location, text: str) -> Diagnostic:
    return error(
        "blueprint/ambiguous-number",
        f"{shown(text)} is a number to some readers of YAML and text, or another number, to others",
        at,
        help=f'write "{text}" in quotes if it is an id or a label, else a plain decimal number',
    )


def _number_out_of_range(at: Location, text: str) -> Diagnostic:
    return error(
        "blueprint/number-out-of-range",
        f"{shown(text)} is not a finite number of 64 bits",
        at,
        help="put quotes around it if it is an id or a label",
    )


def _unknown_alias(at: Location, name: str, anchors: dict[str, _Node | None]) -> Diagnostic:
    nearest = suggest(name, anchors)
    known = ", ".join(shown(f"&{anchor}") for anchor in list(anchors)[:20]) or "none"
    return error(
        "blueprint/unknown-alias",
        f"no anchor {shown(f'&{name}')} before this alias",
        at,
        label=f"did you mean {shown(f'*{nearest}')}?" if nearest else "",
        help=f"anchors of this document so far: {known}; text that begins with * needs quotes",
    )


def _recursive_alias(at: Location, name: str) -> Diagnostic:
    return error(
        "blueprint/recursive-alias",
        f"{shown(f'*{name}')} stands inside the value of its own anchor",
        at,
        help="write the value out: it would never end",
    )


def _duplicate_key(at: Location, key: str, first: int) -> Diagnostic:
    return error(
        "blueprint/duplicate-key",
        f"the key {shown(key)} is written twice in one mapping, on lines {first} and {at.line}",
        at,
        label=f"first on line {first}",
        help="merge several anchors with a list: `<<: [*a, *b]`" if key == "<<" else "keep one of the two",
    )


def _key_not_a_string(at: Location, value: object, source: str) -> Diagnostic:
    kinds = {bool: "a boolean", int: "a number", float: "a number", type(None): "empty", dict: "a mapping"}
    kind = kinds.get(type(value), "a list")
    source = source.strip()
    if value is None and source:
        kind = "not text"
    collection = type(value) in (dict, list)
    what = shown(source) if source and "\n" not in source and not collection else "this one"
    short = source and len(source) < 60 and not collection
    fix = f'put quotes around it: "{source}"' if short else ""
    template = "a value such as {{ name }} needs quotes; a key is plain text"
    return error(
        "blueprint/key-not-a-string",
        f"a key must be text, and {what} is {kind}",
        at,
        help=fix or (template if collection else "write the key before the colon"),
    )


def _merge_value(at: Location) -> Diagnostic:
    return error(
        "blueprint/merge-value",
        "`<<` merges mappings, and this is none",
        at,
        help="name an anchor that stands before a mapping: `<<: *defaults`, or several: `<<: [*a, *b]`",
    )
