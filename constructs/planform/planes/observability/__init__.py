"""The observability plane: what the platform does, what it costs, and whether it is right."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

_HERE = "planform.planes.observability"
COMPONENTS: tuple[Listed, ...] = (
    Listed("model_observability", "arize", f"{_HERE}.arize:Arize"),
    Listed("model_observability", "phoenix", f"{_HERE}.phoenix:Phoenix"),
    Listed("model_observability", "existing", f"{_HERE}.existing_model_observability:ExistingModelObservability"),
)
