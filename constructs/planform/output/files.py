"""Files that components made to the output, those of the platform's repository once for all environments."""

from __future__ import annotations

from typing import Any

from planform.diagnostics import DiagnosticError, error
from planform.files import File
from planform.kubernetes.record import holders

__all__ = ["files", "makers", "texts"]


def texts(app: Any) -> dict[str, str]:
    """Path to text of every file. Errors: output/file-differs."""
    return {path: file.text for path, file in files(app).items()}


def makers(app: Any) -> dict[str, frozenset[str]]:
    """Path to the environments that make the file: several for one of the platform's repository."""
    made: dict[str, frozenset[str]] = {}
    for _, objects in holders(app):
        for file in (each for each in objects.delivered if isinstance(each, File)):
            made[file.path] = made.get(file.path, frozenset()) | {file.manifests.environment}
    return made


def files(app: Any) -> dict[str, File]:
    """The files by path. Errors: output/file-differs, where environments make one file in two ways."""
    made: dict[str, File] = {}
    faults = []
    for _, objects in holders(app):
        for file in (each for each in objects.delivered if isinstance(each, File)):
            other = made.setdefault(file.path, file)
            if other.text != file.text:
                faults.append(
                    error(
                        "output/file-differs",
                        f"environments `{other.manifests.environment}` and `{file.manifests.environment}` make"
                        f" {file.path} in two ways",
                        file.origin or file.at,
                        notes=(f"the first is made at {other.source}, the second at {file.source}",),
                        help="let them agree on the setting that it is made from, outside of `environments`",
                    )
                )
    if faults:
        raise DiagnosticError(faults)
    return dict(sorted(made.items()))
