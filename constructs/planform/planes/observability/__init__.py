"""The observability plane: what the platform does, what it costs, and whether it is right."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

COMPONENTS: tuple[Listed, ...] = ()
