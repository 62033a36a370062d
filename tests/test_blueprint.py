"""Reading blueprints: values, positions, bounds, faults, overrides."""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from planform.blueprint import Document, for_environment, read, read_text
from planform.codes import CODES
from planform.diagnostics import Diagnostic, DiagnosticError, Location

syntax = importlib.import_module("planform.blueprint.syntax")
PARSERS = ["libyaml", "pure"] if syntax.CParser is not None else ["pure"]


@pytest.fixture(params=PARSERS)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "pure":
        monkeypatch.setattr(syntax, "CParser", None)
    yield request.param


def one(text: str) -> Document:
    (document,) = read_text(text)
    return document


def faults(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        read_text(text)
    return caught.value.diagnostics


def place(location: Location) -> tuple[int, int, int | None]:
    return location.line, location.column, location.end_column


# Values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("off", "off"),
        ("NO", "NO"),
        ("~", None),
        ("", None),
        ("null", None),
        ("111111111111", 111111111111),
        ("-3", -3),
        ("0", 0),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("22:30:00", "22:30:00"),
        ("2024-01-31", "2024-01-31"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("1.2.3", "1.2.3"),
        ("000000-AAAAAA-BBBBBB", "000000-AAAAAA-BBBBBB"),
        ('"0123"', "0123"),
        ("'true'", "true"),
        ("!!str 5", "5"),
        ("a\tb", "a\tb"),
        ("=", "="),
        ("|\n  x\n  \ttab", "x\n\ttab\n"),
    ],
)
def test_scalars(parser: str, text: str, value: object) -> None:
    found = one(f"a: {text}\n").value["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["0123", "1_000", "0x1F", "0o17", "0b11", "-01", "00.5", "2024_01"])
def test_numbers_that_readers_see_differently_are_refused(text: str) -> None:
    (fault,) = faults(f"a: {text}\n")
    assert fault.code == "blueprint/ambiguous-number"
    assert fault.at is not None
    assert place(fault.at) == (1, 4, 4 + len(text))


@pytest.mark.parametrize("text", [".nan", "-.inf", "9" * 19, "1" * 5000, "1e999", "-9223372036854775809"])
def test_numbers_beyond_64_bits_are_refused(text: str) -> None:
    assert [fault.code for fault in faults(f"a: {text}\n")] == ["blueprint/number-out-of-range"]


def test_merge_takes_the_anchors_keys_and_their_places(parser: str) -> None:
    document = one("base: &base\n  tier: small\n  disk: 10\ndb:\n  <<: *base\n  disk: 20\n")
    assert document.value["db"] == {"tier": "small", "disk": 20}
    assert place(document.key_at("db", "tier")) == (2, 3, 7)
    assert place(document.at("db", "tier")) == (2, 9, 14)
    assert place(document.at("db", "disk")) == (6, 9, 11)
    assert document.at("db", "tier").path == "db.tier"


def test_merge_of_several_takes_the_first(parser: str) -> None:
    document = one("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}\n")
    assert document.value["c"] == {"x": 1, "y": 2, "z": 3}
    assert one('a: {"<<": 1}\n').value == {"a": {"<<": 1}}


def test_an_alias_is_edited_at_its_anchor_and_used_at_its_key(parser: str) -> None:
    document = one("a: &x {b: [1]}\nc: *x\n")
    assert document.value == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert document.value["a"] is not document.value["c"]
    assert place(document.key_at("c")) == (2, 1, 2)
    assert place(document.at("c")) == (1, 7, 15)
    assert place(document.at("c", "b", 0)) == (1, 12, 13)
    assert document.at("c", "b", 0).path == "c.b[0]"


def test_places_are_counted_in_characters(parser: str) -> None:
    document = one("\ufeffnamé: {größe: 😀x, y: 2}\r\nz:\r\n- q\n")
    assert place(document.at("namé", "größe")) == (1, 15, 17)
    assert place(document.key_at("namé", "y")) == (1, 19, 20)
    assert place(document.at("z", 0)) == (3, 3, 4)


def test_absent_paths_have_the_nearest_parents_place() -> None:
    document = one("planes:\n  resource: {x: 1}\n")
    assert place(document.key_at("planes", "resource", "database", "tier")) == (2, 3, 11)
    assert document.at("nothing").path == ""
    assert one('l: {"a.b": [1]}').at("l", "a.b", 0).path == 'l["a.b"][0]'


def test_documents_of_one_text(parser: str) -> None:
    first, second = read_text("# c\n---\na: &x 1\n---\nb: 2\n...\n", "f.yaml")
    assert (first.value, second.value, second.file) == ({"a": 1}, {"b": 2}, "f.yaml")
    assert place(second.at("b")) == (5, 4, 5)


# Faults

EXAMPLES = sorted(code for code, entry in CODES.items() if code.startswith("blueprint/") and entry.wrong)


@pytest.mark.parametrize("code", EXAMPLES)
def test_page_examples_do_what_they_say(parser: str, code: str) -> None:
    def compiled(text: str) -> None:
        for document in read_text(text):
            for name in document.value.get("environments", ()):
                for_environment(document, name)

    with pytest.raises(DiagnosticError) as caught:
        compiled(CODES[code].wrong)
    assert [fault.code for fault in caught.value.diagnostics] == [code]
    assert all(fault.help and fault.at for fault in caught.value.diagnostics)
    if code != "blueprint/environment-not-a-mapping":
        read_text(CODES[code].right)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a:1\nb: 2\n", "missing-colon", 1, 1),
        ("a: 1\nfoo\nb: 2\n", "missing-colon", 2, 1),
        ("a: x\n  b: y\n", "indentation", 2, 3),
        ("  a: 1\nb: 2\n", "indentation", 2, 1),
        ("a: [b]]\n", "stray-bracket", 1, 7),
        ("a: - b\n", "indentation", 1, 4),
        ("a:\n  - b\n  c: d\n", "indentation", 3, 3),
        ("a: {\n", "unclosed-bracket", 1, 4),
        ("a: [b, {c: d]\n", "missing-comma", 1, 13),
        ("a: {\n  b: 1\n  c: 2\n}\n", "missing-comma", 3, 3),
        ("a:\n  b: 1\n\tc: 2\n", "tab-indentation", 3, 1),
        ("a: |\n  \tb\n", "tab-indentation", 2, 3),
        ("a: >=1.30\n", "needs-quotes", 1, 4),
        ("a: *.example.com\n", "needs-quotes", 1, 4),
        ("a: @b\n", "needs-quotes", 1, 4),
        ("a: {{ b }}\n", "key-not-a-string", 1, 5),
        ("? [a]\n: b\n", "key-not-a-string", 1, 3),
        ("a: &x !!python/name:os.system y\n", "tag", 1, 7),
        ("!!set {a}\n", "tag", 1, 1),
        ('a: "\\ud83d"\n', "unknown-escape", 1, 4),
        ('a: "b\n---\nc: d\n', "unclosed-quote", 1, 4),
        ("a: 1\nb: \u202e2\n", "control-character", 2, 4),
        ("a: 1\rb: 2\n", "control-character", 1, 5),
        ("a: \ud800\n", "control-character", 1, 4),
        ("", "empty", 1, 1),
        ("# only\n", "empty", 1, 1),
        ("hello\n", "not-a-mapping", 1, 1),
        ("a: {<<: *b}\n", "unknown-alias", 1, 9),
        ("%FOO x\n---\na: 1\n", "syntax", 1, 5),
    ],
)
def test_faults_stand_where_the_edit_is(parser: str, text: str, code: str, line: int, column: int) -> None:
    fault = faults(text)[0]
    assert fault.code == f"blueprint/{code}"
    assert fault.at is not None
    assert (fault.at.line, fault.at.column) == (line, column)


def test_all_faults_of_a_text_are_told_at_once(parser: str) -> None:
    found = faults("a: 1\na: 2\n1: x\nb: 007\nc: !x y\nd: [\n")
    assert [fault.code.partition("/")[2] for fault in found] == [
        "duplicate-key",
        "key-not-a-string",
        "ambiguous-number",
        "tag",
        "unclosed-bracket",
    ]
    assert "lines 1 and 2" in found[0].summary


def test_a_fault_of_a_text_shows_its_line() -> None:
    with pytest.raises(DiagnosticError, match=r"1 \| a: 0123\n  \|    \^\^\^\^"):
        read_text("a: 0123")


# Bounds


def test_alias_bombs_are_refused_quickly(parser: str) -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 60)]
    assert [fault.code for fault in faults("\n".join(lines))] == ["blueprint/too-many-values"]


def test_aliases_cannot_nest_deeper_than_text(parser: str) -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 70)]
    assert [fault.code for fault in faults("\n".join(lines))] == ["blueprint/too-deep"]


def test_long_keys_do_not_make_long_paths() -> None:
    document = one(f"a: &a\n  ? {'k' * 100_000}\n  : [1]\nb: [{'*a, ' * 1000}]\n")
    assert max(len(mark.value.path) for mark in document.marks.values()) < 1000


def test_text_and_documents_are_bounded() -> None:
    assert [fault.code for fault in faults("#" * 2_000_000)] == ["blueprint/too-large"]
    assert faults("a: 1\n---\n" * 10_001)[0].code == "blueprint/too-many-documents"
    assert len(faults("a: 1\n" * 5000)) == 100


# Files


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        file = folder / name.replace("__", "/")
        file = file.with_name(f"{file.name}.yaml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def codes(*paths: str | os.PathLike[str]) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        read(*paths)
    return [fault.code.removeprefix("blueprint/") for fault in caught.value.diagnostics]


def test_folders_are_read_in_order_and_hidden_names_left_out(tmp_path: Path) -> None:
    write(tmp_path, b="n: 2", a__z="n: 1", __hidden="n: 9")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("n: 9")
    (tmp_path / ".pre-commit.yaml").write_text("n: 9")
    (tmp_path / "c.yml").write_text("n: 3")
    (tmp_path / "notes.txt").write_text("no: [")
    (tmp_path / "hidden.yaml").unlink(missing_ok=True)
    documents = read(tmp_path, tmp_path / "c.yml")
    assert [document.value["n"] for document in documents] == [1, 2, 3]
    assert documents[0].file == str(tmp_path / "a" / "z.yaml")


def test_all_files_are_read_before_the_faults_are_told(tmp_path: Path) -> None:
    write(tmp_path, a="a: [", b="b: 1", c="c: 1\nc: 2")
    assert codes(tmp_path, tmp_path / "d.yaml") == ["unclosed-bracket", "duplicate-key", "not-found"]


def test_missing_files_are_named_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, platform="a: 1")
    with pytest.raises(DiagnosticError, match=r"did you mean `.*platform\.yaml`"):
        read(tmp_path / "platfrom.yaml")
    (tmp_path / "empty").mkdir()
    assert codes(tmp_path / "empty") == ["no-yaml"]
    assert codes("a\0b") in (["not-found"], ["unreadable"])


def test_large_files_are_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    with file.open("wb") as stream:
        stream.truncate(50_000_000)
    with pytest.raises(DiagnosticError, match="50,000,000 bytes"):
        read(file)


def test_pipes_and_directories_named_like_yaml_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    write(tmp_path, a="a: 1")
    assert codes(tmp_path) == ["unreadable"]


def test_the_bad_byte_of_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes("\ufeffä: 1\né: ".encode() + b"\xff\n")
    with pytest.raises(DiagnosticError) as caught:
        read(file)
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.at) == ("blueprint/not-utf-8", Location(str(file), 2, 4))
    file.write_bytes("a: 1".encode("utf-16"))
    assert codes(file) == ["not-utf-8"]


def test_links_stay_inside_the_folder(tmp_path: Path) -> None:
    write(tmp_path, secret="s: 1", blueprints__a="a: 1", other__b="b: 1")
    folder = tmp_path / "blueprints"
    (folder / "again.yaml").symlink_to("a.yaml")
    (folder / "loop").symlink_to(".")
    assert [document.value for document in read(folder)] == [{"a": 1}]
    (folder / "out.yaml").symlink_to("../secret.yaml")
    (folder / "outside").symlink_to("../other")
    (folder / "broken.yaml").symlink_to("missing.yaml")
    assert sorted(codes(folder)) == ["not-found", "outside-folder", "outside-folder"]
    assert read(folder / "out.yaml")[0].value == {"s": 1}


# Properties

texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufeff"), max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.sampled_from(["yes", "0123", "1_000", "~", "true", "<<", "1e5", "12:30", "*a", "- x", "a: b", "#"])
)
trees = st.dictionaries(
    texts,
    st.recursive(
        scalars,
        lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4),
        max_leaves=12,
    ),
    min_size=1,
    max_size=4,
)


def dump(tree: Any, style: Any, default_style: Any) -> str:
    """The tree in any of PyYAML's styles; strings quoted where YAML 1.1 and 1.2 differ."""

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="'" if not value.isalpha() else None)

    Dumper.add_representer(str, text)
    return str(yaml.dump(tree, Dumper=Dumper, default_flow_style=style, allow_unicode=default_style, sort_keys=False))


def both(text: str) -> tuple[Any, Any]:
    first = outcome(text)
    with pytest.MonkeyPatch.context() as without:
        without.setattr(syntax, "CParser", None)
        return first, outcome(text)


def outcome(text: str) -> Any:
    try:
        return [(document.value, document.marks) for document in read_text(text)]
    except DiagnosticError as failure:
        return [(fault.code, fault.at) for fault in failure.diagnostics]


def check_places(document: Document, text: str) -> None:
    """Every simple value and key, read again from its place alone, is itself."""
    lines = text.split("\n")
    for path, mark in document.marks.items():
        value: Any = document.value
        for key in path:
            value = value[key]
        if mark.key is not None and mark.key.end_column is not None:
            source = lines[mark.key.line - 1][mark.key.column - 1 : mark.key.end_column - 1]
            assert one(f"? {source}\n: 1").value == {path[-1]: 1}
        if not isinstance(value, dict | list) and mark.value.end_column is not None:
            source = lines[mark.value.line - 1][mark.value.column - 1 : mark.value.end_column - 1]
            assert one(f"a: {source}").value == {"a": value}


@given(trees, st.sampled_from([True, False, None]), st.booleans())
def test_any_tree_reads_back_with_its_places(tree: Any, style: Any, unicode: bool) -> None:
    text = dump(tree, style, unicode)
    document = one(text)
    assert document.value == tree
    assert all(math.copysign(1, a) == math.copysign(1, b) for a, b in floats(document.value, tree))
    check_places(document, text)
    first, second = both(text)
    assert first == second


def floats(left: Any, right: Any) -> Iterator[tuple[float, float]]:
    if isinstance(left, float):
        yield left, right
    elif isinstance(left, dict | list):
        for key in left if isinstance(left, dict) else range(len(left)):
            yield from floats(left[key], right[key])


@given(st.text("ab1 \n:-[]{},'\"&*@#.\\~=<é", max_size=40))
def test_any_text_is_read_or_refused_alike_by_both_parsers(text: str) -> None:
    first, second = both(text)
    assert [code for code, _ in first] == [code for code, _ in second]


# Overrides

PLATFORM = """\
planform: 1
labels: {a: 1, b: 2}
teams: {fraud: {owners: [x, y]}}
planes:
  resource:
    owner: platform-team
    networking: vpc
    database: {use: cloud-sql, tier: small}
    object_store: gcs
environments:
  dev:
  prod:
    project: acme-prod
    region: us-central1
    labels: {b: null, c: 3}
    teams: {fraud: {owners: [z]}}
    planes:
      resource:
        owner: other-team
        database: {high_availability: true}
        object_store: {use: gcs, versioning: true}
        networking: {use: existing, network: shared}
  stage:
    planes:
      resource: {database: alloydb, object_store: null}
      security: {secrets: vault, policy: {use: x, y: null}}
  odd: text
"""


def test_overrides_merge_maps_replace_lists_and_remove_nulls() -> None:
    prod = for_environment(one(PLATFORM), "prod")
    assert prod.value["labels"] == {"a": 1, "c": 3}
    assert prod.value["teams"] == {"fraud": {"owners": ["z"]}}
    assert prod.value["region"] == "us-central1"
    assert "project" not in prod.value
    assert prod.value["planes"]["resource"] == {
        "owner": "other-team",
        "networking": {"use": "existing", "network": "shared"},
        "database": {"use": "cloud-sql", "tier": "small", "high_availability": True},
        "object_store": {"use": "gcs", "versioning": True},
    }


def test_another_component_takes_nothing_of_the_replaced_slot() -> None:
    stage = for_environment(one(PLATFORM), "stage")
    assert stage.value["planes"] == {
        "resource": {"owner": "platform-team", "networking": {"use": "vpc"}, "database": {"use": "alloydb"}},
        "security": {"secrets": {"use": "vault"}, "policy": {"use": "x"}},
    }
    assert ("planes", "resource", "database", "tier") not in stage.marks


def test_the_last_writer_has_the_position() -> None:
    document = one(PLATFORM)
    prod = for_environment(document, "prod")
    database = ("planes", "resource", "database")
    assert place(prod.at(*database, "tier")) == (8, 38, 43)
    assert place(prod.at(*database, "high_availability")) == (20, 39, 43)
    assert prod.at(*database, "high_availability").path.startswith("environments.prod.planes.resource")
    assert prod.key_at(*database).line == 8
    assert prod.at("teams", "fraud", "owners", 0).line == 16
    assert prod.at("labels", "b").line == 15
    assert prod.at("teams", "fraud", "owners", 1).line == 16
    slot = for_environment(document, "dev").at("planes", "resource", "networking", "use")
    assert (place(slot), slot.path) == ((7, 17, 20), "planes.resource.networking")


def test_the_platform_itself_stays_as_it_was() -> None:
    document, before = one(PLATFORM), one(PLATFORM)
    for name in ("dev", "prod", "stage"):
        merged = for_environment(document, name)
        assert merged.value["environments"] == before.value["environments"]
    assert document == before
    assert for_environment(document, "dev").value["labels"] == {"a": 1, "b": 2}


def test_every_value_of_a_merged_document_has_a_place() -> None:
    def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
        yield path
        keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            yield from paths(value[key], (*path, key))

    for name in ("dev", "prod", "stage"):
        merged = for_environment(one(PLATFORM), name)
        assert [path for path in paths(merged.value) if path not in merged.marks] == []


def test_unknown_environments_are_named_with_the_nearest() -> None:
    with pytest.raises(DiagnosticError) as caught:
        for_environment(one(PLATFORM), "prdo")
    (fault,) = caught.value.diagnostics
    assert fault.label == "did you mean `prod`?"
    assert fault.help == "environments here: dev, prod, stage, odd"
    assert fault.at is not None and place(fault.at) == (10, 1, 13)
    with pytest.raises(DiagnosticError, match="add it under"):
        for_environment(one("a: 1"), "dev")
    with pytest.raises(DiagnosticError, match="not a mapping"):
        for_environment(one(PLATFORM), "odd")
