"""Diagnostics as text, JSON and SARIF, and the registry of codes."""

from __future__ import annotations

import ast
import json
import pickle
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planform.codes import CODES, page
from planform.diagnostics import (
    Diagnostic,
    DiagnosticError,
    Location,
    Severity,
    error,
    in_order,
    shown,
    suggest,
    to_json,
    to_sarif,
    to_text,
    warning,
)

PACKAGE = Path(__file__).parent.parent / "constructs" / "planform"
PLATFORM = "planform: 1\n" + "\n" * 29 + "          acelerator: nvidia-l4\n"
UNKNOWN_KEY = error(
    "spec/unknown-key",
    "unknown key `acelerator` in a GPU pool",
    Location("platform.yaml", 31, 11, 21, "planes.resource.compute.gpu_pools[0]"),
    label="did you mean `accelerator`?",
    help="keys here: accelerator, disk_gib",
)


def test_text_has_the_house_form() -> None:
    assert to_text([UNKNOWN_KEY], sources={"platform.yaml": PLATFORM}) == (
        "error[spec/unknown-key]: unknown key `acelerator` in a GPU pool\n"
        "  --> platform.yaml:31:11  planes.resource.compute.gpu_pools[0]\n"
        "31 |           acelerator: nvidia-l4\n"
        "   |           ^^^^^^^^^^ did you mean `accelerator`?\n"
        "   = help: keys here: accelerator, disk_gib"
    )


def test_text_of_a_line_without_column_has_no_excerpt() -> None:
    fault = error("x/y", "wrong", Location("gke.py", 88, 0, path="a/b"), notes=["built for a.yaml:2:9"])
    text = to_text([fault], sources={"gke.py": "x\n" * 90})
    assert text == "error[x/y]: wrong\n  --> gke.py:88  a/b\n   = note: built for a.yaml:2:9"


def test_text_reads_the_file_and_survives_its_absence(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("\ufeffname: x\r\n", encoding="utf-8")
    assert "1 | name: x\n  |       ^" in to_text([error("x/y", "wrong", Location(str(file), 1, 7, 8))])
    missing = error("x/y", "wrong", Location("nowhere.yaml", 1, 1), label="here")
    assert to_text([missing]) == "error[x/y]: wrong\n --> nowhere.yaml:1:1\n  = note: here"
    assert to_text([error("x/y", "wrong", Location(str(tmp_path), 1, 1))]).count("\n") == 1


def test_text_separates_faults_and_names_severities() -> None:
    text = to_text([error("a/b", "one"), warning("a/c", "two"), Diagnostic("a/d", Severity.DENIED, "three")])
    assert text == "error[a/b]: one\n\nwarning[a/c]: two\n\ndenied[a/d]: three"


def test_text_is_coloured_only_when_asked() -> None:
    source = {"platform.yaml": PLATFORM}
    coloured = to_text([UNKNOWN_KEY], sources=source, color=True)
    assert "\x1b[1;31merror[spec/unknown-key]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == to_text([UNKNOWN_KEY], sources=source)


def test_long_lines_are_cut_around_the_caret() -> None:
    line = "a" * 500 + "WRONG" + "b" * 500
    text = to_text([error("x/y", "s", Location("f", 1, 501, 506))], sources={"f": line})
    excerpt, caret = text.splitlines()[2:4]
    assert len(excerpt) < 120
    assert excerpt.startswith("1 | …") and excerpt.endswith("…")
    assert excerpt[caret.index("^") : caret.rindex("^") + 1] == "WRONG"


@pytest.mark.parametrize(
    ("line", "column", "offset"), [("名前: x", 5, 6), ("\tx", 2, 4), ("e\u0301: x", 5, 3), ("\x1b: x", 4, 6)]
)
def test_caret_stands_under_the_column_as_displayed(line: str, column: int, offset: int) -> None:
    text = to_text([error("x/y", "s", Location("f", 1, column))], sources={"f": line})
    assert text.splitlines()[3] == "  | " + " " * offset + "^"


@given(st.text(), st.text(), st.integers(0, 30), st.integers(0, 30))
def test_no_control_character_of_the_input_reaches_the_text(words: str, line: str, column: int, end: int) -> None:
    at = Location(words or "f", 1, column, end, words)
    fault = error(words, words, at, label=words, notes=[words], help=words)
    text = to_text([fault], sources={at.file: line})
    assert text.replace("\n", "").isprintable()
    assert json.loads(json.dumps(to_json([fault])))["diagnostics"][0]["summary"] == words


def test_order_is_that_of_the_file_and_each_comes_once() -> None:
    first, second = error("x/y", "s", Location("a", 2, 1)), error("x/y", "s", Location("a", 10, 1))
    other, nowhere = error("x/y", "s", Location("b", 1, 1)), error("x/y", "s")
    assert in_order([nowhere, other, second, first, second]) == (first, second, other, nowhere)


def test_error_reads_well_and_crosses_processes() -> None:
    failure = DiagnosticError([UNKNOWN_KEY], sources={"platform.yaml": PLATFORM})
    assert "did you mean" in str(failure)
    copy = pickle.loads(pickle.dumps(failure))
    assert copy.diagnostics == failure.diagnostics
    assert str(copy) == str(failure)


def test_suggestions_are_near_and_stable() -> None:
    assert suggest("acelerator", ["accelerator", "disk_gib"]) == "accelerator"
    assert suggest("GKE", ["gke", "vpc"]) == "gke"
    assert suggest("database", ["gke", "vpc"]) is None
    assert shown("x" * 100, 10) == "`xxxxxxxxx…`"


def test_json_is_versioned_and_whole() -> None:
    assert to_json([UNKNOWN_KEY, error("x/y", "s")]) == {
        "version": 1,
        "diagnostics": [
            {
                "code": "spec/unknown-key",
                "severity": "error",
                "summary": "unknown key `acelerator` in a GPU pool",
                "at": {
                    "file": "platform.yaml",
                    "line": 31,
                    "column": 11,
                    "end_column": 21,
                    "path": "planes.resource.compute.gpu_pools[0]",
                },
                "label": "did you mean `accelerator`?",
                "notes": [],
                "help": "keys here: accelerator, disk_gib",
            },
            {
                "code": "x/y",
                "severity": "error",
                "summary": "s",
                "at": None,
                "label": "",
                "notes": [],
                "help": "",
            },
        ],
    }


# The parts of the SARIF 2.1.0 schema that a log of this kind is made of.
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
REGION = {
    "type": "object",
    "required": ["startLine"],
    "additionalProperties": False,
    "properties": {key: {"type": "integer", "minimum": 1} for key in ("startLine", "startColumn", "endColumn")},
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "required": ["tool", "results", "columnKind"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "version", "rules"],
                                "properties": {
                                    "rules": {
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id"],
                                            "properties": {"shortDescription": TEXT, "help": TEXT},
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "ruleIndex", "level", "message"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": TEXT,
                                "locations": {
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {
                                                    "artifactLocation": {"required": ["uri"]},
                                                    "region": REGION,
                                                },
                                            }
                                        },
                                    }
                                },
                            },
                        }
                    },
                },
            },
        },
    },
}


def test_sarif_has_the_required_structure() -> None:
    found = [
        UNKNOWN_KEY,
        error("blueprint/empty", "the file is empty", Location("a b/ü.yaml", 0, 0)),
        warning("blueprint/empty", "s", Location("/tmp/a.yaml", 3, 0)),
        Diagnostic("policy/x", Severity.DENIED, "s"),
        Diagnostic("policy/x", Severity.NOTE, "s", Location("a", 1, 1)),
    ]
    log = to_sarif(found)
    jsonschema.validate(json.loads(json.dumps(log)), SARIF)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["blueprint/empty", "policy/x", "spec/unknown-key"]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [d.code for d in found]
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "error", "note"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"] if "locations" in result]
    assert places[0]["region"] == {"startLine": 31, "startColumn": 11, "endColumn": 21}
    assert places[1] == {"artifactLocation": {"uri": "a%20b/%C3%BC.yaml"}}
    assert places[2] == {"artifactLocation": {"uri": "file:///tmp/a.yaml"}, "region": {"startLine": 3}}


# The registry


CODE = re.compile(r"[a-z]+/[a-z0-9-]+")
FAMILIES = {code.partition("/")[0] for code in CODES}
NO_CODES = ("policy/v1",)
"""What reads like a code and is an API of Kubernetes."""
MAKERS = ("Diagnostic", "Fault", "error", "warning")


def literal_codes(node: ast.AST) -> list[str]:
    """Codes in a node: any text of a known family, and what a maker of diagnostics gets first."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        known = CODE.fullmatch(node.value) and node.value.partition("/")[0] in FAMILIES and node.value not in NO_CODES
        return [node.value] if known else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and CODE.fullmatch(first.value):
            return [first.value]
    return []


def codes_made() -> dict[str, str]:
    """Every code that is written out in the source, with a file that it is in."""
    made: dict[str, str] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.name != "codes.py":
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                made.update(dict.fromkeys(literal_codes(node), str(file.relative_to(PACKAGE))))
    return made


def test_every_code_has_a_page() -> None:
    assert {code: file for code, file in codes_made().items() if code not in CODES} == {}


def test_every_page_is_of_use() -> None:
    assert set(CODES) - set(codes_made()) == set()


def test_pages_are_in_order_and_readable() -> None:
    assert list(CODES) == sorted(CODES)
    for code, entry in CODES.items():
        assert re.fullmatch(r"[a-z]+(/[a-z0-9-]+)+", code)
        assert entry.title and entry.why and entry.help, code
        assert page(code).startswith(f"{code}: {entry.title}\n")
