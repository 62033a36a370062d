"""The developer control plane: where people work (IDEs, notebooks, portal)."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

_HERE = "planform.planes.control"
COMPONENTS: tuple[Listed, ...] = (
    Listed("notebooks", "jupyterhub", f"{_HERE}.jupyterhub:JupyterHub"),
    Listed("notebooks", "vertex-workbench", f"{_HERE}.vertex_workbench:VertexWorkbench"),
    Listed("notebooks", "existing", f"{_HERE}.existing_notebooks:ExistingNotebooks"),
    Listed("assistant", "claude-code", f"{_HERE}.claude_code:ClaudeCode"),
    Listed("assistant", "gemini-code-assist", f"{_HERE}.gemini_code_assist:GeminiCodeAssist"),
    Listed("assistant", "existing", f"{_HERE}.existing_assistant:ExistingAssistant"),
    Listed("portal", "backstage", f"{_HERE}.backstage:Backstage"),
    Listed("portal", "portal-files", f"{_HERE}.portal_files:PortalFiles"),
    Listed("portal", "existing", f"{_HERE}.existing_portal:ExistingPortal"),
    Listed("ide", "vscode", f"{_HERE}.vscode:Vscode"),
    Listed("ide", "vscode-devcontainer", f"{_HERE}.vscode_devcontainer:VscodeDevcontainer"),
    Listed("ide", "existing", f"{_HERE}.existing_ide:ExistingIde"),
)
