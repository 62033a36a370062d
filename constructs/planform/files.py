"""Files that are neither Terraform nor Kubernetes: workflows, catalog entries, settings of tools, images' recipes.

Like a manifest, a file is a light record made in a construct, checked at once and kept by the nearest stack. Text is
data: nothing in it is ever evaluated.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

from planform.diagnostics import Diagnostic, DiagnosticError, Location
from planform.kubernetes.record import Delivered, objects_of
from planform.kubernetes.writer import to_yaml
from planform.literals import looks_secret

__all__ = ["File", "RepositoryFile", "RepositoryStream"]

_PATH = re.compile(r"(?!\.git/)[A-Za-z0-9._@+-]+(/[A-Za-z0-9._@+-]+)*")


class File(Delivered):
    """One text file, `files/<environment>/<plane>/<component>/<path>` in the output.

    Its content is text, or a mapping that is written as YAML.
    Errors: output/bad-path, output/secret-in-file, kubernetes/duplicate-object.
    """

    __slots__ = ("_data", "_text")

    def __init__(
        self, scope: Any, path: str, content: str | Mapping[str, Any], *, origin: Location | None = None
    ) -> None:
        super().__init__(scope, path, None, origin)
        self.write(content)
        faults = []
        if not _PATH.fullmatch(path) or posixpath.normpath(path) != path or path.startswith(".."):
            help = "use letters, digits, dots, hyphens and underscores, and slashes between them"
            faults.append(self._fault("output/bad-path", f"`{path}` is no path inside a folder", help))
        faults += self._secret_faults(self.text)
        if faults:
            raise DiagnosticError(faults)
        self.key = ("file", self.path)
        objects_of(scope).add(self)

    def write(self, content: str | Mapping[str, Any]) -> None:
        """Other content in place of what there is."""
        self._text, self._data = _written(content)

    @property
    def text(self) -> str:
        return self._text

    @property
    def data(self) -> Any:
        """What the text is the YAML of; None where it was given as text."""
        return self._data

    @property
    def path(self) -> str:
        """Where the file is in the output."""
        manifests = self.manifests
        return f"files/{manifests.environment}/{manifests.plane}/{manifests.component}/{self.name}"

    @property
    def title(self) -> str:
        return f"file {self.name}"

    def _secret_faults(self, text: str) -> Iterator[Diagnostic]:
        kind = looks_secret(text)
        if kind:
            help = "keep the value in the platform's secret store, name it here, and revoke this one"
            yield self._fault("output/secret-in-file", f"it holds what looks like {kind}", help)


class RepositoryFile(File):
    """One text file of the platform's own repository, `repository/<path>` in the output.

    A repository has one file of a name: environments that make the same one must make it alike, so its text names no
    environment, or its path does.
    """

    __slots__ = ()

    @property
    def path(self) -> str:
        return f"repository/{self.name}"


class RepositoryStream(RepositoryFile):
    """YAML documents in one file, to which several things contribute: in the order of their texts, whoever came first.

    Each begins with `---` in a line.
    """

    __slots__ = ("_documents",)

    def write(self, content: str | Mapping[str, Any]) -> None:
        """One document in place of those there are."""
        self._documents = [_written(content)]

    def append(self, document: Mapping[str, Any]) -> None:
        """One more document. Errors: output/secret-in-file."""
        written = _written(document)
        faults = [*self._secret_faults(written[0])]
        if faults:
            raise DiagnosticError(faults)
        self._documents.append(written)

    @property
    def text(self) -> str:
        """All of them."""
        return "".join(f"---\n{text}" for text, _ in self._in_order())

    @property
    def data(self) -> Any:
        """All of them, or the only one."""
        found = [data for _, data in self._in_order()]
        return found if len(found) > 1 else found[0]

    def _in_order(self) -> list[tuple[str, Any]]:
        return sorted(self._documents, key=itemgetter(0))


def _written(content: str | Mapping[str, Any]) -> tuple[str, Any]:
    """A file's text, and what it is the YAML of."""
    return (str(content), None) if isinstance(content, str) else (to_yaml(content), content)
