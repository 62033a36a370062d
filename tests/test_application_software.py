"""Repositories that golden paths render: what is in them, that their own tests pass, and what they do in earnest."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from planform.cli import group
from planform.diagnostics import DiagnosticError
from planform.golden_paths.application import (
    BASE,
    KINDS,
    RECORD,
    application,
    asked,
    kafka_variables,
    render,
    steps_of,
    update,
)
from planform.golden_paths.three_way import merge_text
from planform.pipeline import compile_files
from planform.planes.delivery.resource_types import RESOURCE_TYPES
from tests import real_servers
from tests.answers import ANSWERS, VERTEX_TRACKING
from tests.tools import go_module, tool

REFERENCE = Path(__file__).resolve().parent.parent / "blueprints" / "reference"

EVENTS, BAD_EVERY = 100_000, 1000


def rendered(kind: str, answers: Mapping[str, Any] | None = None) -> dict[str, str]:
    return application(kind, answers or ANSWERS[kind])


def written(kind: str, folder: Path, answers: Mapping[str, Any] | None = None) -> Path:
    return lay_down(folder, rendered(kind, answers))


def lay_down(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def codes(fault: pytest.ExceptionInfo[DiagnosticError]) -> list[str]:
    return [each.code for each in fault.value.diagnostics]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_what_a_team_keeps(kind: str) -> None:
    files = rendered(kind)
    package = ANSWERS[kind]["name"].replace("-", "_")
    wanted = {"README.md", "pyproject.toml", "catalog-info.yaml", ".devcontainer/devcontainer.json", ".gitignore"}
    assert wanted | {f"src/{package}/__init__.py"} <= set(files)
    assert any(path.startswith("tests/test_") for path in files)
    assert yaml.safe_load(files["catalog-info.yaml"])["metadata"]["description"] == ANSWERS[kind]["description"]
    assert not any(path.startswith(".github/") for path in files), "the workflow is the CI's"
    assert [step.name for step in steps_of(kind)] == ["Install", "Lint", "Test"]


def test_other_kinds_have_no_repository() -> None:
    assert application("NodePool", {}) == {}
    assert steps_of("NodePool") == ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_requirement_is_pinned(kind: str) -> None:
    import tomllib

    project = tomllib.loads(rendered(kind)["pyproject.toml"])["project"]
    needs = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    assert needs
    assert all("==" in each for each in needs)


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"ExperimentTracking"}))
def test_images_run_as_nobody_special_from_a_pinned_base(kind: str) -> None:
    lines = rendered(kind)["Dockerfile"].splitlines()
    assert ":" in lines[0].removeprefix("FROM ") and not lines[0].endswith(":latest")
    assert "USER 10001" in lines


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_is_missing_is_named(kind: str) -> None:
    assert asked(kind) - {"region"} <= set(ANSWERS[kind])
    for name in asked(kind) - {"name"}:
        answers = {key: value for key, value in ANSWERS[kind].items() if key != name}
        if kind == "ExperimentTracking" and name == "region":
            continue  # asked for by the other of its two stores
        with pytest.raises(DiagnosticError, match=name) as fault:
            application(kind, answers)
        assert set(codes(fault)) == {"path/undefined"}


@pytest.mark.parametrize("text", ["two\nlines", "a\u202eb", "bell\a"])
def test_an_answer_that_would_break_out_of_its_line_is_refused(text: str) -> None:
    with pytest.raises(DiagnosticError) as fault:
        application("Transformation", {**ANSWERS["Transformation"], "topic": text})
    assert codes(fault) == ["path/bad-answer"]


def test_a_name_that_is_no_package_is_refused() -> None:
    with pytest.raises(DiagnosticError) as fault:
        application("Transformation", {**ANSWERS["Transformation"], "name": "../x"})
    assert codes(fault) == ["path/bad-answer"]


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", ".git/hooks/x", "a//b", "a b", ""])
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    with pytest.raises(DiagnosticError) as fault:
        render({"{{ place }}.j2": "x"}, {"place": path}, place="test")
    assert codes(fault) == ["path/unsafe-path"]


RENDERING = """
import shutil, sys
from jinja2 import Environment
from planform.golden_paths import application
cache = application._environment().bytecode_cache
if sys.argv[1:]:
    shutil.rmtree(cache.directory)
compiled = []
compile = Environment.compile
Environment.compile = lambda self, *given, **named: compiled.append(1) or compile(self, *given, **named)
print(application.render({"x.j2": "{{ name }}!"}, {"name": "it"}, place="test")["x"], cache is not None, len(compiled))
"""


def test_templates_are_compiled_once_and_without_a_place_for_them_each_time(tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        command = [sys.executable, "-c", RENDERING, *arguments]
        variables = {**os.environ, "TMPDIR": str(tmp_path)}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        return done.stdout or done.stderr

    assert run() == "it! True 1\n"
    assert run() == "it! True 0\n"
    assert run("the folder goes") == "it! True 1\n"
    next(tmp_path.glob("_jinja2-cache-*"), tmp_path / f"_jinja2-cache-{os.getuid()}").write_text("in the way")
    assert run() == "it! False 1\n"


def test_all_faults_of_templates_come_at_once() -> None:
    templates = {"a.j2": "{{ nmae }}", "b.j2": "{% if %}", "../c": "x"}
    with pytest.raises(DiagnosticError, match="did you mean `name`") as fault:
        render(templates, {"name": "x"}, place="test")
    assert sorted(codes(fault)) == ["path/bad-template", "path/undefined", "path/unsafe-path"]


def test_a_repository_remembers_what_made_it() -> None:
    record = yaml.safe_load(rendered("TrainingPipeline")[".planform/template.yaml"])
    assert (record["template"], record["version"]) == ("training_pipeline", "1")
    assert record["answers"] == ANSWERS["TrainingPipeline"]


def test_the_platforms_own_gate_is_what_the_pipeline_runs() -> None:
    from planform.planes.gate_script import gate_text

    files = rendered("TrainingPipeline")
    assert files["src/fraud_training/scan_gate.py"] == gate_text("modelscan_gate")
    assert '/opt/gate/bin/pip install "guardian-client==2.1.0"' in files["Dockerfile"]
    without = rendered("TrainingPipeline", {**ANSWERS["TrainingPipeline"], "scan_packages": []})
    assert "/opt/gate" not in without["Dockerfile"]


def test_librdkafkas_settings_become_variables() -> None:
    assert kafka_variables({"ssl.key.location": "/k"}) == {"RDKAFKA_SSL_KEY_LOCATION": "/k"}


# Updates


def test_an_update_keeps_what_the_team_changed_and_takes_what_the_template_changed() -> None:
    old = rendered("Transformation")
    readme = old["README.md"] + "\n## Ours\n"
    ours = {**old, "README.md": readme}
    merged = update(ours, {"topic": "payments"})
    assert merged.conflicts == ()
    assert "`payments`" in merged.files["README.md"] and merged.files["README.md"].endswith("## Ours\n")
    again = update(merged.files)
    assert again.files == merged.files


def test_what_both_changed_is_marked() -> None:
    old = rendered("Transformation")
    ours = {**old, "score.yaml": old["score.yaml"].replace('id: "cards"', 'id: "mine"')}
    merged = update(ours, {"topic": "payments"})
    assert merged.conflicts == ("score.yaml",)
    assert (
        '<<<<<<< yours\n    id: "mine"\n=======\n    id: "payments"\n>>>>>>> template\n' in merged.files["score.yaml"]
    )


def test_a_file_that_the_team_removed_stays_removed() -> None:
    ours = {path: text for path, text in rendered("Transformation").items() if path != "score.yaml"}
    assert "score.yaml" not in update(ours).files
    changed = update(ours, {"topic": "payments"})
    assert changed.conflicts == ("score.yaml",)


def test_a_file_that_the_template_no_longer_has_goes_unless_the_team_changed_it() -> None:
    theirs = rendered("Transformation")
    old = {**theirs, BASE: json.dumps({**json.loads(theirs[BASE]), "old.py": ["OLD = 1\n"]})}
    assert update({**old, "old.py": "OLD = 1\n"}).removed == ("old.py",)
    kept = update({**old, "old.py": "OLD = 2\n"})
    assert (kept.conflicts, kept.files["old.py"]) == (("old.py",), "OLD = 2\n")
    assert update(old).removed == ()


def test_a_file_that_the_template_brings_does_not_replace_the_teams_own() -> None:
    theirs = rendered("Transformation")
    base = {path: text for path, text in json.loads(theirs[BASE]).items() if path != "score.yaml"}
    merged = update({**theirs, BASE: json.dumps(base), "score.yaml": "ours: 1\n"})
    assert merged.conflicts == ("score.yaml",)
    assert merged.files["score.yaml"].startswith("<<<<<<< yours\nours: 1\n=======\napiVersion:")


def test_files_that_others_write_are_left_to_them() -> None:
    answers = ANSWERS["Transformation"]
    theirs = application("Transformation", answers, without=["score.yaml"])
    assert "score.yaml" not in theirs
    merged = update({**theirs, "score.yaml": "ours\n"}, {"topic": "payments"})
    assert "score.yaml" not in merged.files and "score.yaml" not in merged.removed


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({RECORD: None}, "path/not-rendered"),
        ({BASE: None}, "path/not-rendered"),
        ({BASE: "[]"}, "path/not-rendered"),
        ({BASE: "{"}, "path/not-rendered"),
        ({RECORD: "- a\n"}, "path/not-rendered"),
        ({RECORD: "template: other\nversion: '1'\nanswers: {}\n"}, "path/not-rendered"),
        ({RECORD: "template: transformation\nversion: '99'\nanswers: {}\n"}, "path/newer"),
        ({RECORD: "template: transformation\nversion: '1'\nanswers: {name: x1}\n"}, "path/undefined"),
    ],
)
def test_an_update_needs_a_rendered_repository(changes: Mapping[str, str | None], code: str) -> None:
    repository = {**rendered("Transformation"), **changes}
    with pytest.raises(DiagnosticError) as fault:
        update({path: text for path, text in repository.items() if text is not None})
    assert set(codes(fault)) == {code}


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged", "clean"),
    [
        (
            "a\nb\nc\n",
            "a\nB\nc\n",
            "a\nb\nD\nc\n",
            "a\n<<<<<<< yours\nB\n=======\nb\nD\n>>>>>>> template\nc\n",
            False,
        ),
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n", True),
        ("a\nb\n", "a\nb\n", "b\n", "b\n", True),
        ("a\n", "x\n", "x\n", "x\n", True),
        ("", "x", "y", "<<<<<<< yours\nx\n=======\ny\n>>>>>>> template\n", False),
    ],
)
def test_lines_merge(base: str, ours: str, theirs: str, merged: str, clean: bool) -> None:
    assert merge_text(base, ours, theirs) == (merged, clean)


# On the command line


def updated(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(group, ["path", "update", str(folder), *words], prog_name="planform")
    return done.exit_code, done.stdout


def test_a_repository_is_updated_in_its_folder(tmp_path: Path) -> None:
    folder = written("Transformation", tmp_path)
    assert updated(folder) == (0, "")
    (folder / "score.yaml").unlink()
    (folder / "logo.png").write_bytes(b"\xff\xfe")
    (folder / "README.md").write_bytes((folder / "README.md").read_bytes() + b"\xff\n")
    code, said = updated(folder, "--set", 'description="Other words"', "--dry-run")
    assert (code, {line.split()[1] for line in said.splitlines()}) == (
        0,
        {".planform/base.json", ".planform/template.yaml", "README.md", "catalog-info.yaml", "pyproject.toml"},
    )
    assert "Other words" not in (folder / "catalog-info.yaml").read_text()
    assert updated(folder, "--set", 'description="Other words"') == (0, said)
    assert "Other words" in (folder / "catalog-info.yaml").read_text()
    assert (folder / "README.md").read_bytes().endswith(b"\xff\n")
    assert not (folder / "score.yaml").exists()
    assert updated(folder) == (0, "")


def test_an_answer_that_the_template_does_not_ask_for_is_refused(tmp_path: Path) -> None:
    folder = written("Transformation", tmp_path)
    before = (folder / RECORD).read_text()
    code, said = updated(folder, "--set", "topc=payments", "--json")
    (told,) = json.loads(said)["diagnostics"]
    assert (code, told["code"]) == (1, "path/unknown-answer")
    assert "`topic`" in told["help"]
    assert (folder / RECORD).read_text() == before


def test_a_conflict_is_marked_in_the_file_and_told_by_the_exit_code(tmp_path: Path) -> None:
    folder = written("Transformation", tmp_path)
    score = folder / "score.yaml"
    score.write_text(score.read_text().replace('id: "cards"', 'id: "mine"'))
    code, said = updated(folder, "--set", "topic=payments", "--json")
    assert code == 1
    assert {"path": "score.yaml", "change": "conflict"} in json.loads(said)["changes"]
    assert '<<<<<<< yours\n    id: "mine"\n=======' in score.read_text()


def test_nothing_is_written_where_there_is_no_memory_of_a_template(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("ours\n")
    code, said = updated(tmp_path, "--json")
    assert code == 1
    assert [each["code"] for each in json.loads(said)["diagnostics"]] == ["path/not-rendered"]
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_a_link_that_leads_out_of_the_repository_is_not_written_through(tmp_path: Path) -> None:
    folder = written("Transformation", tmp_path / "repository")
    (tmp_path / "outside.yaml").write_text((folder / "catalog-info.yaml").read_text())
    (folder / "catalog-info.yaml").unlink()
    (folder / "catalog-info.yaml").symlink_to(tmp_path / "outside.yaml")
    code, said = updated(folder, "--set", "description=other", "--json")
    assert (code, [each["code"] for each in json.loads(said)["diagnostics"]]) == (1, ["path/unsafe-path"])
    assert "other" not in (tmp_path / "outside.yaml").read_text()


# What the reference's documents make


@functools.cache
def committed() -> dict[str, dict[str, Any]]:
    delivery = compile_files(REFERENCE, environments=["prod"]).output.files["stacks/acme-ai-prod-delivery/cdk.tf.json"]
    found: dict[str, dict[str, Any]] = json.loads(str(delivery))["resource"]["github_repository_file"]
    return found


@functools.cache
def repositories() -> dict[str, dict[str, str]]:
    """Path to text by repository, as Terraform would commit them."""
    found: dict[str, dict[str, str]] = {}
    for each in committed().values():
        name = each["repository"].split(".")[1]
        found.setdefault(name, {})[each["file"]] = each["content"].replace("$${", "${").replace("%%{", "%{")
    return found


def test_every_document_with_software_has_it_in_its_repository() -> None:
    found = repositories()
    assert set(found) == {
        "chargeback_rows_job",
        "payment_scoring_endpoint",
        "payment_scoring_pipeline",
        "ranking_experiment",
    }
    for name, files in found.items():
        wanted = {"README.md", "pyproject.toml", "catalog-info.yaml", RECORD, BASE, f"src/{name}/__init__.py"}
        assert wanted <= set(files)
    followed = {before for each in committed().values() for before in each.get("depends_on", ())}
    last = {each["file"] for id, each in committed().items() if f"github_repository_file.{id}" not in followed}
    assert last == {".github/workflows/deliver.yml"}, "what is pushed before the workflow must start nothing"
    assert "score.yaml" in found["chargeback_rows_job"] and "score.yaml" in found["payment_scoring_endpoint"]


def test_what_a_repository_remembers_is_enough_to_update_it() -> None:
    for files in repositories().values():
        same = update(files)
        assert same.conflicts == same.removed == ()
        assert {path: files[path] for path in same.files} == same.files


def test_software_names_no_environment() -> None:
    for name, files in repositories().items():
        for path, text in files.items():
            if not path.startswith(".devcontainer/"):  # the ide's, which is told its project
                assert not re.search(r"acme-ai-(dev|staging|prod)|[12]{12}", text), (name, path)


def test_score_files_are_what_scores_schema_takes() -> None:
    schema = go_module("github.com/score-spec/score-go@v1.20.0") / "schema" / "files" / "score-v1b1.json"
    judge = jsonschema.Draft202012Validator(json.loads(schema.read_text()))
    for files in repositories().values():
        for path in (path for path in files if path == "score.yaml"):
            document = yaml.safe_load(files[path])
            assert [fault.message for fault in judge.iter_errors(document)] == []
            for each in document["resources"].values():
                assert each["type"] in RESOURCE_TYPES
            for wish, output in re.findall(r"\$\{resources\.([a-z-]+)\.([a-z_]+)\}", files[path]):
                assert output in RESOURCE_TYPES[document["resources"][wish]["type"]].outputs


def test_workflows_are_sound(tmp_path: Path) -> None:
    for name, files in repositories().items():
        path = tmp_path / f"{name}.yml"
        path.write_text(files[".github/workflows/deliver.yml"])
        command = [str(tool("actionlint")), "-shellcheck=", "-pyflakes=", "-no-color", str(path)]
        assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == ""


# In an environment of their own


def python() -> str:
    if sys.version_info >= (3, 13):
        pytest.skip("modelscan, which rendered repositories use, is for Python 3.10 to 3.12")
    if not real_servers.PYTHON.exists():
        real_servers.missing("no environment of rendered repositories")
    return str(real_servers.PYTHON)


def environment(**variables: str) -> dict[str, str]:
    programs = real_servers.postgres_programs()
    extra = {"PG_BIN": str(programs)} if programs else {}
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **extra, **variables}


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


SUITES = [*ANSWERS.items(), ("ExperimentTracking", VERTEX_TRACKING)]
SUITE_NAMES = [*ANSWERS, "ExperimentTracking-vertex"]


@pytest.mark.pip_tools
@pytest.mark.parametrize(("kind", "answers"), SUITES, ids=SUITE_NAMES)
def test_rendered_repositories_lint(kind: str, answers: Mapping[str, Any], tmp_path: Path) -> None:
    folder = written(kind, tmp_path, answers)
    run(folder, python(), "-m", "ruff", "check", "--no-cache", ".")
    run(folder, python(), "-m", "ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.pip_tools
def test_the_references_repositories_lint(tmp_path: Path) -> None:
    for name, files in repositories().items():
        lay_down(tmp_path / name, files)
    run(tmp_path, python(), "-m", "ruff", "check", "--no-cache", ".")
    run(tmp_path, python(), "-m", "ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.pip_tools
def test_images_are_built_as_a_linter_of_dockerfiles_wants(tmp_path: Path) -> None:
    for name, files in repositories().items():
        if "Dockerfile" in files:
            (tmp_path / name).write_text(files["Dockerfile"])
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    assert len(paths) == 3
    hadolint = str(Path(python()).parent / "hadolint")
    run(tmp_path, hadolint, "--no-color", *paths)
    bad = tmp_path / "bad"
    bad.write_text("FROM python:latest\nRUN pip install requests\n")
    done = subprocess.run([hadolint, str(bad)], capture_output=True, text=True, check=False)
    assert "DL3007" in done.stdout and "DL3013" in done.stdout


@pytest.mark.pip_tools
@pytest.mark.parametrize(("kind", "answers"), SUITES, ids=SUITE_NAMES)
def test_rendered_repositories_pass_their_own_tests(kind: str, answers: Mapping[str, Any], tmp_path: Path) -> None:
    out = run(written(kind, tmp_path, answers), python(), "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "passed" in out


# In earnest


class Worker:
    """The rendered job as a process, which is killed without warning and started again."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._folder, self._variables = folder, variables
        self.kills = 0
        self.start()

    def start(self) -> None:
        command = [python(), "-m", "card_features"]
        variables = environment(**self._variables, PYTHONPATH="src")
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, env=variables, stderr=log)

    def kill(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.kills += 1
        self.start()

    def end(self, seconds: float) -> None:
        """Wait until it has drained the topic; it never outlives the test."""
        try:
            assert self._process.wait(seconds) == 0, (self._folder / "log").read_text()[-3000:]
        finally:
            self._process.kill()


@pytest.fixture
def database() -> Iterator[tuple[int, Any]]:
    with real_servers.postgres() as port:
        yield port, lambda query: _asked(port, query)


def _asked(port: int, query: str) -> Any:
    """What a query gives; asked by the rendered repositories' own driver."""
    code = (
        "import json, sys, psycopg\n"
        f"with psycopg.connect('host=127.0.0.1 port={port} user=app dbname=postgres') as c:\n"
        "    print(json.dumps(c.execute(sys.argv[1]).fetchall(), default=str))\n"
    )
    done = subprocess.run([python(), "-c", code, query], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else []


@pytest.mark.real_components
def test_nothing_is_lost_or_doubled_when_the_job_is_killed(
    tmp_path: Path, database: tuple[int, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    port, ask = database
    folder = written("Transformation", tmp_path)
    with real_servers.kafka() as bootstrap:
        load = Path(__file__).parent / "fixtures" / "kafka" / "load.py"
        expected = json.loads(run(folder, python(), str(load), bootstrap, "cards", str(EVENTS), str(BAD_EVERY)))
        variables = {
            "SOURCE_TOPIC": "cards",
            "DEAD_LETTER_TOPIC": "cards-dead",
            "RDKAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "RDKAFKA_GROUP_INSTANCE_ID": "one",
            "DATABASE_PORT": str(port),
            "DATABASE_NAME": "postgres",
            "DATABASE_USER": "app",
            "METRICS_HOST": "127.0.0.1",
            "METRICS_PORT": str(real_servers.free_ports(1)[0]),
            "BATCH_EVENTS": "1000",
            "STOP_WHEN_DRAINED": "true",
        }
        begin = time.monotonic()
        worker = Worker(folder, variables)
        try:
            for share in (0.1, 0.3, 0.5, 0.7):
                _wait_for(ask, int(EVENTS * share))
                worker.kill()
        finally:
            worker.end(240)
        seconds = time.monotonic() - begin
    assert worker.kills == 4
    assert ask("select sum(next_offset)::int, sum(processed + dead)::int from job_offset") == [[EVENTS, EVENTS]]
    assert ask("select count(*) from dead_letter") == [[EVENTS // BAD_EVERY]]
    found = ask("select entity, events, total::bigint from entity_feature")
    assert {entity: number for entity, number, _ in found} == expected["counts"]
    assert {entity: total for entity, _, total in found} == expected["totals"]
    with capsys.disabled():
        rate = EVENTS / seconds
        print(f"\n{EVENTS} events, {worker.kills} kills: {seconds:.1f} s, {rate:,.0f} events a second")


def _wait_for(ask: Any, number: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        answer = ask("select coalesce(sum(processed + dead), 0)::int from job_offset")
        if answer and answer[0][0] >= number:
            return
        time.sleep(0.3)
    pytest.fail(f"the job did not come to {number} events")


def test_the_memory_of_a_repository_is_json_of_its_lines() -> None:
    made = application("Transformation", ANSWERS["Transformation"])
    held = json.loads(made[BASE])
    assert {path: "".join(lines) for path, lines in held.items()} == {k: v for k, v in made.items() if k != BASE}
    assert made[BASE] == json.dumps(held, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
