"""Repositories that golden paths render: what is in them, that their own tests pass, and what they do in earnest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.diagnostics import DiagnosticError
from planform.golden_paths.application import KINDS, application, asked, kafka_variables, render, steps, update
from planform.golden_paths.three_way import merge_text
from tests import real_servers
from tests.answers import ANSWERS, VERTEX_TRACKING

EVENTS, BAD_EVERY = 100_000, 1000


def rendered(kind: str, answers: Mapping[str, Any] | None = None) -> dict[str, str]:
    files = application(kind, answers or ANSWERS[kind])
    assert files is not None
    return files


def written(kind: str, folder: Path, answers: Mapping[str, Any] | None = None) -> Path:
    for path, text in rendered(kind, answers).items():
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
    assert [step.name for step in steps(kind)] == ["Install", "Lint", "Test"]


def test_other_kinds_have_no_repository() -> None:
    assert application("NodePool", {}) is None
    assert steps("NodePool") == ()


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
    assert asked(kind) <= set(ANSWERS[kind])
    for name in asked(kind) - {"name"}:
        answers = {key: value for key, value in ANSWERS[kind].items() if key != name}
        if kind == "ExperimentTracking" and name in ("project", "region", "artifacts"):
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


def test_all_faults_of_templates_come_at_once() -> None:
    templates = {"a.j2": "{{ nmae }}", "b.j2": "{% if %}", "../c": "x"}
    with pytest.raises(DiagnosticError, match="did you mean `name`") as fault:
        render(templates, {"name": "x"}, place="test")
    assert sorted(codes(fault)) == ["path/bad-template", "path/undefined", "path/unsafe-path"]


def test_a_repository_remembers_what_made_it() -> None:
    record = yaml.safe_load(rendered("TrainingPipeline")[".planform/template.yaml"])
    assert (record["template"], record["version"]) == ("training_pipeline", "1")
    assert record["answers"]["model"] == "fraud"
    assert record["answers"]["scan_command"][2].startswith("sha256:")


def test_the_platforms_own_gate_is_what_the_pipeline_runs() -> None:
    from planform.planes.security.gate_script import gate_text

    files = rendered("TrainingPipeline", {**ANSWERS["TrainingPipeline"], "scan_command": ["guard", "{model}"]})
    assert "COMMAND: list[str] = []" in files["src/fraud_training/steps/scan.py"]
    assert (
        rendered("TrainingPipeline")["src/fraud_training/scan_gate.py"].strip() == gate_text("modelscan_gate").strip()
    )


def test_librdkafkas_settings_become_variables() -> None:
    assert kafka_variables({"ssl.key.location": "/k"}) == {"RDKAFKA_SSL_KEY_LOCATION": "/k"}


# Updates


def test_an_update_keeps_what_the_team_changed_and_takes_what_the_template_changed() -> None:
    old = rendered("Transformation")
    readme = old["README.md"] + "\n## Ours\n"
    ours = {**old, "README.md": readme, "src/card_features/more.py": "MORE = 1\n"}
    merged = update(ours, "Transformation", {**ANSWERS["Transformation"], "topic": "payments"})
    assert merged.conflicts == ()
    assert "`payments`" in merged.files["README.md"] and merged.files["README.md"].endswith("## Ours\n")
    assert merged.files["src/card_features/more.py"] == "MORE = 1\n"
    again = update(merged.files, "Transformation", {**ANSWERS["Transformation"], "topic": "payments"})
    assert again.files == merged.files


def test_what_both_changed_is_marked() -> None:
    old = rendered("Transformation")
    ours = {**old, "score.yaml": old["score.yaml"].replace('id: "cards"', 'id: "mine"')}
    merged = update(ours, "Transformation", {**ANSWERS["Transformation"], "topic": "payments"})
    assert merged.conflicts == ("score.yaml",)
    assert (
        '<<<<<<< yours\n    id: "mine"\n=======\n    id: "payments"\n>>>>>>> template\n' in merged.files["score.yaml"]
    )


def test_a_file_that_the_team_removed_stays_removed() -> None:
    ours = {path: text for path, text in rendered("Transformation").items() if path != "score.yaml"}
    answers = ANSWERS["Transformation"]
    assert "score.yaml" not in update(ours, "Transformation", answers).files
    changed = update(ours, "Transformation", {**answers, "topic": "payments"})
    assert changed.conflicts == ("score.yaml",)


def test_an_update_needs_a_rendered_repository() -> None:
    with pytest.raises(DiagnosticError) as fault:
        update({"README.md": "x"}, "Transformation", ANSWERS["Transformation"])
    assert codes(fault) == ["path/not-rendered"]


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


# In an environment of their own


def python() -> str:
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
