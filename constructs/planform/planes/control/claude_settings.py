"""Claude Code's managed settings: from decisions to the two files that a user cannot change.

Source: code.claude.com, pages on settings, permissions, sandboxing, managed MCP, plugin marketplaces, Vertex AI and
monitoring; names of keys by the settings' JSON schema of 2026-08, read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from msgspec import Struct
from pydantic import Field, StringConstraints

from planform.spec.settings import Settings

__all__ = ["ALLOW", "ALWAYS_DENIED", "ASK", "DENY", "ManagedSettings", "Marketplace"]

ALLOW = (
    "Bash(git diff:*)",
    "Bash(git log:*)",
    "Bash(git status)",
    "Bash(make test:*)",
    "Bash(pytest:*)",
    "Bash(terraform fmt:*)",
    "Bash(terraform validate)",
)
ASK = ("Bash(git push:*)", "Bash(terraform plan:*)", "Bash(kubectl get:*)")
DENY = (
    "Bash(terraform apply:*)",
    "Bash(terraform destroy:*)",
    "Bash(kubectl apply:*)",
    "Bash(kubectl delete:*)",
    "Bash(gcloud:*)",
    "Bash(curl:*)",
    "Bash(wget:*)",
    "WebFetch",
)
ALWAYS_DENIED = (
    "Read(./.env)",
    "Read(./.env.*)",
    "Read(./secrets/**)",
    "Read(**/*.tfstate)",
    "Read(**/*.tfstate.backup)",
    "Read(~/.config/gcloud/**)",
    "Read(~/.kube/**)",
    "Read(~/.ssh/**)",
    "Read(//var/run/secrets/**)",
)
"""Credentials and Terraform's state, which no blueprint can open."""
NEVER_LOGGED = (
    "OTEL_LOG_ASSISTANT_RESPONSES",
    "OTEL_LOG_RAW_API_BODIES",
    "OTEL_LOG_TOOL_CONTENT",
    "OTEL_LOG_TOOL_DETAILS",
    "OTEL_LOG_USER_PROMPTS",
)
"""What people write and what is answered, in all forms in which telemetry could carry it."""


class Marketplace(Settings):
    """A plugin marketplace: a repository on GitHub."""

    repository: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$")] = Field(
        description="Its repository, OWNER/NAME.", examples=["acme/claude-plugins"]
    )
    ref: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]{1,100}$")] | None = Field(
        default=None, description="Branch, tag or commit. Default: the repository's default branch."
    )

    @property
    def source(self) -> dict[str, str]:
        """As the settings name it, alike where it is offered and where it is let in."""
        return {"source": "github", "repo": self.repository, **({"ref": self.ref} if self.ref else {})}


class ManagedSettings(Struct, frozen=True):
    """All that the files say. `models` are ids by the names opus, sonnet, haiku; `endpoint` takes OTLP by HTTP."""

    project: str
    location: str
    models: Mapping[str, str]
    default_model: str
    available_models: Sequence[str]
    version: str
    allow: Sequence[str]
    ask: Sequence[str]
    deny: Sequence[str]
    servers: Mapping[str, str]
    marketplaces: Mapping[str, Marketplace]
    plugins: Sequence[str]
    sandbox: str
    domains: Sequence[str]
    endpoint: str | None
    attributes: Mapping[str, str]
    keep_days: int

    def files(self) -> dict[str, str]:
        """By their paths on a Linux machine."""
        servers = {name: {"type": "http", "url": url} for name, url in sorted(self.servers.items())}
        return {
            "/etc/claude-code/managed-mcp.json": _json({"mcpServers": servers}),
            "/etc/claude-code/managed-settings.json": _json(self._settings()),
        }

    def environment(self) -> dict[str, str]:
        """Variables, which the file sets too, over those of a user's shell."""
        variables = {
            "ANTHROPIC_VERTEX_PROJECT_ID": self.project,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_USE_VERTEX": "1",
            "CLOUD_ML_REGION": self.location,
            **{f"ANTHROPIC_DEFAULT_{name.upper()}_MODEL": model for name, model in self.models.items()},
            **dict.fromkeys(NEVER_LOGGED, "0"),
            "CLAUDE_CODE_ENABLE_TELEMETRY": "1" if self.endpoint else "0",
        }
        if self.endpoint:
            variables |= {
                "OTEL_EXPORTER_OTLP_ENDPOINT": self.endpoint,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_LOGS_EXPORTER": "otlp",
                "OTEL_METRICS_EXPORTER": "otlp",
                "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{key}={value}" for key, value in self.attributes.items()),
            }
        return dict(sorted(variables.items()))

    def _settings(self) -> dict[str, Any]:
        sources = {name: each.source for name, each in sorted(self.marketplaces.items())}
        return {
            "$schema": "https://json.schemastore.org/claude-code-settings.json",
            "env": self.environment(),
            "model": self.default_model,
            "availableModels": list(self.available_models),
            "enforceAvailableModels": True,
            "requiredMinimumVersion": self.version,
            "permissions": {
                "defaultMode": "default",
                "disableAutoMode": "disable",
                "disableBypassPermissionsMode": "disable",
                "allow": list(self.allow),
                "ask": list(self.ask),
                "deny": list(dict.fromkeys((*self.deny, *ALWAYS_DENIED))),
            },
            "allowManagedPermissionRulesOnly": True,
            "allowManagedHooksOnly": True,
            "allowManagedMcpServersOnly": True,
            "allowedMcpServers": [{"serverUrl": url} for url in sorted(set(self.servers.values()))],
            "disableSideloadFlags": True,
            "strictKnownMarketplaces": list(sources.values()),
            "extraKnownMarketplaces": {name: {"source": source} for name, source in sources.items()},
            "enabledPlugins": dict.fromkeys(sorted(self.plugins), True),
            "sandbox": self._sandbox(),
            "cleanupPeriodDays": self.keep_days,
        }

    def _sandbox(self) -> dict[str, Any]:
        if self.sandbox == "off":
            return {"enabled": False}
        return {
            "enabled": True,
            "failIfUnavailable": True,
            "autoAllowBashIfSandboxed": False,
            "allowUnsandboxedCommands": False,
            "enableWeakerNestedSandbox": self.sandbox == "in_container",
            "network": {"allowManagedDomainsOnly": True, "allowedDomains": sorted(set(self.domains))},
        }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
