"""Claude Code on Vertex AI, under settings that a user cannot change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform.contracts.assistant import Assistant
from planform.contracts.identity import Identities
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.services import Services
from planform.contracts.tracing import Tracing
from planform.files import File
from planform.planes.component import Component
from planform.planes.control.claude_settings import ALLOW, ASK, DENY, ManagedSettings, Marketplace
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import KebabName
from planform.terraform.google import ProjectIamCustomRole, ProjectIamMember

__all__ = ["ClaudeCode", "ClaudeCodeSettings", "ModelPins"]

AS_OF = "2026-11-25"
"""The day on which the versions and models below were read."""
VERSION = "2.1.240"
MODELS = {"opus": "claude-opus-4-8", "sonnet": "claude-sonnet-5", "haiku": "claude-haiku-4-5@20251001"}
FEATURES: Mapping[str, Mapping[str, Any]] = {
    "ghcr.io/devcontainers/features/node:1": {"version": "22"},
    "ghcr.io/anthropics/devcontainer-features/claude-code:1.0.5": {},
}
PERMISSIONS = ("aiplatform.endpoints.computeTokens", "aiplatform.endpoints.predict")
"""All that a caller of the models needs; roles/aiplatform.user has some 300 more."""
SETTINGS_FILE = "/etc/claude-code/managed-settings.json"

ModelId = Annotated[str, StringConstraints(pattern=r"^claude-[a-z0-9-]+(@[0-9]{8})?$")]
Rule = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Z][A-Za-z]+(\([^()\n]+\))?|mcp__[A-Za-z0-9_-]+)$"),
    Field(examples=["Bash(make test:*)"]),
]
Domain = Annotated[
    str, StringConstraints(pattern=r"^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$")
]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$")]


class ModelPins(Settings):
    """Which model stands behind each name, by Vertex AI's own ids; each must be enabled in Model Garden by hand."""

    opus: ModelId = Field(default=MODELS["opus"], description=f"Default: {MODELS['opus']}, read {AS_OF}.")
    sonnet: ModelId = Field(default=MODELS["sonnet"], description=f"Default: {MODELS['sonnet']}, read {AS_OF}.")
    haiku: ModelId = Field(default=MODELS["haiku"], description=f"Default: {MODELS['haiku']}, read {AS_OF}.")


class ClaudeCodeSettings(Settings):
    """Settings of `claude-code`."""

    location: Annotated[str, StringConstraints(pattern=r"^(global|eu|us|[a-z]+-[a-z]+[0-9]+)$")] = Field(
        default="global",
        description="Where Vertex AI answers: `global`, `eu`, `us` or a region. The pinned models must be there; only a"
        " region or `eu` and `us` keep requests in place. Default: global.",
    )
    models: ModelPins = Field(default=ModelPins(), description="Models by the name that people choose.")
    default_model: Literal["opus", "sonnet", "haiku"] = Field(
        default="sonnet", description="The model that a session starts with. Default: sonnet."
    )
    available_models: tuple[Literal["opus", "sonnet", "haiku"], ...] = Field(
        default=("opus", "sonnet", "haiku"), min_length=1, description="What people may choose. Default: all three."
    )
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")] = Field(
        default=VERSION,
        description=f"The version that is installed, and the oldest that starts. Default: {VERSION}, read {AS_OF}.",
    )
    allow: tuple[Rule, ...] = Field(
        default=ALLOW, description="Tool rules that need no question. Default: reading Git, tests, terraform fmt."
    )
    ask: tuple[Rule, ...] = Field(
        default=ASK, description="Tool rules that always ask. Default: pushes, plans, reading the cluster."
    )
    deny: tuple[Rule, ...] = Field(
        default=DENY,
        description="Tool rules that are refused, besides reading credentials and state, which always is. Default:"
        " applying and destroying, changing the cluster, gcloud, downloads.",
    )
    mcp_servers: dict[KebabName, Address] = Field(
        default_factory=dict,
        description="MCP servers by name, all that there are: people can add none. Default: none.",
        examples=[{"backstage": "https://portal.acme.example/api/mcp"}],
    )
    marketplaces: dict[KebabName, Marketplace] = Field(
        default_factory=dict, description="Plugin marketplaces by name, all that may be used. Default: none."
    )
    plugins: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+@[a-z0-9-]+$")], ...] = Field(
        default=(),
        description="Plugins that everybody has, PLUGIN@MARKETPLACE. Default: none.",
        examples=[["review@acme-tools"]],
    )
    sandbox: Literal["full", "in_container", "off"] = Field(
        default="in_container",
        description="How shell commands are confined: `full` by namespaces of the kernel, for machines; `in_container`"
        " without what an unprivileged container forbids; `off` not at all. Default: in_container.",
    )
    domains: tuple[Domain, ...] = Field(
        default=("*.googleapis.com", "github.com"),
        description="Hosts that shell commands in the sandbox may reach; the platform's package registry of the region"
        " is one anyway. Default: Google's APIs and github.com.",
    )
    telemetry_endpoint: Address | None = Field(
        default=None,
        description="Where machines outside the cluster send telemetry by OTLP over HTTP. Default: the platform's"
        " collector, by its name in the cluster; without one, nothing is sent.",
        examples=["https://otel.acme.example"],
    )
    keep_days: int = Field(default=14, ge=1, le=365, description="Days for which sessions are kept. Default: 14.")


class ClaudeCode(Component):
    """Claude Code, which calls Claude on Vertex AI as whoever runs it; there is no key.

    The managed settings win over those of people and projects: which models, tools, MCP servers and plugins; no
    bypass of permissions; telemetry without prompts, answers or the contents of tools, whatever a user sets.
    `Dockerfile` installs it and the files in an image; a dev container has it by its feature.
    What a person does once: enable the pinned models in Vertex AI's Model Garden (it may take two days) and ask for
    quota. Off the platform's machines people sign in by `gcloud auth application-default login`; in notebooks and on
    workstations their machine's identity calls the models.

    Provides: Assistant; whoever is admitted may call models of Vertex AI, and nothing else there.
    Requires: Services; Identities, if they are there, are applied before; Tracing and Monitoring, optional: usage goes
    to the collector, and is on a dashboard.
    Emits: google_project_iam_custom_role, google_project_iam_member; the files managed-settings.json,
    managed-mcp.json and Dockerfile.
    Errors: spec/unused-setting.
    Source: code.claude.com, settings, Vertex AI and monitoring pages, and the settings' JSON schema, read 2026-11;
    Claude Code 2.1.240; dev container feature 1.0.5.
    """

    name = "claude-code"
    capability = "assistant"
    provides = Assistant
    apis = ("aiplatform.googleapis.com",)
    Settings = ClaudeCodeSettings
    settings: ClaudeCodeSettings
    services: Services
    identity: Identities | None
    tracing: Tracing | None
    monitoring: Monitoring | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from _rule_faults(settings)
        yield from _plugin_faults(settings)
        if settings.default_model not in settings.available_models:
            yield Fault(
                "spec/unused-setting",
                f"a session starts with `{settings.default_model}`, which nobody may choose",
                ("default_model",) if "default_model" in settings.model_fields_set else ("available_models",),
                help=f"add `{settings.default_model}` to `available_models`, or choose another `default_model`",
            )

    def build(self) -> None:
        self._role = ProjectIamCustomRole(
            self,
            "assistant",
            project=self.environment.project,
            role_id=f"{self.environment.prefix.replace('-', '_')}_assistant",
            title=f"{self.environment.prefix} assistant",
            description="Call models of Vertex AI, and nothing else.",
            permissions=list(PERMISSIONS),
        )
        self._admitted: set[str] = set()
        self._texts = self._managed().files()
        for path, text in self._texts.items():
            File(self, path.rpartition("/")[2], text)
        File(self, "Dockerfile", self._dockerfile())
        if self.monitoring is not None and self.tracing is not None:
            self._dashboard(self.monitoring)

    def files(self) -> Mapping[str, str]:
        """The managed settings, and the MCP servers."""
        return dict(self._texts)

    def variables(self) -> Mapping[str, str]:
        """Vertex AI, the pinned models, and where telemetry goes."""
        return self._managed().environment()

    def extensions(self) -> tuple[str, ...]:
        """Claude Code's."""
        return ("anthropic.claude-code",)

    def features(self) -> Mapping[str, Mapping[str, Any]]:
        """Node, which it runs on, and Claude Code."""
        return {name: dict(options) for name, options in FEATURES.items()}

    def admit(self, *members: str) -> None:
        """Let members call the models."""
        for member in members:
            if member not in self._admitted:
                self._admitted.add(member)
                ProjectIamMember(
                    self,
                    record_id("assistant", principal_id(member, self.environment)),
                    project=self.environment.project,
                    role=self._role.name,
                    member=member,
                )

    def _managed(self) -> ManagedSettings:
        endpoint = self.settings.telemetry_endpoint
        if endpoint is None and self.tracing is not None:
            endpoint = self.tracing.collector().http
        settings, facts = self.settings, self.environment
        models = settings.models
        return ManagedSettings(
            project=facts.project,
            location=settings.location,
            models={"opus": models.opus, "sonnet": models.sonnet, "haiku": models.haiku},
            default_model=settings.default_model,
            available_models=settings.available_models,
            version=settings.version,
            allow=settings.allow,
            ask=settings.ask,
            deny=settings.deny,
            servers=settings.mcp_servers,
            marketplaces=settings.marketplaces,
            plugins=settings.plugins,
            sandbox=settings.sandbox,
            domains=(*settings.domains, f"{facts.region}-python.pkg.dev"),
            endpoint=endpoint,
            attributes={"deployment.environment.name": facts.name, "platform": facts.platform},
            keep_days=settings.keep_days,
        )

    def _dockerfile(self) -> str:
        copies = "\n".join(
            f"COPY --chown=0:0 --chmod=0644 {path.rpartition('/')[2]} {path}" for path in sorted(self._texts)
        )
        return _DOCKERFILE.format(version=self.settings.version, copies=copies)

    def _dashboard(self, monitoring: Monitoring) -> None:
        panels = (
            Panel("Tokens by model", "sum by (model) (rate(claude_code_token_usage_tokens_total[1h]))"),
            Panel(
                "Cost by model, US dollars an hour",
                "sum by (model) (rate(claude_code_cost_usage_USD_total[1h])) * 3600",
            ),
            Panel("Sessions started an hour", "sum(rate(claude_code_session_count_total[1h])) * 3600"),
        )
        monitoring.dashboard("assistant", title="Coding assistant", panels=panels, team=self.place.team)


def _rule_faults(settings: ClaudeCodeSettings) -> Iterator[Fault]:
    """A rule that a stricter list has too says nothing: refusal goes before question, question before leave."""
    for weaker, stricter in (("allow", "deny"), ("allow", "ask"), ("ask", "deny")):
        for rule in sorted(set(getattr(settings, weaker)) & set(getattr(settings, stricter))):
            written = weaker if weaker in settings.model_fields_set else stricter
            yield Fault(
                "spec/unused-setting",
                f"`{rule}` stands in `{weaker}` and in `{stricter}`, which wins",
                (written, getattr(settings, written).index(rule)),
                help=f"delete it from `{weaker}` or from `{stricter}`",
            )


def _plugin_faults(settings: ClaudeCodeSettings) -> Iterator[Fault]:
    for index, plugin in enumerate(settings.plugins):
        marketplace = plugin.partition("@")[2]
        if marketplace not in settings.marketplaces:
            yield Fault(
                "spec/unused-setting",
                f"plugin `{plugin}` is of a marketplace that `marketplaces` does not have",
                ("plugins", index),
                help=f"add `{marketplace}: {{repository: OWNER/NAME}}` to `marketplaces`",
            )


_DOCKERFILE = """\
# Adds Claude Code and the platform's settings to an image of a workstation, a notebook or a dev container.
# Build it in this folder: docker build --build-arg BASE=<image with Node 18 or newer> .
ARG BASE
FROM ${{BASE}}
USER root
RUN apt-get update \\
    && apt-get install -y --no-install-recommends bubblewrap socat ripgrep \\
    && rm -rf /var/lib/apt/lists/* \\
    && npm install --global @anthropic-ai/claude-code@{version} \\
    && npm cache clean --force
{copies}
# The image's own user; 1000 in those of Jupyter and of dev containers.
ARG UID=1000
USER ${{UID}}
"""
