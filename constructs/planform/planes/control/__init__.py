"""The developer control plane: where people work (IDEs, notebooks, portal)."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

_HERE = "planform.planes.control"
COMPONENTS: tuple[Listed, ...] = (
    Listed("portal", "backstage", f"{_HERE}.backstage:Backstage"),
    Listed("portal", "portal-files", f"{_HERE}.portal_files:PortalFiles"),
    Listed("portal", "existing", f"{_HERE}.existing_portal:ExistingPortal"),
    Listed("ide", "vscode", f"{_HERE}.vscode:Vscode"),
    Listed("ide", "vscode-devcontainer", f"{_HERE}.vscode_devcontainer:VscodeDevcontainer"),
    Listed("ide", "existing", f"{_HERE}.existing_ide:ExistingIde"),
)
