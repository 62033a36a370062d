"""YAML text -> Document: plain values that know the file, line and column they were written at."""

from planform.blueprint.document import Document, Mark, Path
from planform.blueprint.overrides import OVERRIDABLE, PLANE_FIELDS, for_environment
from planform.blueprint.read import read, read_text

__all__ = [
    "OVERRIDABLE",
    "PLANE_FIELDS",
    "Document",
    "Mark",
    "Path",
    "for_environment",
    "read",
    "read_text",
]
