"""All of planform in order: read, resolve, build, emit, check. Start reading here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

from planform.blueprint.read import Document, read
from planform.diagnostics import Diagnostic
from planform.engine import App, synthesize
from planform.environment import BuiltEnvironment, build_environment
from planform.output.output import Output
from planform.planes.catalog import Catalog, builtin
from planform.spec.platform import EnvironmentSpec
from planform.spec.resolve import resolve

__all__ = ["Compilation", "compile_documents", "compile_files"]


@dataclass(frozen=True, slots=True)
class Compilation:
    """Everything that one run made, each stage's result beside the next."""

    documents: tuple[Document, ...]
    specs: tuple[EnvironmentSpec, ...]
    environments: tuple[BuiltEnvironment, ...]
    output: Output
    findings: tuple[Diagnostic, ...]


def compile_files(*paths: str | PathLike[str], environments: Sequence[str] = ()) -> Compilation:
    """Blueprint files or folders to output in memory; `environments` names some, none means all.

    Raises DiagnosticError with everything that is wrong.
    """
    return compile_documents(read(*paths), environments=environments)


def compile_documents(
    documents: Sequence[Document], *, environments: Sequence[str] = (), catalog: Catalog | None = None
) -> Compilation:
    """The same from documents that were read already."""
    from planform.checks.run import run_checks

    catalog = catalog or builtin()
    specs = resolve(documents, catalog, environments)
    app = App()
    built = tuple(build_environment(app, spec, catalog) for spec in specs)
    output = Output(synthesize(app))
    findings = run_checks(output, built)
    return Compilation(tuple(documents), specs, built, output, findings)
