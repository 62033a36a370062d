"""The command line as its users meet it: every verb as a process, its exit code and both streams in a snapshot."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

import planform
from planform.blueprint.read import read
from planform.cli import VERBS, terminal
from planform.cli.terminal import Run
from planform.diagnostics import DiagnosticError
from tests import terraform

ROOT = Path(__file__).resolve().parent.parent
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MAIN = ("-c", "from planform.cli import main; main()")
GOOD = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
planes:
  security: {services: project-services}
  resource:
    object_store: {use: gcs, buckets: {datasets: {}}}
environments:
  dev: {project: acme-ai-dev, project_number: 111111111111}
  prod: {project: acme-ai-prod, project_number: 222222222222, production: true}
"""
BAD = GOOD.replace("region:", "regoin:").replace("use: gcs,", "use: gsc,")
APP = """\
from planform.engine import App
from planform.environment import build_environment
from planform.terraform.google import StorageBucket


def build(specs):
    app = App()
    for spec in specs:
        built = build_environment(app, spec)
        StorageBucket(built.stacks["resource"], "mine", name=f"{spec.environment.project}-mine", location="EU")
    return app


def nothing(specs):
    return None


def boom(specs):
    return _inner(specs)


def _inner(specs):
    raise ValueError("there is no team fraud")


number = 3
"""


def environment(**variables: str) -> dict[str, str]:
    """What a run sees: planform's own engine unless a test names another, and no habits of this machine."""
    ours = ("PLANFORM_", "CDKTF_", "JSII_", "TF_", "NO_COLOR", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = str(Path(planform.__file__).parents[1])
    return {**kept, "PYTHONPATH": path, "PLANFORM_ENGINE": "native", "TERM": "xterm", "COLUMNS": "80", **variables}


def start(*arguments: str, cwd: Path, **options: Any) -> subprocess.Popen[str]:
    """A run that goes on while the test does."""
    settings = {"env": environment(), "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *MAIN, *arguments], cwd=cwd, **{**settings, **options})


def run(
    *arguments: str, cwd: Path, variables: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """A run from its start to its end, in which a warning of Python is a fault."""
    settings = {"env": environment(**(variables or {})), "capture_output": True, "text": True}
    return subprocess.run(
        [sys.executable, "-W", "error", *MAIN, *arguments], check=False, cwd=cwd, **{**settings, **options}
    )


def shown(done: subprocess.CompletedProcess[str], *places: Path) -> str:
    """Exit code, stdout and stderr as one text, without what differs from run to run and from machine to machine."""
    text = f"exit code: {done.returncode}\n----- stdout -----\n{done.stdout}----- stderr -----\n{done.stderr}"
    for place in places:
        text = text.replace(str(place), "[folder]")
    text = text.replace(planform.__version__, "[version]")
    text = re.sub(r"\b\d+\.\d+ s\b", "[time]", text)
    return re.sub(r'"seconds": [0-9.]+', '"seconds": "[time]"', text)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a good blueprint, a bad one, and an app of the user's."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "platform.yaml").write_text(GOOD)
    (folder / "bad.yaml").write_text(BAD)
    (folder / "own.py").write_text(APP)
    (folder / "broken.py").write_text("import nothing_of_this_name\n")
    (folder / "syntax.py").write_text("def build(:\n")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    places = sorted(place for place in folder.rglob("*") if place.is_file())
    return {place.relative_to(folder).as_posix(): place.read_bytes() for place in places}


# Help and usage


HELP = [(), *((verb,) for verb in VERBS), ("provider", "add"), ("provider", "list")]


@pytest.mark.parametrize("verb", HELP, ids=lambda verb: "-".join(verb) or "planform")
def test_help(verb: tuple[str, ...], snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    done = run(*verb, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Examples:" in done.stdout
    assert shown(done) == snapshot


def test_version(snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    assert shown(run("--version", cwd=tmp_path)) == snapshot


USAGE = {
    "no verb": (),
    "unknown verb": ("validte",),
    "unknown flag": ("validate", "--jsn", "platform.yaml"),
    "no blueprint": ("validate",),
    "no folder": ("synth", "platform.yaml", "--out", ""),
    "two documents": ("validate", "platform.yaml", "--sarif", "--json"),
    "unknown code": ("explain", "spec/unknown-ky"),
    "code nothing is near": ("explain", "x/y"),
    "neither code nor address": ("explain", "foo"),
    "code of a blueprint": ("explain", "spec/unknown-key", "platform.yaml"),
    "unknown kind": ("list", "componets"),
    "resources of nothing": ("list", "resources"),
    "components of a blueprint": ("list", "components", "platform.yaml"),
    "a day that is none": ("check", "platform.yaml", "--date", "2027-02-30"),
    "a setting in a number": ("path", "new", "Dataset", "--set", "tiers=2", "--set", "tiers.hot=1"),
    "unknown provider verb": ("provider", "ad"),
    "name of a platform": ("init", "--name", "Acme AI"),
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_wrong_usage(arguments: tuple[str, ...], snapshot: SnapshotAssertion, work: Path) -> None:
    done = run(*arguments, cwd=work)
    assert (done.returncode, done.stdout) == (2, "")
    assert shown(done) == snapshot


# validate


VALIDATE = {
    "good": ("platform.yaml",),
    "one environment": ("platform.yaml", "--env", "prod"),
    "quiet": ("platform.yaml", "--quiet"),
    "verbose": ("platform.yaml", "--verbose"),
    "print": ("platform.yaml", "--env", "dev", "--print"),
    "json": ("platform.yaml", "--json"),
    "sarif": ("platform.yaml", "--sarif"),
    "own app": ("platform.yaml", "--app", "own:build"),
}


@pytest.mark.parametrize("arguments", VALIDATE.values(), ids=VALIDATE)
def test_validate(arguments: tuple[str, ...], snapshot: SnapshotAssertion, work: Path) -> None:
    before = files(work)
    done = run("validate", *arguments, cwd=work)
    assert done.returncode == 0
    assert {path for path in files(work) if "__pycache__" not in path} == set(before)
    assert shown(done) == snapshot


REFUSED = {
    "bad": ("bad.yaml",),
    "bad quietly": ("bad.yaml", "--quiet"),
    "bad as json": ("bad.yaml", "--json"),
    "bad as sarif": ("bad.yaml", "--sarif"),
    "unknown environment": ("platform.yaml", "--env", "prd"),
    "no such file": ("nothing.yaml",),
    "no app": ("platform.yaml", "--app", "nothing:build"),
    "no function": ("platform.yaml", "--app", "own:bild"),
    "not a function": ("platform.yaml", "--app", "own:number"),
    "no colon": ("platform.yaml", "--app", "own"),
    "app returns nothing": ("platform.yaml", "--app", "own:nothing"),
    "app raises": ("platform.yaml", "--app", "own:boom"),
    "app misses a module": ("platform.yaml", "--app", "broken:build"),
    "app is no Python": ("platform.yaml", "--app", "syntax:build"),
}


@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED)
def test_validate_refuses(arguments: tuple[str, ...], snapshot: SnapshotAssertion, work: Path) -> None:
    done = run("validate", *arguments, cwd=work)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert shown(done) == snapshot


def test_warnings_are_shown_and_do_not_stop(work: Path) -> None:
    text = (ROOT / "tests" / "cases" / "resource.gke.production.yaml").read_text()
    (work / "gke.yaml").write_text(text)
    done = run("validate", "gke.yaml", "--quiet", cwd=work)
    assert done.returncode == 0
    document = json.loads(run("validate", "gke.yaml", "--json", cwd=work).stdout)
    assert all(each["severity"] == "warning" for each in document["diagnostics"])
    assert done.stderr.count("warning[") == len(document["diagnostics"])


# synth


SYNTH = {
    "all": (),
    "one environment": ("--env", "dev"),
    "one plane": ("--env", "dev", "--plane", "resource"),
    "quiet": ("--quiet",),
    "verbose": ("--verbose",),
    "json": ("--json",),
    "own app": ("--app", "own:build", "--out", "build/", "--allow-denied"),
}


@pytest.mark.parametrize("arguments", SYNTH.values(), ids=SYNTH)
def test_synth(arguments: tuple[str, ...], snapshot: SnapshotAssertion, work: Path) -> None:
    done = run("synth", "platform.yaml", *arguments, cwd=work)
    assert done.returncode == 0
    written = sorted(path for path in files(work) if path.startswith(("planform.out", "build")))
    assert f"{shown(done)}----- files -----\n{chr(10).join(written)}\n" == snapshot


@pytest.mark.engine
def test_synth_on_the_real_engine(work: Path) -> None:
    done = run("synth", "platform.yaml", cwd=work, variables={"PLANFORM_ENGINE": ""})
    assert done.returncode == 0, done.stderr
    paths = done.stdout.splitlines()
    assert [Path(path).parent.name for path in paths] == [f"acme-ai-{name}" for name in (
        "dev-security", "dev-resource", "prod-security", "prod-resource")]  # fmt: skip
    for path in paths:
        assert '"stackName"' in (work / path).read_text()


def test_a_part_has_the_bytes_of_the_whole(work: Path) -> None:
    run("synth", "platform.yaml", "--out", "whole", cwd=work)
    run("synth", "platform.yaml", "--out", "part", "--env", "prod", "--plane", "resource", cwd=work)
    whole, part = files(work / "whole"), files(work / "part")
    stack = "stacks/acme-ai-prod-resource/cdk.tf.json"
    assert [path for path in part if path.endswith("cdk.tf.json")] == [stack]
    assert part[stack] == whole[stack]


def test_a_part_leaves_the_rest_of_the_folder(work: Path) -> None:
    run("synth", "platform.yaml", cwd=work)
    out = work / "planform.out"
    security = out / "stacks" / "acme-ai-dev-security" / "cdk.tf.json"
    security.write_text("changed by hand\n")
    state = out / "stacks" / "acme-ai-dev-resource" / "terraform.tfstate"
    state.write_text("{}")
    before = files(out)
    (work / "platform.yaml").write_text(GOOD.replace("datasets", "models"))
    done = run("synth", "platform.yaml", "--env", "dev", "--plane", "resource", cwd=work)
    assert done.returncode == 0
    after = files(out)
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    assert changed == {"stacks/acme-ai-dev-resource/cdk.tf.json"}


SYNTH_REFUSED = {
    "bad": ("bad.yaml",),
    "bad as json": ("bad.yaml", "--json"),
    "unknown plane": ("platform.yaml", "--plane", "resorce"),
    "app raises": ("platform.yaml", "--app", "own:boom"),
}


@pytest.mark.parametrize("arguments", SYNTH_REFUSED.values(), ids=SYNTH_REFUSED)
def test_synth_refuses(arguments: tuple[str, ...], snapshot: SnapshotAssertion, work: Path) -> None:
    done = run("synth", *arguments, cwd=work)
    assert done.returncode == 1
    assert not (work / "planform.out").exists()
    assert shown(done) == snapshot


def test_nothing_to_write(work: Path, snapshot: SnapshotAssertion) -> None:
    existing = "  security: {services: existing}\n"
    (work / "platform.yaml").write_text(re.sub(r"  security:.*\n  resource:\n.*\n", existing, GOOD))
    assert shown(run("synth", "platform.yaml", cwd=work)) == snapshot


# explain, list, schema


EXPLAIN = {
    "code": ("spec/unknown-key",),
    "code as json": ("spec/unknown-key", "--json"),
    "code of a cloud rule": ("cloud/alloydb-backup",),
    "address": ("google_storage_bucket.datasets", "platform.yaml"),
    "address as json": ("google_storage_bucket.datasets", "platform.yaml", "--env", "dev", "--json"),
    "unknown address": ("google_storage_bucket.dataset", "platform.yaml"),
    "unknown address as json": ("aws_instance.web", "platform.yaml", "--json"),
    "bad blueprint": ("google_storage_bucket.datasets", "bad.yaml"),
}


@pytest.mark.parametrize("arguments", EXPLAIN.values(), ids=EXPLAIN)
def test_explain(arguments: tuple[str, ...], snapshot: SnapshotAssertion, work: Path) -> None:
    text = shown(run("explain", *arguments, cwd=work))
    assert re.sub(r"(\w+\.py):\d+", r"\1:[line]", text) == snapshot


LIST = {
    "components": ("components",),
    "capabilities": ("capabilities",),
    "capabilities as json": ("capabilities", "--json"),
    "resources": ("resources", "platform.yaml", "--env", "dev"),
    "resources as json": ("resources", "platform.yaml", "--env", "dev", "--json"),
    "resources of a bad blueprint": ("resources", "bad.yaml"),
}


@pytest.mark.parametrize("arguments", LIST.values(), ids=LIST)
def test_list(arguments: tuple[str, ...], snapshot: SnapshotAssertion, work: Path) -> None:
    assert shown(run("list", *arguments, cwd=work)) == snapshot


def test_every_listed_code_can_be_explained(tmp_path: Path) -> None:
    from planform.pages import all_codes

    done = run("list", "codes", cwd=tmp_path)
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(all_codes())
    assert all(len(line.split()) > 1 for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `planform schema` prints for the reference, with the kinds that it makes."""
    done = run("schema", str(ROOT / "blueprints" / "reference"), cwd=tmp_path_factory.mktemp("schema"))
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_schema_is_valid(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


BLUEPRINTS = [*sorted((ROOT / "blueprints").rglob("*.yaml")), *sorted((ROOT / "tests" / "cases").glob("*.yaml"))]


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_schema_takes_every_good_blueprint(schema: Any, path: Path) -> None:
    for document in read(path):
        jsonschema.Draft202012Validator(schema).validate(document.value)


SHAPE = frozenset(
    f"spec/{fault}"
    for fault in (
        "bad-form", "bad-key", "missing-key", "out-of-range", "unknown-capability", "unknown-component",
        "unknown-key", "unknown-kind", "unknown-value", "version", "wrong-type",
    )
)  # fmt: skip
"""Faults of shape, which a schema can tell; all others need more than one value, or facts."""


def faults_of_shape() -> list[Path]:
    """The bad blueprints that have one."""
    code = re.compile(r"# ERROR(?:@\d+)? ([a-z/0-9-]+):")
    found = []
    for path in sorted((ROOT / "tests" / "bad").glob("*.yaml")):
        if SHAPE & set(code.findall(path.read_text())):
            found.append(path)
    return found


@pytest.mark.parametrize("path", faults_of_shape(), ids=lambda path: path.stem)
def test_schema_refuses_what_the_models_refuse(schema: Any, path: Path) -> None:
    try:
        documents = read(path)
    except DiagnosticError:
        return  # the file is no document, which is no matter of a schema
    assert any(not jsonschema.Draft202012Validator(schema).is_valid(document.value) for document in documents)


# provider


SMALL = {
    "format_version": "1.0",
    "provider_schemas": {
        "registry.terraform.io/acme/shelf": {
            "provider": {"version": 0, "block": {}},
            "resource_schemas": {
                "shelf_book": {
                    "version": 0,
                    "block": {
                        "attributes": {
                            "title": {"type": "string", "required": True},
                            "pages": {"type": "number", "optional": True},
                            "id": {"type": "string", "computed": True},
                        }
                    },
                }
            },
        }
    },
}


@pytest.mark.parametrize("form", ["plain", "gzipped"])
def test_provider_add_from_file(form: str, snapshot: SnapshotAssertion, work: Path) -> None:
    data = json.dumps(SMALL).encode()
    (work / "schema.json").write_bytes(data if form == "plain" else gzip.compress(data))
    done = run("provider", "add", "acme/shelf@1.2.3", "--from-file", "schema.json", cwd=work)
    assert shown(done, work) == snapshot(name="added")
    listed = run("provider", "list", cwd=work)
    assert re.search(r"^shelf +acme/shelf +1\.2\.3 +1 resource types$", listed.stdout, re.MULTILINE)
    use = (
        "from planform.terraform import provider; from planform.engine import *; shelf = provider('shelf');"
        "stack = TerraformStack(App(), 's'); shelf.Book(stack, 'a', title='Emma');"
        "shelf.Book(stack, 'b', title='Emma', pags=9)"
    )
    used = subprocess.run(
        [sys.executable, "-c", use], cwd=work, env=environment(), capture_output=True, text=True, check=False
    )
    assert "nearest in acme/shelf 1.2.3: `pages`" in used.stderr


PROVIDER_REFUSED = {
    "no version": ("acme/shelf", "--from-file", "schema.json"),
    "no file": ("acme/shelf@1.2.3", "--from-file", "nothing.json"),
    "no schema": ("acme/shelf@1.2.3", "--from-file", "own.py"),
    "another provider": ("acme/desk@1.2.3", "--from-file", "schema.json"),
    "as json": ("acme/shelf", "--json"),
}


@pytest.mark.parametrize("arguments", PROVIDER_REFUSED.values(), ids=PROVIDER_REFUSED)
def test_provider_add_refuses(arguments: tuple[str, ...], snapshot: SnapshotAssertion, work: Path) -> None:
    (work / "schema.json").write_text(json.dumps(SMALL))
    done = run("provider", "add", *arguments, cwd=work)
    assert done.returncode == 1
    assert not (work / ".planform").exists()
    assert shown(done, work) == snapshot


def test_provider_add_without_terraform(snapshot: SnapshotAssertion, work: Path) -> None:
    done = run("provider", "add", "hashicorp/random@3.7.2", cwd=work, variables={"PATH": "/nonexistent"})
    assert shown(done) == snapshot


@pytest.mark.terraform
def test_provider_add_asks_terraform(work: Path) -> None:
    terraform.need("aws")
    found = {**environment(), **terraform.environment(), "PYTHONPATH": environment()["PYTHONPATH"]}
    done = run("provider", "add", f"hashicorp/aws@{terraform.PROVIDERS['aws'][1]}", cwd=work, env=found)
    assert done.returncode == 0, done.stderr
    assert (work / done.stdout.strip()).is_file()
    listed = run("provider", "list", "--json", cwd=work)
    aws = next(each for each in json.loads(listed.stdout)["providers"] if each["provider"] == "aws")
    shipped = run("provider", "list", "--json", cwd=ROOT)
    assert aws in json.loads(shipped.stdout)["providers"]


def test_provider_list(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert shown(run("provider", "list", cwd=tmp_path)) == snapshot


# init


def test_init_makes_a_platform_that_compiles(snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    assert shown(run("init", "shop", "--name", "shop", cwd=tmp_path)) == snapshot(name="made")
    shop = tmp_path / "shop"
    assert run("validate", "blueprints", cwd=shop).returncode == 0
    assert run("synth", "blueprints", "--app", "stacks:build", cwd=shop).returncode == 0
    own = subprocess.run([sys.executable, "main.py"], cwd=shop, env=environment(), check=False)
    assert own.returncode == 0
    compiled, by_app = files(shop / "planform.out"), files(shop / "cdktf.out")
    assert by_app.keys() <= compiled.keys()
    again = run("init", "shop", cwd=tmp_path)
    assert shown(again) == snapshot(name="again")
    assert "name: shop\n" in (shop / "blueprints" / "platform.yaml").read_text()


def test_init_under_a_file(snapshot: SnapshotAssertion, work: Path) -> None:
    assert shown(run("init", "platform.yaml/x", cwd=work)) == snapshot


# doctor


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with a Terraform that only knows its version."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "terraform"
    program.write_text("#!/bin/sh\necho 'Terraform v1.11.4'\n")
    (folder / "broken").write_text("#!/bin/sh\necho out of order >&2; exit 1\n")
    for program in folder.iterdir():
        program.chmod(0o755)
    return folder


DOCTOR: dict[str, dict[str, str]] = {
    "native": {},
    "unknown engine": {"PLANFORM_ENGINE": "cdktg"},
    "missing Node": {"PLANFORM_ENGINE": "cdktf", "JSII_NODE": "/nonexistent"},
    "broken Node": {"PLANFORM_ENGINE": "cdktf", "JSII_NODE": "./broken"},
    "missing Terraform": {"PATH": "/nonexistent"},
    "broken configuration of Terraform": {"TF_CLI_CONFIG_FILE": "/nonexistent.tfrc"},
}


@pytest.mark.parametrize("variables", DOCTOR.values(), ids=DOCTOR)
def test_doctor(variables: dict[str, str], snapshot: SnapshotAssertion, tools: Path) -> None:
    done = run("doctor", cwd=tools, variables={"PATH": str(tools), **variables})
    assert done.returncode == (1 if "PLANFORM_ENGINE" in variables else 0)
    text = shown(done, Path(sys.executable))
    assert re.sub(r"\d+\.\d+\.\d+(\+|rc\d+)? \[folder\]", "[version] [folder]", text) == snapshot


def test_doctor_as_json(tools: Path) -> None:
    document = json.loads(run("doctor", "--json", cwd=tools, variables={"PATH": str(tools)}).stdout)
    assert (document["version"], document["verb"], document["ok"]) == (1, "doctor", True)
    assert {finding["name"]: finding["state"] for finding in document["findings"]} == {
        "planform": "ok", "python": "ok", "engine": "ok", "terraform": "ok"}  # fmt: skip


@pytest.mark.engine
def test_doctor_starts_the_real_engine(tmp_path: Path) -> None:
    done = run("doctor", cwd=tmp_path, variables={"PLANFORM_ENGINE": ""})
    assert done.returncode == 0
    assert re.search(r"^ok +engine +cdktf 0\.21\.\d+$", done.stdout, re.MULTILINE)


# Streams, colour, progress


JSON_VERBS = {
    "validate": ("validate", "platform.yaml"),
    "validate bad": ("validate", "bad.yaml"),
    "synth": ("synth", "platform.yaml"),
    "synth bad": ("synth", "bad.yaml"),
    "explain": ("explain", "spec/unknown-key"),
    "list": ("list", "components"),
    "provider list": ("provider", "list"),
    "doctor": ("doctor",),
    "init": ("init", "new"),
    "init twice": ("init", "."),
}


@pytest.mark.parametrize("arguments", JSON_VERBS.values(), ids=JSON_VERBS)
def test_json_is_one_document_and_all_there_is(arguments: tuple[str, ...], work: Path) -> None:
    (work / "main.py").write_text("")
    done = run(*arguments, "--json", "--verbose", cwd=work)
    document = json.loads(done.stdout)
    assert done.stderr == ""
    assert list(document)[:2] == ["version", "verb"]
    assert document["version"] == 1
    assert " ".join(arguments).startswith(document["verb"])
    assert bool(document["diagnostics"]) == (done.returncode == 1)


def on_a_terminal(*arguments: str, cwd: Path, **variables: str) -> str:
    """What a run says on stderr when that is a terminal."""
    ours, its = pty.openpty()
    with start(*arguments, cwd=cwd, stderr=its, env=environment(**variables)) as process:
        os.close(its)
        said = b""
        try:
            while chunk := os.read(ours, 4096):
                said += chunk
        except OSError:
            pass  # Linux says so when the other end is closed
        process.communicate()
    os.close(ours)
    return said.decode()


def test_colour_on_a_terminal(work: Path) -> None:
    assert "\x1b[1;31merror[spec/unknown-key]" in on_a_terminal("validate", "bad.yaml", cwd=work)


@pytest.mark.parametrize("how", ["NO_COLOR", "--no-color", "TERM"])
def test_no_colour_when_told_so(how: str, work: Path) -> None:
    variables = {"NO_COLOR": {"NO_COLOR": "1"}, "TERM": {"TERM": "dumb"}}.get(how, {})
    flags = ["--no-color"] if how == "--no-color" else []
    said = on_a_terminal("validate", "bad.yaml", *flags, cwd=work, **variables)
    assert "error[spec/unknown-key]" in said
    assert not COLOUR.search(said)  # a slow machine's progress line is erased, which is no colour


def talker(**flags: bool) -> Run:
    return Run("synth", as_json=flags.get("as_json", False), quiet=flags.get("quiet", False), verbose=False)


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(terminal, "_is_terminal", lambda: True)
    monkeypatch.setattr(terminal, "PATIENCE", 0.05)
    with pytest.raises(RuntimeError), talker().step("compiling"):
        time.sleep(0.3)
        raise RuntimeError
    assert capsys.readouterr() == ("", "\rcompiling ...\r")  # escapes are for terminals


@pytest.mark.parametrize("why", ["soon done", "no terminal", "quiet", "as_json"])
def test_no_progress(why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(terminal, "_is_terminal", lambda: why != "no terminal")
    monkeypatch.setattr(terminal, "PATIENCE", 5 if why == "soon done" else 0)
    with talker(**({why: True} if why in ("quiet", "as_json") else {})).step("compiling"):
        time.sleep(0.05)
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_goes_away(work: Path) -> None:
    with start("list", "resources", "platform.yaml", cwd=work) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_stdout_without_room(work: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = run("list", "components", cwd=work, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == "Error: standard output cannot be written: No space left on device\n"


def test_a_terminal_of_few_characters(work: Path) -> None:
    (work / "platform.yaml").write_text(GOOD.replace("datasets", "dätasets"))
    done = run("validate", "platform.yaml", "--json", cwd=work, variables={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert json.loads(done.stdout)["diagnostics"]


# What can go wrong outside


def test_our_own_fault(tmp_path: Path) -> None:
    code = (
        "import planform.pipeline as pipeline\n"
        "def broken(*arguments, **options): raise KeyError('a slip of ours')\n"
        "pipeline.compile_files = broken\n"
        "from planform.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "validate", "platform.yaml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (70, "")
    assert "KeyError: 'a slip of ours'" in done.stderr
    assert f"This is a fault of planform {planform.__version__}, not of your input." in done.stderr


def interruptible() -> None:
    """Python ignores Ctrl-C where its parent did, as in a shell's background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.engine
@pytest.mark.parametrize("moment", ["the engine starts", "the app is composed"])
def test_an_interrupted_run_leaves_nothing(moment: str, work: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    pause = "    open('../composed', 'w').close(); import time; time.sleep(60)\n    return app\n"
    (work / "own.py").write_text(APP.replace("    return app\n", pause, 1))
    before = sorted(path.name for path in work.iterdir())
    variables = environment(PLANFORM_ENGINE="cdktf", TMPDIR=str(temporary), PYTHONDONTWRITEBYTECODE="1")
    arguments = ("synth", "platform.yaml", "--app", "own:build")
    with start(*arguments, cwd=work, env=variables, start_new_session=True, preexec_fn=interruptible) as process:
        while not ((tmp_path / "composed").exists() or (moment == "the engine starts" and any(temporary.iterdir()))):
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        out, said = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert said.strip() == "interrupted"
    assert sorted(path.name for path in work.iterdir()) == before
    assert list(temporary.iterdir()) == []


def test_a_run_that_is_interrupted_while_it_is_judged_leaves_nothing(work: Path, tmp_path: Path) -> None:
    tool = tmp_path / "opa"
    tool.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\nexec sleep 60\n")
    tool.chmod(0o755)
    before = sorted(path.name for path in work.iterdir())
    variables = environment(PLANFORM_OPA=str(tool))
    arguments = ("synth", "platform.yaml", "--policy-engine", "opa")
    with start(*arguments, cwd=work, env=variables, start_new_session=True, preexec_fn=interruptible) as process:
        while not (tmp_path / "asked").exists():
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        out, said = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert said.strip() == "interrupted"
    assert sorted(path.name for path in work.iterdir()) == before


def killed_while_writing(folder: Path, *arguments: str) -> bool:
    """Run planform, and kill it when it has begun to write; whether it was in time."""
    with start("synth", *arguments, cwd=folder) as process:
        while process.poll() is None:
            if list(folder.glob(".planform.out.planform-new-*")):
                process.kill()
        process.communicate()
    return process.returncode == -signal.SIGKILL


def test_a_killed_run_leaves_the_folder_whole(work: Path) -> None:
    run("synth", "platform.yaml", cwd=work)
    old = files(work / "planform.out")
    (work / "other.yaml").write_text(GOOD.replace("datasets", "models"))
    run("synth", "other.yaml", "--out", "expected", cwd=work)
    new = files(work / "expected")
    killed = [killed_while_writing(work, "other.yaml") for _ in range(4)]
    assert any(killed)
    assert files(work / "planform.out") in (old, new)
    assert run("synth", "other.yaml", cwd=work).returncode == 0
    assert files(work / "planform.out") == new
    assert list(work.glob(".planform.out*")) == []


def test_a_foreign_folder(snapshot: SnapshotAssertion, work: Path) -> None:
    (work / "planform.out").mkdir()
    (work / "planform.out" / "thesis.tex").write_text("mine")
    done = run("synth", "platform.yaml", cwd=work)
    assert shown(done, work) == snapshot
    assert files(work / "planform.out") == {"thesis.tex": b"mine"}


def test_a_path_under_a_file(snapshot: SnapshotAssertion, work: Path) -> None:
    assert shown(run("synth", "platform.yaml", "--out", "platform.yaml/out", cwd=work)) == snapshot


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may write to; for root, to whom all folders are open, one on a disk that is read only."""
    place = tmp_path / "read-only"
    place.mkdir(0o555)
    if os.geteuid():
        yield place
        return
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", place], capture_output=True, check=False
    ).returncode:
        pytest.skip("root may write everywhere, and mounting is not allowed here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_folder_that_may_not_be_written(read_only: Path, work: Path) -> None:
    for out in (read_only, read_only / "planform.out"):
        done = run("synth", "platform.yaml", "--out", str(out), cwd=work)
        assert (done.returncode, done.stdout) == (1, "")
        assert "error[output/not-writable]" in done.stderr
        assert "name a folder that you may write to" in done.stderr


def small_files() -> None:
    """What a full disk is like: no file grows past a kilobyte."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))


def test_a_full_disk(snapshot: SnapshotAssertion, work: Path) -> None:
    run("synth", "platform.yaml", cwd=work)
    before = files(work)
    (work / "other.yaml").write_text(GOOD.replace("datasets", "models"))
    done = run("synth", "other.yaml", cwd=work, preexec_fn=small_files)
    assert shown(done) == snapshot
    (work / "other.yaml").unlink()
    assert files(work) == before


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB, where mounting is allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full(little_disk: Path, work: Path) -> None:
    out = little_disk / "out"
    done = run("synth", str(ROOT / "blueprints" / "reference"), "--out", str(out), cwd=work)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[output/no-space]" in done.stderr
    assert list(little_disk.iterdir()) == []


WRITERS: dict[str, tuple[str, ...]] = {
    "check": ("check", "platform.yaml", "--junit", "OUT"),
    "drift": ("drift", "--plan-json", "plan.json", "--out", "OUT"),
    "path new": ("path", "new", "NotebookWorkspace", "--name", "a", "--team", "b", "--in", "dev", "--out", "OUT"),
    "policy new": ("policy", "new", "data/own", "--policies", "OUT"),
    "policy docs": ("policy", "docs", "--out", "OUT"),
    "init": ("init", "OUT"),
}


@pytest.mark.parametrize("verb", WRITERS.values(), ids=WRITERS)
def test_a_file_that_cannot_be_written(verb: tuple[str, ...], read_only: Path, work: Path) -> None:
    (work / "plan.json").write_text('{"format_version": "1.2", "planned_values": {}}')
    if verb[:2] == ("policy", "docs"):
        assert run("policy", "new", "data/own", cwd=work).returncode == 0
    before = files(work)
    for out in ("platform.yaml/x", str(read_only / "x")):
        done = run(*(out if each == "OUT" else each for each in verb), cwd=work)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        assert "error[output/not-writable]" in done.stderr
        assert out in done.stderr and "that you may write to" in done.stderr
    assert files(work) == before


@pytest.mark.parametrize(("verb", "file"), [("move", "addresses.yaml"), ("lock", "versions.yaml")])
def test_a_folder_where_a_file_is_to_be(verb: str, file: str, work: Path) -> None:
    place = work / "blueprints"
    (place / file).mkdir(parents=True)
    (place / "platform.yaml").write_text(GOOD)
    done = run(verb, "blueprints", cwd=work)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error[output/not-writable]: blueprints/{file} cannot be written: Is a directory" in done.stderr


def test_a_file_is_written_into_a_new_folder(work: Path) -> None:
    (work / "plan.json").write_text('{"format_version": "1.2", "planned_values": {}}')
    assert run("drift", "--plan-json", "plan.json", "--out", "new/one.txt", cwd=work).returncode == 0
    assert (work / "new" / "one.txt").read_text()


def test_one_function_writes_files() -> None:
    """All trouble with a disk is told in one way."""
    folder = Path(terminal.__file__).parent
    writers = [path.name for path in folder.glob("*.py") if re.search(r"write_(text|bytes)|mkdir", path.read_text())]
    assert writers == ["terminal.py"]


def test_path_new_without_a_terminal_says_what_it_lacks(work: Path) -> None:
    for given, lacking in (
        ((), ("--name NAME", "--team TEAM", "--in ENVIRONMENT", "--set description=VALUE")),
        (("--name", "a", "--in", "dev"), ("--team TEAM", "--set description=VALUE")),
    ):
        done = run("path", "new", "Dataset", *given, cwd=work, input="a\nb\nc\nd\ne\n")
        assert (done.returncode, done.stdout) == (2, "")
        assert [flag for flag in lacking if f"  {flag}  " not in done.stderr] == []
        assert "--name" in lacking[0] or "--name" not in done.stderr


def test_path_new_takes_texts_that_look_like_numbers_and_names_what_is_missing_inside_others(work: Path) -> None:
    given = ("--name", "a", "--team", "b", "--in", "dev")
    endpoint = ("--set", "model=m", "--set", "version=3", "--set", "batch=8")
    done = run("path", "new", "ModelEndpoint", *given, *endpoint, cwd=work)
    assert done.returncode == 0, done.stderr
    assert 'version: "3"\n' in done.stdout and "batch: 8\n" in done.stdout
    pipeline = ("--set", "model=m", "--set", "features=f", "--set", "parameters.max_depth=6")
    done = run("path", "new", "TrainingPipeline", *given, *pipeline, "--set", 'card.limitations=["x"]', cwd=work)
    assert done.returncode == 2 and "  --set card.intended_use=VALUE  What the model is for.\n" in done.stderr
    done = run("path", "new", "TrainingPipeline", *given, *pipeline, "--set", "card.intended_use=x", cwd=work)
    assert done.returncode == 0, done.stderr
    assert 'max_depth: "6"\n' in done.stdout


def test_path_new_asks_on_a_terminal(work: Path) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"churn\nfraud\ndev, prod\n")
    done = run("path", "new", "NotebookWorkspace", cwd=work, stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "name: churn\nteam: fraud\nenvironments:\n- dev\n- prod\n" in done.stdout


@pytest.mark.parametrize("verb", [("check",), ("move",), ("lock",), ("report", "cost"), ("path", "list"), ("schema",)])
def test_a_blueprint_that_is_not_there(verb: tuple[str, ...], work: Path) -> None:
    done = run(*verb, "nowhere", cwd=work)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[blueprint/not-found]: no file or folder `nowhere`")


def test_without_node(snapshot: SnapshotAssertion, work: Path) -> None:
    broken = {"PLANFORM_ENGINE": "", "JSII_NODE": "/nonexistent"}
    assert shown(run("synth", "platform.yaml", cwd=work, variables=broken)) == snapshot
    assert run("validate", "platform.yaml", cwd=work, variables=broken).returncode == 0


HOSTILE: dict[str, Callable[[Path], object]] = {
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "empty": lambda path: path.write_text(""),
    "list": lambda path: path.write_text("- a\n"),
    "folder without files": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("verb", [("validate",), ("synth",), ("list", "resources"), ("explain", "a.b")], ids=" ".join)
@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_bad_input_is_told_without_a_traceback(
    make: Callable[[Path], object], verb: tuple[str, ...], work: Path
) -> None:
    make(work / "input.yaml")
    done = run(*verb, "input.yaml", cwd=work)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[")
    assert "Traceback" not in done.stderr
