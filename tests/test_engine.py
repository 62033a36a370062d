"""The three engines are one to the rest of planform: same names, same bytes, same faults."""

from __future__ import annotations

import functools
import json
import math
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from planform import __version__
from planform.diagnostics import DiagnosticError
from planform.engine import (
    App,
    Construct,
    LocalBackend,
    TerraformStack,
    attach,
    path_of,
    stack_of,
    synthesize,
)
from planform.engine_json import SAFE_INTEGER, from_text, plain, to_text

DRIVER = Path(__file__).with_name("engine_driver.py")
NODE_ENGINES = ("cdktf", "cdktn")


def run(code: list[str], engine: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own with one engine; the library is imported as here."""
    variables = {**os.environ, "PLANFORM_ENGINE": engine, **environment}
    variables["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, *code], input=text, capture_output=True, text=True, env=variables, timeout=300, check=False
    )


# Documents


NUMBERS = st.integers(-SAFE_INTEGER, SAFE_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = (
    st.text()
    | st.text("${}[]%#&TfToken.\\\"'0123456789eE+-", max_size=30)
    | st.text(st.characters(categories=["Cs", "Cc", "So"]))
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
KEYS = st.text(max_size=8) | st.sampled_from(
    ["//", "10", "9", "a", "B", "\uffee", "\U0001f600", "constructor", "toJSON", "length"]
)
VALUES = st.recursive(
    SCALARS, lambda each: st.lists(each, max_size=4) | st.dictionaries(KEYS, each, max_size=4), max_leaves=12
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


def nested(levels: int, wrap: Callable[[Any], Any]) -> Any:
    """A value in so many wrappings."""
    return functools.reduce(lambda inner, _: wrap(inner), range(levels), "end")


HAND_MADE: list[Any] = [
    {},
    {"a": {}, "b": [], "c": [[], {}], "d": None, "e": [None, 1], "f": {"g": None}},
    {"n": [0, -0.0, 1.0, 1.5, 1e20, 1e21, 1.5e21, 1e-6, 1e-7, 5e-324, 1.7976931348623157e308, 0.1, 123456789.125]},
    {"n": [SAFE_INTEGER, -SAFE_INTEGER, 2.0**53, 123456789012345680000.0]},
    {"s": '\x00\x07\b\t\n\f\r\x1f\x7f\u2028\u2029\ud800 \udc00 \ud83d\ude00 é \\ " / <'},
    {"s": "${a.b} $${c} %{ if x } %%{ y } #{TfToken} &{z} 1e5 2e-3 1.5E+9"},
    {"\U0001f600": 1, "\uffee": 2, "\ud83d": 3, "~": 4, "": 5, "10": 6, "9": 7},
    {"terraform": {"backend": {"local": {"workspace_dir": "w"}}, "required_providers": {}}},
    {"//": {"metadata": {"mine": 1}, "outputs": {"o": 2}}, "output": {"x": {"value": "y"}}},
    {"terraform": "text in place of a map"},
    {"deep": nested(45, lambda inner: {"x": [inner]})},
]

REFUSED: list[Any] = [
    {"too": nested(100, lambda inner: {"x": inner})},
    {"s": "${TfToken[TOKEN.0]}"},
    {"s": "a $${TfToken[TOKEN.0]} b"},
    {"l": ["#{TfToken[TOKEN.0]}"]},
    {"m": {"&{TfToken[TOKEN.0]}": "x"}},
    {"n": SAFE_INTEGER + 1},
    {"n": [-(2**64)]},
    {"n": -8.1095622125913805e298},
    {"n": struct.unpack(">d", b"\xfb\xff" + bytes(6))[0]},
    {"x": {"__proto__": {"a": 1}}},
    {"x": {"_children": 1, "_metadata": 2}},
    {"x": {"$jsii.byref": "a@1"}},
    {"x": {"$jsii.date": "2020-01-01T00:00:00Z"}},
    [],
    None,
]


def drawn(count: int) -> list[Any]:
    """Arbitrary documents, the same at each run."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(DOCUMENTS)
    def collect(document: Any) -> None:
        found.append(document)

    collect()
    return found


@functools.cache
def answers(engine: str) -> dict[str, Any]:
    """What an engine makes of all documents, and of the driver's app."""
    done = run([str(DRIVER)], engine, json.dumps([*HAND_MADE, *REFUSED, *drawn(400)]))
    assert done.returncode == 0, done.stderr
    assert not done.stderr, "no banner, no warning"
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def unversioned(result: Any, version: str) -> str:
    """A result as text, without the engine's version lines."""
    return json.dumps(result).replace(json.dumps(f'"version": "{version}"')[1:-1], "")


@pytest.mark.engine
@pytest.mark.parametrize("engine", NODE_ENGINES)
def test_engines_give_equal_bytes_for_any_document(engine: str) -> None:
    own, other = answers("native"), answers(engine)
    assert (own["name"], other["name"]) == ("native", engine)
    for at, document in enumerate([*HAND_MADE, *REFUSED, *drawn(400)]):
        mine, theirs = own["results"][at], other["results"][at]
        assert unversioned(mine, own["version"]) == unversioned(theirs, other["version"]), repr(document)


@pytest.mark.engine
@pytest.mark.parametrize("engine", NODE_ENGINES)
def test_engines_agree_on_backends_order_paths_and_misuse(engine: str) -> None:
    own, other = answers("native"), answers(engine)
    mine, theirs = own["landscape"], other["landscape"]
    assert mine["again"] is theirs["again"] is True
    assert json.loads(unversioned(mine, own["version"])) == json.loads(unversioned(theirs, other["version"]))


@pytest.mark.parametrize("at", range(len(HAND_MADE)))
def test_documents_made_by_hand_are_written(at: int) -> None:
    answer = native(HAND_MADE[at])
    assert isinstance(json.loads(answer), dict)


@pytest.mark.parametrize("at", range(len(REFUSED)))
def test_values_that_an_engine_would_lose_are_refused(at: int) -> None:
    with pytest.raises(DiagnosticError) as caught:
        native(REFUSED[at])
    (fault,) = caught.value.diagnostics
    assert fault.code == "engine/unwritable-value"
    assert fault.help


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, object(), {1, 2}, b"x", {1: 2}, 1j])
def test_what_json_has_no_form_for_is_refused(value: Any) -> None:
    with pytest.raises(DiagnosticError):
        plain({"x": value})


def native(document: Any) -> str:
    app = App()
    stack = TerraformStack(app, "s")
    LocalBackend(stack, path="p")
    attach(stack, lambda: document)
    return synthesize(app)["stacks/s/cdk.tf.json"]


@settings(deadline=None)
@given(DOCUMENTS)
def test_text_is_json_of_the_plain_document(document: Any) -> None:
    try:
        tree = plain(document)
    except DiagnosticError:
        return
    text = to_text(tree)
    assert json.loads(text, parse_int=float) == json.loads(json.dumps(tree), parse_int=float)
    assert plain(tree) == tree
    assert from_text(text) == json.loads(text)
    text.encode("utf-8")


def test_a_whole_number_is_one_before_it_is_written_too() -> None:
    found = plain({"n": [1.0, -0.0, 2.0**53 - 1, 1e21, 0.5]})["n"]
    assert [type(each) for each in found] == [int, int, int, float, float]


def test_half_a_surrogate_pair_is_read_back() -> None:
    half = {"a": "x\ud800"}
    assert from_text(to_text(half)) == half


def test_text_has_the_engines_form() -> None:
    tree = plain({"b": [], "a": {"z": 1.0, "y": {}, "x": [True, None, "é"]}})
    lines = ["{", '  "a": {', '    "x": [', "      true,", '      "é"', "    ],", '    "y": {', "    },", '    "z": 1']
    assert to_text(tree) == "\n".join([*lines, "  },", '  "b": [', "  ]", "}"])


# The tree


def test_ids_are_unique_in_their_scope_and_make_paths() -> None:
    app = App()
    stack = TerraformStack(app, "s")
    part = Construct(Construct(stack, "a/b\nc"), "d")
    assert path_of(part) == "s/a--b--c/d"
    assert stack_of(part) is stack
    assert part.node.root is app
    assert [each.node.id for each in app.node.find_all()] == ["", "s", "a--b--c", "d"]
    with pytest.raises(RuntimeError, match="already a Construct with name 'a--b--c' in TerraformStack"):
        Construct(stack, "a/b/c")


def test_cyclic_stack_dependencies_are_an_error_that_names_the_cycle() -> None:
    app = App()
    one, two, three = (TerraformStack(app, name) for name in ("one", "two", "three"))
    one.add_dependency(two)
    two.add_dependency(three)
    with pytest.raises(DiagnosticError, match="`three` -> `one` -> `two` -> `three`") as caught:
        three.add_dependency(one)
    assert caught.value.diagnostics[0].code == "engine/dependency-cycle"
    assert three.dependencies == []


def test_fault_of_a_document_reaches_the_caller() -> None:
    app = App()

    def broken() -> dict[str, Any]:
        raise KeyError("mine")

    attach(TerraformStack(app, "s"), broken)
    with pytest.raises(KeyError, match="mine"):
        synthesize(app)


def test_app_writes_where_the_engines_command_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDKTF_OUTDIR", str(tmp_path / "there"))
    app = App()
    TerraformStack(app, "s")
    assert not (tmp_path / "there").exists()
    app.synth()
    manifest = json.loads((tmp_path / "there/manifest.json").read_text())
    assert manifest["version"] == __version__
    assert (tmp_path / "there" / manifest["stacks"]["s"]["synthesizedStackPath"]).is_file()


# The choice of an engine, and its Node


LOAD = """
from planform.diagnostics import DiagnosticError
try:
    import planform.engine as engine
    print(engine.NAME, engine.VERSION)
except DiagnosticError as fault:
    print(fault.diagnostics[0].code, "|", fault.diagnostics[0].summary, "|", fault.diagnostics[0].help)
"""


def test_unknown_engine_is_named_with_the_ones_there_are() -> None:
    done = run(["-c", LOAD], "cdktg")
    assert done.stdout.startswith("engine/unknown | there is no engine `cdktg`")
    assert "cdktf, cdktn, native" in done.stdout


def test_engine_that_is_not_installed_is_an_error_with_the_command_that_installs_it() -> None:
    hide = "import sys; sys.modules['cdktn'] = None\n" + LOAD
    done = run(["-c", hide], "cdktn")
    assert done.stdout.startswith("engine/missing")
    assert "pip install 'planform[cdktn]'" in done.stdout


def test_native_engine_starts_no_node_and_imports_no_engine() -> None:
    code = LOAD + "import sys; print(sorted({'jsii', 'cdktf', 'cdktn', 'constructs'} & set(sys.modules)))"
    done = run(["-c", code], "native", JSII_NODE="/nonexistent")
    assert done.stdout.splitlines() == [f"native {__version__}", "[]"]


@pytest.mark.engine
def test_engine_starts_by_default_without_a_word_on_stderr() -> None:
    done = run(["-c", LOAD], "")
    assert (done.stdout.split()[0], done.stderr) == ("cdktf", "")


def script(folder: Path, text: str) -> str:
    place = folder / "node"
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)
    return str(place)


def unreadable(folder: Path) -> str:
    place = folder / "data"
    place.write_bytes(b"\x00\x01")
    place.chmod(0o755)
    return str(place)


BROKEN_NODES: dict[str, tuple[Callable[[Path], str], str]] = {
    "absent": (lambda folder: str(folder / "absent"), "engine/no-node"),
    "exits": (lambda folder: script(folder, "exit 3"), "engine/node-failed"),
    "says something else": (lambda folder: script(folder, "echo hello"), "engine/node-failed"),
    "dies at work": (lambda folder: script(folder, '[ "$1" = --version ] && echo v24.0.0'), "engine/node-failed"),
    "is no program": (unreadable, "engine/node-failed"),
}


@pytest.mark.parametrize("kind", BROKEN_NODES)
def test_node_that_does_not_work_is_an_error_with_a_remedy_and_no_traceback(kind: str, tmp_path: Path) -> None:
    make, code = BROKEN_NODES[kind]
    done = run(["-c", LOAD], "cdktf", JSII_NODE=make(tmp_path))
    assert done.stdout.split(" | ")[0] == code, done.stderr
    assert "JSII_NODE" in done.stdout.split(" | ")[2]
    assert "Traceback" not in done.stderr


TOKENS = """
import importlib, json
from planform.engine import NAME, App, LocalBackend, TerraformStack, attach, is_token, synthesize
engine = importlib.import_module(NAME)
app = App()
here = TerraformStack(app, "here")
there = engine.TerraformStack(app, "there")
for stack in (here, there):
    LocalBackend(stack, path=f"{stack.node.id}.tfstate")
text = engine.TerraformVariable(here, "text", type="string").string_value
many = engine.TerraformVariable(here, "many", type="list(string)").list_value
number = engine.TerraformVariable(here, "number", type="number").number_value
lazy = engine.Token.as_string(engine.Fn.upper(text))
assert all(map(is_token, (text, many, number, lazy, f"a {text} b")))
assert not any(map(is_token, ("a", "${TfToken[TOKEN.99]}", 1.5, 7, True, None, [], ["a"], {}, {"a": text})))
attach(here, lambda: {"locals": {"text": f"a {text} b", "many": many, "number": number, "lazy": lazy}})
attach(there, lambda: {"locals": {"text": text}})
files = synthesize(app)
print(json.dumps([json.loads(files[f"stacks/{name}/cdk.tf.json"]) for name in ("here", "there")]))
"""


@pytest.mark.engine
@pytest.mark.parametrize("engine", NODE_ENGINES)
def test_tokens_of_a_consumer_pass_through_also_into_their_own_stack(engine: str) -> None:
    done = run(["-c", TOKENS], engine)
    assert done.returncode == 0, done.stderr
    here, there = json.loads(done.stdout)
    assert here["locals"] == {
        "text": "a ${var.text} b",
        "many": "${var.many}",
        "number": "${var.number}",
        "lazy": "${upper(var.text)}",
    }
    assert there["locals"]["text"].startswith("${data.terraform_remote_state.")


ASIDE = """
import importlib, sys
from planform.diagnostics import DiagnosticError
from planform.engine import NAME, App, LocalBackend, TerraformStack, attach, synthesize
engine = importlib.import_module(NAME)
app = App(outdir=sys.argv[1])
stack = TerraformStack(app, "s")
LocalBackend(stack, path="p")
attach(stack, lambda: {"resource": {"null_resource": {"a": {"triggers": {"x": "1"}}}}})
stack.add_override("resource.null_resource.a.triggers.x", "overridden")
app.synth()
def broken():
    raise KeyError("mine")
calls = []
attach(TerraformStack(app, "late"), lambda: {} if not calls.append(1) and len(calls) < 2 else broken())
for _ in range(2):
    try:
        synthesize(app)
    except KeyError as fault:
        print("KeyError", fault)
app = App()
engine.Annotations.of(TerraformStack(app, "s")).add_error("not like this")
try:
    synthesize(app)
except DiagnosticError as fault:
    print(fault.diagnostics[0].code, fault.diagnostics[0].notes)
"""


@pytest.mark.engine
@pytest.mark.parametrize("engine", NODE_ENGINES)
def test_overrides_annotations_and_late_faults_of_a_consumer_work(engine: str, tmp_path: Path) -> None:
    done = run(["-c", ASIDE, str(tmp_path / "out")], engine)
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "out/stacks/s/cdk.tf.json").read_text())
    assert document["resource"]["null_resource"]["a"]["triggers"] == {"x": "overridden"}
    first, second, third = done.stdout.splitlines()
    assert first == second == "KeyError 'mine'"
    assert third.startswith("engine/refused")
    assert "not like this" in third


def test_hcl_output_is_refused_in_words() -> None:
    code = "from planform.engine import *\napp = App()\nTerraformStack(app, 's')\nsynthesize(app)"
    done = run(["-c", code], "cdktf", SYNTH_HCL_OUTPUT="true")
    assert "engine/refused" in done.stderr
