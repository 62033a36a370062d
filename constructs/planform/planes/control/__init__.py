"""The developer control plane: where people work (IDEs, notebooks, portal)."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

COMPONENTS: tuple[Listed, ...] = ()
