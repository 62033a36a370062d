"""The Gateway that routes hang on, as a blueprint names it."""

from __future__ import annotations

from pydantic import Field

from planform.spec.settings import Settings

__all__ = ["GatewaySettings"]


class GatewaySettings(Settings):
    """The Gateway that routes hang on, which the organisation runs."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", description="Its name.", examples=["internal"])
    namespace: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", description="Its namespace.", examples=["gateway-system"]
    )
    listener: str = Field(
        default="https", pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", description="Its listener. Default: https."
    )

    @property
    def parent(self) -> dict[str, str]:
        """As an HTTPRoute names its parent."""
        return {"name": self.name, "namespace": self.namespace, "sectionName": self.listener}
