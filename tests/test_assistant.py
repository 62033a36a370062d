"""Assistants: rules that a user cannot change, no key, no prompt in any log, and the same contract for all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planform.contracts.assistant import Assistant
from planform.contracts.tracing import OtlpEndpoint
from planform.engine import App, TerraformStack
from planform.files import File
from planform.kubernetes.record import objects_of
from planform.planes.control.claude_code import ClaudeCode, ClaudeCodeSettings
from planform.planes.control.claude_settings import ALWAYS_DENIED, NEVER_LOGGED
from planform.planes.control.existing_assistant import ExistingAssistant, ExistingAssistantSettings
from planform.planes.control.gemini_code_assist import GeminiCodeAssist, GeminiCodeAssistSettings
from planform.planes.security.existing_services import ExistingServices
from planform.spec.environment import Environment
from planform.spec.faults import parse
from planform.terraform.record import records_of

DEV = Environment(
    platform="acme-ai", name="dev", project="acme-ai-dev", project_number="111111111111", region="europe-west4"
)
ROBOT = "serviceAccount:team-fraud@acme-ai-dev.iam.gserviceaccount.com"
GROUP = "group:fraud-ml@acme.example"
MANAGED = "/etc/claude-code/managed-settings.json"


class Collector:
    """A Tracing that sends nowhere."""

    def collector(self) -> OtlpEndpoint:
        return OtlpEndpoint("otel.observability.svc", 4317, 4318, "observability")

    def reach(self, namespace: str, *, scope: object) -> None: ...

    def service(
        self, name: str, *, title: str = "", team: str = "", latency_ms: int | None = None, percent: float = 99.0
    ) -> None: ...


def claude(tracing: Collector | None = None, **settings: Any) -> ClaudeCode:
    parsed = parse(ClaudeCodeSettings, settings)
    assert isinstance(parsed, ClaudeCodeSettings), parsed
    stack = TerraformStack(App(), "acme-ai-dev-control")
    services = ExistingServices(stack, "services", environment=DEV)
    return ClaudeCode(stack, "assistant", parsed, environment=DEV, services=services, tracing=tracing)


def gemini(tracing: Collector | None = None, **settings: Any) -> GeminiCodeAssist:
    parsed = parse(GeminiCodeAssistSettings, settings)
    assert isinstance(parsed, GeminiCodeAssistSettings), parsed
    stack = TerraformStack(App(), "acme-ai-dev-control")
    services = ExistingServices(stack, "services", environment=DEV)
    return GeminiCodeAssist(stack, "assistant", parsed, environment=DEV, services=services, tracing=tracing)


def managed(component: ClaudeCode) -> dict[str, Any]:
    return json.loads(component.files()[MANAGED])  # type: ignore[no-any-return]


def cli(component: GeminiCodeAssist) -> dict[str, Any]:
    return json.loads(component.files()["/etc/gemini-cli/settings.json"])  # type: ignore[no-any-return]


def made(component: Any, kind: str) -> dict[str, Any]:
    return dict(records_of(component).document().get("resource", {}).get(kind, {}))


# Claude Code


def test_it_calls_vertex_ai_by_identity_and_holds_no_key() -> None:
    component = claude()
    variables = component.variables()
    assert variables["CLAUDE_CODE_USE_VERTEX"] == "1"
    assert variables["ANTHROPIC_VERTEX_PROJECT_ID"] == "acme-ai-dev"
    assert not [name for name in variables if name.endswith(("_KEY", "_TOKEN"))]
    assert managed(component)["env"] == variables


def test_models_are_pinned_and_can_be_moved() -> None:
    assert claude().variables()["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "claude-haiku-4-5@20251001"
    moved = claude(models={"sonnet": "claude-sonnet-4-6"}, location="eu").variables()
    assert moved["ANTHROPIC_DEFAULT_SONNET_MODEL"] == "claude-sonnet-4-6"
    assert moved["CLOUD_ML_REGION"] == "eu"


@pytest.mark.parametrize("tracing", [None, Collector()])
def test_prompts_and_answers_are_never_logged(tracing: Collector | None) -> None:
    variables = claude(tracing).variables()
    assert {variables[name] for name in NEVER_LOGGED} == {"0"}


def test_telemetry_goes_to_the_collector_and_nowhere_without_one() -> None:
    assert claude(Collector()).variables()["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://otel.observability.svc:4318"
    outside = claude(Collector(), telemetry_endpoint="https://otel.acme.example").variables()
    assert outside["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://otel.acme.example"
    silent = claude().variables()
    assert silent["CLAUDE_CODE_ENABLE_TELEMETRY"] == "0"
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in silent


def test_no_blueprint_opens_credentials_and_state() -> None:
    rules = managed(claude(deny=[], allow=["Read(./.env)"]))["permissions"]
    assert set(ALWAYS_DENIED) <= set(rules["deny"])
    assert rules["disableBypassPermissionsMode"] == "disable"


def test_people_can_add_no_servers_plugins_hooks_and_rules() -> None:
    component = claude()
    settings = managed(component)
    assert settings["allowedMcpServers"] == settings["strictKnownMarketplaces"] == []
    for key in ("allowManagedPermissionRulesOnly", "allowManagedHooksOnly", "allowManagedMcpServersOnly"):
        assert settings[key] is True
    assert json.loads(component.files()["/etc/claude-code/managed-mcp.json"]) == {"mcpServers": {}}


def test_servers_and_plugins_of_the_blueprint_are_let_in_by_what_they_are() -> None:
    url = "https://portal.acme.example/api/mcp"
    settings = managed(
        claude(
            mcp_servers={"backstage": url},
            marketplaces={"acme": {"repository": "acme/plugins", "ref": "v3"}},
            plugins=["review@acme"],
        )
    )
    assert settings["allowedMcpServers"] == [{"serverUrl": url}]
    assert settings["strictKnownMarketplaces"] == [{"source": "github", "repo": "acme/plugins", "ref": "v3"}]
    assert settings["extraKnownMarketplaces"]["acme"]["source"] == settings["strictKnownMarketplaces"][0]
    assert settings["enabledPlugins"] == {"review@acme": True}


@pytest.mark.parametrize(("sandbox", "weaker"), [("full", False), ("in_container", True)])
def test_the_sandbox_lets_nothing_run_outside(sandbox: str, weaker: bool) -> None:
    settings = managed(claude(sandbox=sandbox))["sandbox"]
    assert (settings["enabled"], settings["allowUnsandboxedCommands"]) == (True, False)
    assert settings["enableWeakerNestedSandbox"] is weaker
    assert "europe-west4-python.pkg.dev" in settings["network"]["allowedDomains"]
    assert managed(claude(sandbox="off"))["sandbox"] == {"enabled": False}


def test_who_is_admitted_may_call_models_and_nothing_else() -> None:
    component = claude()
    component.admit(ROBOT, GROUP)
    component.admit(ROBOT)
    members = made(component, "google_project_iam_member")
    assert {each["member"] for each in members.values()} == {ROBOT, GROUP}
    assert {each["role"] for each in members.values()} == {"${google_project_iam_custom_role.assistant.name}"}
    (role,) = made(component, "google_project_iam_custom_role").values()
    assert role["permissions"] == ["aiplatform.endpoints.computeTokens", "aiplatform.endpoints.predict"]


def test_the_recipe_installs_the_version_that_the_settings_demand() -> None:
    component = claude(version="2.1.250")
    files = {each.name: each.text for each in objects_of(component).delivered if isinstance(each, File)}
    assert "npm install --global @anthropic-ai/claude-code@2.1.250 " in files["Dockerfile"]
    assert json.loads(files["managed-settings.json"])["requiredMinimumVersion"] == "2.1.250"
    assert MANAGED in files["Dockerfile"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, []),
        ({"allow": ["Bash(git push:*)"]}, ["spec/unused-setting allow.0"]),
        ({"ask": ["Bash(curl:*)"]}, ["spec/unused-setting ask.0"]),
        ({"plugins": ["review@acme"]}, ["spec/unused-setting plugins.0"]),
        ({"available_models": ["haiku"]}, ["spec/unused-setting available_models"]),
        ({"available_models": ["haiku"], "default_model": "haiku"}, []),
        ({"models": {"opus": "gpt-5"}}, ["spec/bad-form models.opus"]),
        ({"allow": ["git diff"]}, ["spec/bad-form allow.0"]),
        ({"mcp_servers": {"x": "https://user:pass@x.example"}}, ["spec/bad-form mcp_servers.x"]),
        ({"version": "latest"}, ["spec/bad-form version"]),
    ],
)
def test_what_would_not_do_what_it_says_is_refused(settings: dict[str, Any], expected: list[str]) -> None:
    parsed = parse(ClaudeCodeSettings, settings)
    found = parsed if isinstance(parsed, list) else ClaudeCode.check(parsed, DEV)
    assert [f"{fault.code} {'.'.join(map(str, fault.path))}" for fault in found] == expected


# Gemini Code Assist


def test_gemini_shares_and_logs_no_prompts() -> None:
    component = gemini(Collector())
    (sharing,) = made(component, "google_gemini_data_sharing_with_google_setting").values()
    assert (sharing["enable_data_sharing"], sharing["enable_preview_data_sharing"]) == (False, False)
    (logging,) = made(component, "google_gemini_logging_setting").values()
    assert logging["log_prompts_and_responses"] is False
    assert cli(component)["telemetry"] == {
        "enabled": True,
        "target": "local",
        "otlpEndpoint": "http://otel.observability.svc:4318",
        "otlpProtocol": "http",
        "logPrompts": False,
    }
    assert component.variables()["GEMINI_TELEMETRY_LOG_PROMPTS"] == "false"


def test_settings_of_gemini_are_bound_to_the_project() -> None:
    component = gemini()
    for kind in ("logging", "release_channel", "data_sharing_with_google"):
        (binding,) = made(component, f"google_gemini_{kind}_setting_binding").values()
        assert binding["target"] == "projects/111111111111"


def test_without_servers_gemini_lets_none_in() -> None:
    """An empty list of allowed servers would let in all."""
    assert cli(gemini())["admin"]["mcp"] == {"enabled": False}
    settings = cli(gemini(mcp_servers={"backstage": "https://portal.acme.example/api/mcp"}))
    assert settings["admin"]["mcp"] == {"enabled": True}
    assert settings["mcp"] == {"allowed": ["backstage"]}


def test_who_is_admitted_to_gemini_sees_the_index() -> None:
    link = "projects/acme-ai-dev/locations/europe-west1/connections/github/gitRepositoryLinks/fraud"
    with_index = gemini(code_customization={"location": "europe-west1", "repositories": {link: "main"}})
    for component, groups in ((with_index, 1), (gemini(), 0)):
        component.admit(GROUP)
        roles = {each["role"] for each in made(component, "google_project_iam_member").values()}
        assert roles == {"roles/cloudaicompanion.user", "roles/serviceusage.serviceUsageConsumer"}
        assert len(made(component, "google_gemini_repository_group_iam_member")) == groups


# One contract


def existing() -> ExistingAssistant:
    settings = ExistingAssistantSettings(extensions=("github.copilot",), variables={"COPILOT": "1"})
    return ExistingAssistant(TerraformStack(App(), "acme-ai-dev-control"), "assistant", settings, environment=DEV)


@pytest.mark.parametrize("make", [claude, gemini, existing])
def test_every_assistant_says_what_a_machine_must_hold(make: Any) -> None:
    component = make()
    assert isinstance(component, Assistant)
    assert component.extensions()
    assert all(path.startswith("/") for path in component.files())
    assert all(":" in feature for feature in component.features())
    component.admit(GROUP)
