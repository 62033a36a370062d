"""Gemini Code Assist, in the editor and as Gemini CLI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform.contracts.assistant import Assistant
from planform.contracts.identity import Identities
from planform.contracts.keys import Keys
from planform.contracts.services import Services
from planform.contracts.tracing import Tracing
from planform.files import File
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.spec.settings import Settings
from planform.spec.units import KebabName
from planform.terraform.google import (
    GeminiCodeRepositoryIndex,
    GeminiDataSharingWithGoogleSetting,
    GeminiDataSharingWithGoogleSettingBinding,
    GeminiLoggingSetting,
    GeminiLoggingSettingBinding,
    GeminiReleaseChannelSetting,
    GeminiReleaseChannelSettingBinding,
    GeminiRepositoryGroup,
    GeminiRepositoryGroupIamMember,
    ProjectIamMember,
)
from planform.terraform.record import Lifecycle

__all__ = ["GeminiCodeAssist", "GeminiCodeAssistSettings"]

AS_OF = "2026-11-25"
VERSION = "0.56.0"
ROLES = ("roles/cloudaicompanion.user", "roles/serviceusage.serviceUsageConsumer")
"""What one call needs: the assistant, and the project that pays for it."""
SETTINGS_FILE = "/etc/gemini-cli/settings.json"
PRODUCT = "GEMINI_CODE_ASSIST"

Address = Annotated[str, StringConstraints(pattern=r"^https?://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$")]
Repository = Annotated[
    str,
    StringConstraints(
        pattern=r"^projects/[a-z0-9-]+/locations/[a-z0-9-]+/connections/[a-z0-9-]+/gitRepositoryLinks/[a-z0-9-]+$"
    ),
]


class CodeCustomization(Settings):
    """Suggestions from the organisation's own code: an index, and who sees what of it."""

    location: Literal["us-central1", "europe-west1", "asia-southeast1"] = Field(
        description="Region of the index; Google has it in these alone, and a project has one index."
    )
    repositories: dict[Repository, Annotated[str, StringConstraints(min_length=1, max_length=200)]] = Field(
        min_length=1,
        description="Repositories, by the resource name of their Developer Connect link, to the branches that are"
        " read, a regular expression.",
        examples=[{"projects/acme-ai-dev/locations/europe-west1/connections/github/gitRepositoryLinks/fraud": "main"}],
    )


class GeminiCodeAssistSettings(Settings):
    """Settings of `gemini-code-assist`."""

    release_channel: Literal["stable", "experimental"] = Field(
        default="stable", description="Which features people get. Default: stable."
    )
    metadata_logged: bool = Field(
        default=True,
        description="Whether Cloud Logging gets who used what and which lines were taken; prompts and answers it never"
        " gets. Default: on.",
    )
    code_customization: CodeCustomization | None = Field(
        default=None, description="Suggestions from one's own code, with an Enterprise licence. Default: none."
    )
    cli_version: Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")] = Field(
        default=VERSION, description=f"The version of Gemini CLI. Default: {VERSION}, read {AS_OF}."
    )
    mcp_servers: dict[KebabName, Address] = Field(
        default_factory=dict,
        description="MCP servers of Gemini CLI by name; others are not let in. Default: none.",
    )
    telemetry_endpoint: Address | None = Field(
        default=None,
        description="Where machines outside the cluster send telemetry by OTLP over HTTP. Default: the platform's"
        " collector; without one, nothing is sent.",
    )


class GeminiCodeAssist(Component):
    """Gemini Code Assist Standard or Enterprise: the editor's extension and Gemini CLI, bound to this project.

    The project's settings: no data for Google to learn from, no prompts and answers in logs, one release channel.
    Gemini CLI's system settings win over people's own: sign-in with the company's account, no mode without questions,
    no servers and extensions but those named, telemetry without prompts. `vscode-settings.json` is for the editor.
    What a person does once: buy licences and assign them in the console; with `code_customization`, connect the
    repositories by Developer Connect. People sign in with their own account; a service account has no licence.

    Provides: Assistant; whoever is admitted may use it, and sees the index, if there is one.
    Requires: Services; Identities, if they are there, are applied before; Keys, optional: the index is encrypted with a
    customer key; Tracing, optional.
    Emits: google_gemini_logging_setting, google_gemini_release_channel_setting,
    google_gemini_data_sharing_with_google_setting, each with its binding; google_gemini_code_repository_index,
    google_gemini_repository_group and its members; google_project_iam_member; files.
    Errors: none of its own.
    Source: Gemini Code Assist, pages on set-up, logging and code customization; provider pages 7.45.0; Gemini CLI's
    page for enterprises and its settings' JSON schema, read 2026-11.
    """

    name = "gemini-code-assist"
    capability = "assistant"
    provides = Assistant
    apis = ("cloudaicompanion.googleapis.com",)
    Settings = GeminiCodeAssistSettings
    settings: GeminiCodeAssistSettings
    services: Services
    identity: Identities | None
    keys: Keys | None
    tracing: Tracing | None

    def build(self) -> None:
        self._admitted: set[str] = set()
        self._settings()
        self._group = self._index()
        for path, text in self.files().items():
            File(self, f"gemini-cli-{path.rpartition('/')[2]}", text)
        File(self, "vscode-settings.json", _json(self._editor()))
        File(self, "Dockerfile", _DOCKERFILE.format(version=self.settings.cli_version))

    def files(self) -> Mapping[str, str]:
        """Gemini CLI's system settings."""
        return {SETTINGS_FILE: _json(self._cli())}

    def variables(self) -> Mapping[str, str]:
        """The project that has the licences; the switch of telemetry that would win over the file."""
        return {"GEMINI_TELEMETRY_LOG_PROMPTS": "false", "GOOGLE_CLOUD_PROJECT": self.environment.project}

    def extensions(self) -> tuple[str, ...]:
        """Gemini Code Assist's."""
        return ("google.geminicodeassist",)

    def features(self) -> Mapping[str, Mapping[str, Any]]:
        """Node, which Gemini CLI runs on; the editor brings the rest."""
        return {"ghcr.io/devcontainers/features/node:1": {"version": "22"}}

    def admit(self, *members: str) -> None:
        """Let members use it."""
        for member in members:
            if member in self._admitted:
                continue
            self._admitted.add(member)
            short = principal_id(member, self.environment)
            for role in ROLES:
                ProjectIamMember(
                    self,
                    record_id("assistant", short, role.rpartition(".")[2]),
                    project=self.environment.project,
                    role=role,
                    member=member,
                )
            if self._group is not None:
                self._show_index(self._group, member, short)

    def _settings(self) -> None:
        common: dict[str, Any] = {
            "project": self.environment.project,
            "location": "global",
            "labels": self.labels,
        }
        bound = {
            **common,
            "setting_binding_id": self.environment.prefix,
            "target": f"projects/{self.environment.project_number}",
        }
        name = f"{self.environment.prefix}-assistant"
        logging = GeminiLoggingSetting(
            self,
            "assistant",
            **common,
            logging_setting_id=name,
            log_prompts_and_responses=False,
            log_metadata=self.settings.metadata_logged,
        )
        GeminiLoggingSettingBinding(
            self, "assistant", **bound, logging_setting_id=logging.logging_setting_id, product=PRODUCT
        )
        channel = GeminiReleaseChannelSetting(
            self,
            "assistant",
            **common,
            release_channel_setting_id=name,
            release_channel=self.settings.release_channel.upper(),
        )
        GeminiReleaseChannelSettingBinding(
            self, "assistant", **bound, release_channel_setting_id=channel.release_channel_setting_id, product=PRODUCT
        )
        sharing = GeminiDataSharingWithGoogleSetting(
            self,
            "assistant",
            **common,
            data_sharing_with_google_setting_id=name,
            enable_data_sharing=False,
            enable_preview_data_sharing=False,
        )
        GeminiDataSharingWithGoogleSettingBinding(
            self,
            "assistant",
            **bound,
            data_sharing_with_google_setting_id=sharing.data_sharing_with_google_setting_id,
            product=PRODUCT,
        )

    def _index(self) -> GeminiRepositoryGroup | None:
        wanted = self.settings.code_customization
        if wanted is None:
            return None
        common: dict[str, Any] = {
            "project": self.environment.project,
            "location": wanted.location,
            "labels": self.labels,
            "origin": self.at("code_customization"),
        }
        index = GeminiCodeRepositoryIndex(
            self,
            "assistant",
            **common,
            code_repository_index_id=f"{self.environment.prefix}-code",
            kms_key=self._key(wanted.location),
            lifecycle=Lifecycle(prevent_destroy=True) if self.environment.production else None,
        )
        return GeminiRepositoryGroup(
            self,
            "assistant",
            **common,
            code_repository_index=index.code_repository_index_id,
            repository_group_id=f"{self.environment.prefix}-code",
            repositories=[
                {"resource": link, "branch_pattern": branches} for link, branches in sorted(wanted.repositories.items())
            ],
        )

    def _key(self, location: str) -> str | None:
        if self.keys is None:
            return None
        agent = self.environment.service_agent("gcp-sa-cloudaicompanion")
        return self.keys.key("assistant", users=[agent], location=location).id

    def _show_index(self, group: GeminiRepositoryGroup, member: str, short: str) -> None:
        GeminiRepositoryGroupIamMember(
            self,
            record_id("assistant", short),
            project=self.environment.project,
            location=group.location,
            code_repository_index=group.code_repository_index,
            repository_group_id=group.repository_group_id,
            role="roles/cloudaicompanion.repositoryGroupsUser",
            member=member,
        )

    def _cli(self) -> dict[str, Any]:
        servers = self.settings.mcp_servers
        endpoint = self.settings.telemetry_endpoint
        if endpoint is None and self.tracing is not None:
            endpoint = self.tracing.collector().http
        sent = {"enabled": True, "target": "local", "otlpEndpoint": endpoint, "otlpProtocol": "http"}
        return {
            "general": {"defaultApprovalMode": "default", "enableAutoUpdate": False},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {**(sent if endpoint else {"enabled": False}), "logPrompts": False},
            "security": {
                "auth": {"enforcedType": "oauth-personal"},
                "blockGitExtensions": True,
                "disableAlwaysAllow": True,
                "disableYoloMode": True,
            },
            "tools": {"exclude": ["web_fetch"]},
            "mcp": {"allowed": sorted(servers)},
            "mcpServers": {name: {"httpUrl": url, "trust": False} for name, url in sorted(servers.items())},
            "admin": {
                "secureModeEnabled": True,
                "extensions": {"enabled": False},
                # An empty list of allowed servers would let in all.
                "mcp": {"enabled": bool(servers)},
            },
        }

    def _editor(self) -> dict[str, Any]:
        return {
            "geminicodeassist.project": self.environment.project,
            "cloudcode.project": self.environment.project,
        }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


_DOCKERFILE = """\
# Adds Gemini CLI and the platform's settings to an image of a workstation, a notebook or a dev container.
# Build it in this folder: docker build --build-arg BASE=<image with Node 20 or newer> .
ARG BASE
FROM ${{BASE}}
USER root
RUN npm install --global @google/gemini-cli@{version} && npm cache clean --force
COPY --chown=0:0 --chmod=0644 gemini-cli-settings.json /etc/gemini-cli/settings.json
# The image's own user; 1000 in those of Jupyter and of dev containers.
ARG UID=1000
USER ${{UID}}
"""
