"""The data and model management plane: metadata, features and models."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

COMPONENTS: tuple[Listed, ...] = ()
