"""The application repository of a golden path: its files, from templates and a workload's answers.

A kind with a repository has a folder of templates beside this module; `repository/` holds what every repository has.
Names of files are templates too, and a file's ending `.j2` falls away. What is undefined is refused, as is a path that
leaves the repository. A rendered repository remembers what made it: `.planform/template.yaml` for people, and
`.planform/base.json`, the lines of each file as rendered, from which an update merges.

The workflow that runs `steps_of(kind)` comes from the platform's CI, so `.github/workflows` is left to it.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import cache
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml
from jinja2 import (
    Environment,
    FileSystemBytecodeCache,
    FunctionLoader,
    StrictUndefined,
    Template,
    TemplateError,
    Undefined,
    UndefinedError,
)
from jinja2.bccache import Bucket
from jinja2.meta import find_undeclared_variables
from msgspec.structs import replace

from planform.contracts.ci import Step
from planform.diagnostics import Diagnostic, DiagnosticError, Location, error, shown, suggest
from planform.golden_paths.three_way import Merged, merge
from planform.kubernetes.images import image
from planform.kubernetes.writer import to_yaml
from planform.plain_yaml import load
from planform.planes.gate_script import Gate, gate_text

__all__ = [
    "KINDS",
    "VERSION",
    "application",
    "asked",
    "kafka_variables",
    "render",
    "requirements",
    "steps_of",
    "update",
]

VERSION = "1"
"""Of all templates together; a change that repositories should take over raises it."""
RECORD = ".planform/template.yaml"
BASE = ".planform/base.json"
KINDS: Mapping[str, str] = {
    "ExperimentTracking": "experiment_tracking",
    "LanguageModelEndpoint": "language_model_endpoint",
    "ModelEndpoint": "model_endpoint",
    "TrainingPipeline": "training_pipeline",
    "Transformation": "transformation",
}
"""Kinds with a repository of their own, and their folders of templates; a ModelEndpoint has one for each protocol."""
COMPONENT_TYPES = {"LanguageModelEndpoint": "service", "ModelEndpoint": "service", "Transformation": "service"}
"""What the portal's catalog calls them; the others are a `library`."""
_PATH = re.compile(r"[A-Za-z0-9._@+-]+(/[A-Za-z0-9._@+-]+)*")


def application(kind: str, answers: Mapping[str, Any], *, without: Collection[str] = ()) -> dict[str, str]:
    """Path to text of a repository's files, those in `without` left to others; empty for a kind without a repository.

    Errors: path/bad-answer, path/bad-template, path/undefined, path/unsafe-path.
    """
    folder = KINDS.get(kind)
    if folder is None:
        return {}
    _check(kind, answers)
    rendered = render(_templates(folder), {**answers, **_computed(kind, answers)}, place=f"golden_paths/{folder}")
    rendered = {path: text for path, text in rendered.items() if path not in without}
    record = {
        "template": folder,
        "version": VERSION,
        "without": sorted(without),
        "answers": dict(sorted(answers.items())),
    }
    head = "# What made this repository; `planform path update` reads and writes it.\n"
    rendered[RECORD] = head + to_yaml(record)
    rendered[BASE] = _by_lines(rendered)
    return dict(sorted(rendered.items()))


def _by_lines(files: Mapping[str, str]) -> str:
    """Files as JSON, a line of text in a line of its own, so that changes read well.

    Written by hand, as the standard library's encoder is slow where it indents, and every repository has one of these.
    """
    texts = []
    for path, text in sorted(files.items()):
        lines = ",\n  ".join(map(encode_basestring, text.splitlines(keepends=True)))
        texts.append(f"{_quoted(path)}: [\n  {lines}\n ]" if lines else f"{_quoted(path)}: []")
    return "{\n " + ",\n ".join(texts) + "\n}\n"


def update(repository: Mapping[str, str], changes: Mapping[str, Any] | None = None) -> Merged:
    """What templates wrote and will write of a repository, with what changed there and in the answers.

    Of `repository`, path to text, only these paths are read.
    Errors: path/not-rendered, path/newer, path/unknown-answer, and those of `application`.
    """
    base, record = _memory(repository)
    kind = next((kind for kind, folder in KINDS.items() if folder == record["template"]), "")
    if not kind:
        templates = ", ".join(KINDS.values())
        raise _not_rendered(f"its template is {shown(str(record['template']))}, and planform has {templates}")
    if int(record["version"]) > int(VERSION):
        summary = f"its template has version {record['version']}, and this planform has {VERSION}"
        help = "install the planform that rendered it, or a later one"
        raise DiagnosticError([error("path/newer", summary, Location(RECORD, 0, 0), help=help)])
    known = {*record["answers"], *asked(kind)}
    unknown = [_unknown_answer(each, known) for each in changes or () if each not in known]
    if unknown:
        raise DiagnosticError(unknown)
    theirs = application(kind, {**record["answers"], **(changes or {})}, without=record.get("without", ()))
    before, fresh = ({path: text for path, text in each.items() if path not in (BASE, RECORD)}
                     for each in (base, theirs))  # fmt: skip
    merged = merge(before, {path: repository[path] for path in {*before, *fresh} if path in repository}, fresh)
    records = {path: theirs[path] for path in (BASE, RECORD)}
    return replace(merged, files=dict(sorted({**merged.files, **records}.items())))


def _memory(repository: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    """What was rendered, and what of."""
    missing = [path for path in (BASE, RECORD) if path not in repository]
    if missing:
        raise _not_rendered(f"it has no {' and no '.join(missing)}")
    try:
        base = {path: "".join(lines) for path, lines in json.loads(repository[BASE]).items()}
        record = load(repository[RECORD])
        if not {"template", "version", "answers"} <= set(record) or not str(record["version"]).isdigit():
            raise ValueError
    except (ValueError, AttributeError, TypeError, yaml.YAMLError):
        raise _not_rendered(f"{BASE} or {RECORD} is not as planform wrote it") from None
    return base, record


def _not_rendered(what: str) -> DiagnosticError:
    help = "run it in a repository that a golden path made, with .planform as it was committed"
    return DiagnosticError([error("path/not-rendered", f"nothing to update from: {what}", help=help)])


def _unknown_answer(name: str, known: Collection[str]) -> Diagnostic:
    near = suggest(name, known)
    help = f"did you mean `{near}`?" if near else f"answers: {', '.join(sorted(known))}"
    return error("path/unknown-answer", f"the template asks for no answer {shown(name)}", help=help)


def asked(kind: str) -> frozenset[str]:
    """The answers that a kind's templates ask for."""
    environment = _environment()
    found: set[str] = set()
    for path, text in _templates(KINDS[kind]).items():
        for each in (path, text) if path.endswith(".j2") else (path,):
            found |= find_undeclared_variables(environment.parse(each))
    return frozenset(found - set(_computed(kind, {})) - set(environment.globals))


def steps_of(kind: str) -> tuple[Step, ...]:
    """What CI runs over a repository of this kind before anything is built: to stand after checkout and Python."""
    if kind not in KINDS:
        return ()
    return (
        Step("Install", run="python -m pip install --quiet -e '.[dev]'"),
        Step("Lint", run="ruff check . && ruff format --check ."),
        Step("Test", run="python -m pytest -q"),
    )


def kafka_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """librdkafka's settings as the environment variables that a rendered Transformation reads."""
    return {f"RDKAFKA_{name.upper().replace('.', '_')}": value for name, value in sorted(settings.items())}


def requirements() -> tuple[str, ...]:
    """What the tests of all rendered repositories need, each package at its version."""
    needed = {name: each["version"] for name, each in sorted(_packages().items()) if not each.get("cloud")}
    return (
        *(f"{name}=={version}" for name, version in needed.items()),
        _pin("psycopg[binary]"),
        _pin("ray[default,train]"),
    )


def render(templates: Mapping[str, str], answers: Mapping[str, Any], *, place: str) -> dict[str, str]:
    """Path to text of templates; all their faults at once. Errors: path/undefined, path/unsafe-path."""
    faults, rendered = [], {}
    for name, text in sorted(templates.items()):
        try:
            path = _filled(name.removesuffix(".j2"), answers)
            body = _filled(text, answers) if name.endswith(".j2") else text
        except UndefinedError as fault:
            word = str(fault.message).split("'")[1] if "'" in str(fault.message) else ""
            near = suggest(word, answers)
            help = f"did you mean `{near}`?" if near else f"answer `{word}`, or take it out of the template"
            faults.append(error("path/undefined", f"{shown(name)}: {fault.message}", Location(place, 0, 0), help=help))
            continue
        except TemplateError as fault:
            line = getattr(fault, "lineno", 0) or 0
            help = "mend the template; Jinja2 says what it could not read"
            faults.append(
                error("path/bad-template", str(fault.message), Location(f"{place}/{name}", line, 0), help=help)
            )
            continue
        if not safe(path):
            help = "a path has letters, digits, dots, hyphens and underscores, and never `..` or a leading slash"
            summary = f"{shown(name)} would be written to {shown(path)}, outside its repository"
            faults.append(error("path/unsafe-path", summary, Location(place, 0, 0), help=help))
        rendered[path] = body
    if faults:
        raise DiagnosticError(faults)
    return rendered


def safe(path: str) -> bool:
    """Whether a path stays inside a repository, and out of git's own folder."""
    parts = path.split("/")
    normal = posixpath.normpath(path) == path and ".." not in parts
    return bool(_PATH.fullmatch(path)) and normal and parts[0].lower() != ".git"


@cache
def _environment() -> Environment:
    # Text for code and settings: HTML's escapes would be wrong there, and `quoted` stands for what people wrote.
    environment = Environment(
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, autoescape=False,
        loader=FunctionLoader(lambda text: text),
    )  # fmt: skip
    # Jinja knows a template by its text alone, and other settings compile it to something else.
    settings = (environment.keep_trailing_newline, environment.trim_blocks, environment.autoescape)
    environment.bytecode_cache = _kept_templates(crc32(repr(settings).encode()))
    environment.filters |= {"quoted": _quoted, "python": _python}
    environment.globals = {"gate_text": _gate_text, "image": image, "pin": _pin}
    return environment


def _filled(text: str, answers: Mapping[str, Any]) -> str:
    return _compiled(text).render(answers) if "{" in text else text


@cache
def _compiled(text: str) -> Template:
    environment = _environment()
    template = environment.get_template(text)  # its name is its text, so that it is looked for in what is kept
    template.globals = environment.globals  # each filling copies them, which a chain of mappings makes slow
    return template


class _KeptTemplates(FileSystemBytecodeCache):
    """Compiled templates of earlier runs; a disk that takes no more is no reason to fail."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _kept_templates(settings: int) -> _KeptTemplates | None:
    """Those of some settings, in the user's own folder of Jinja2's, where the system lets one have such a folder."""
    try:
        return _KeptTemplates(pattern=f"planform_{settings}_%s.cache")
    except (OSError, RuntimeError):
        return None


def _quoted(value: Any) -> str:
    """A value as JSON, which YAML, TOML and Python read alike for texts, numbers and lists of them."""
    if type(value) is str:
        return encode_basestring(value)
    if isinstance(value, Undefined):
        str(value)  # it raises, as a strict undefined does wherever it is used
    return json.dumps(value, ensure_ascii=False)


def _python(text: str) -> str:
    """A text as formatters of Python write it: in the quotes of which it holds fewer."""
    if text.count('"') <= text.count("'"):
        return _quoted(text)
    return "'" + _quoted(text)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def _gate_text(gate: Gate) -> str:
    """A gate's program without its last line break, which the template has."""
    return gate_text(gate).rstrip("\n")


def _pin(name: str) -> str:
    """`name==version`; extras are written as in `psycopg[binary]`."""
    return f"{name}=={_packages()[name.partition('[')[0]]['version']}"


@cache
def _packages() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = load(Path(__file__).with_name("packages.yaml").read_text("utf-8"))
    return found


@cache
def _templates(folder: str) -> dict[str, str]:
    here = Path(__file__).parent
    return {**_texts(here / "repository"), **_texts(here / folder)}


def _texts(folder: Path, before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for each in folder.iterdir():
        if each.is_dir():
            found |= _texts(each, f"{before}{each.name}/")
        else:
            found[before + each.name] = each.read_text("utf-8")
    return found


def _computed(kind: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from the answers."""
    return {
        "component_type": COMPONENT_TYPES.get(kind, "library"),
        "package": str(answers.get("name", "")).replace("-", "_"),
        "template_version": VERSION,
    }


def _check(kind: str, answers: Mapping[str, Any]) -> None:
    """Answers stand in code and settings of every language: a line break or a control character has no place there."""
    help = "write it in one line of plain text"
    broken = [name for name, text in _lines(answers) if not text.isprintable()]
    faults = [error("path/bad-answer", f"the answer `{name}` of a {kind} is no single line of text", help=help)
              for name in dict.fromkeys(broken)]  # fmt: skip
    name = str(answers.get("name", ""))
    if "name" in answers and not re.fullmatch(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", name):
        help = "use lower case letters, digits and hyphens; it becomes the name of a Python package"
        faults.append(error("path/bad-answer", f"{shown(name)} is no name of a repository", help=help))
    if faults:
        raise DiagnosticError(faults)


def _lines(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _lines(key, name or str(key))
            yield from _lines(each, name or str(key))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _lines(each, name)
    elif isinstance(value, str):
        yield name, value
