"""CodeQL, GitHub's own code scanning."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from planform.contracts.ci import Step
from planform.contracts.code_analysis import AnalysisRef, CodeAnalysis
from planform.contracts.version_control import CodeRepository
from planform.files import File
from planform.planes.component import Component
from planform.spec.settings import Settings

__all__ = ["Codeql", "CodeqlSettings"]

LANGUAGES: Mapping[str, str] = {
    "actions": "actions",
    "csharp": "csharp",
    "go": "go",
    "java": "java-kotlin",
    "javascript": "javascript-typescript",
    "kotlin": "java-kotlin",
    "python": "python",
    "ruby": "ruby",
    "typescript": "javascript-typescript",
}
"""Names of languages to CodeQL's."""
BUILT = ("go",)
"""Languages that are looked into while they are built."""
SUITES = {"default": "default", "security-extended": "extended"}
THRESHOLDS = {"low": "all", "medium": "medium_or_higher", "high": "high_or_higher", "critical": "critical"}


class CodeqlSettings(Settings):
    """Settings of `codeql`."""

    setup: Literal["advanced", "default"] = Field(
        default="advanced",
        description="`advanced` adds steps to the repository's own workflow; `default` leaves runs to GitHub, which is"
        " told of it once for each repository. Default: advanced.",
    )
    queries: Literal["default", "security-extended"] = Field(
        default="security-extended",
        description="Queries: those with few false alarms, or more. Default: security-extended.",
    )
    fail_on: Literal["low", "medium", "high", "critical"] = Field(
        default="high", description="Least severity of a security alert that keeps a merge back. Default: high."
    )


class Codeql(Component):
    """CodeQL: GitHub looks into code, keeps what it finds, and holds back merges that bring new alerts.

    Code scanning of private repositories needs GitHub Code Security. With `setup: default` no step is needed. The
    provider of GitHub has nothing for code scanning itself, so two requests are written as files, to be sent with
    `gh api`: default-setup.json (PATCH /repos/OWNER/REPOSITORY/code-scanning/default-setup), and merge-protection.json,
    a rule for a ruleset (POST /repos/OWNER/REPOSITORY/rulesets).
    By hand: sending these; nothing else, as GitHub's own token is all that steps need.

    Provides: CodeAnalysis, for repositories on GitHub; a key is `owner/repository:language`.
    Requires: nothing.
    Emits: merge-protection.json, and with `setup: default` default-setup.json.
    Errors: contract/unknown-language, contract/not-on-github.
    Source: GitHub's pages on code scanning: languages and build modes, default setup's API, code scanning merge
    protection; read 2026-11.
    """

    name = "codeql"
    capability = "code_analysis"
    provides = CodeAnalysis
    files_only = True
    Settings = CodeqlSettings
    settings: CodeqlSettings

    def build(self) -> None:
        File(self, "merge-protection.json", _text(self._protection()))
        if self.settings.setup == "default":
            body = {"state": "configured", "query_suite": SUITES[self.settings.queries]}
            File(self, "default-setup.json", _text(body))

    def project(self, repository: CodeRepository, *, language: str = "python", team: str = "") -> AnalysisRef:
        """The repository's alerts; whom they reach is the repository's to say."""
        if repository.host != "github.com" and not repository.host.endswith(".ghe.com"):
            raise self.refuse(
                "contract/not-on-github",
                f"`{repository.full_name}` is on {repository.host}, and CodeQL's results are kept by GitHub",
                help="choose `sonarqube`, or keep the code on GitHub",
            )
        if language not in LANGUAGES:
            raise self.refuse(
                "contract/unknown-language",
                f"`{repository.full_name}` is in `{language}`, which CodeQL does not know",
                help=f"languages are {', '.join(LANGUAGES)}",
            )
        return AnalysisRef(f"{repository.full_name}:{language}", f"{repository.url}/security/code-scanning", "CodeQL")

    def steps(self, analysis: AnalysisRef) -> Sequence[Step]:
        """Start, and analyse; the verdict is GitHub's. None with `setup: default`."""
        if self.settings.setup == "default":
            return ()
        name = analysis.key.rpartition(":")[2]
        language = LANGUAGES[name]
        mode = "autobuild" if name in BUILT else "none"
        queries = {} if self.settings.queries == "default" else {"queries": self.settings.queries}
        return (
            Step("Start CodeQL", tool="codeql-init", inputs={"languages": language, "build_mode": mode, **queries}),
            Step("Analyse with CodeQL", tool="codeql-analyze", inputs={"category": f"/language:{language}"}),
        )

    def _protection(self) -> dict[str, Any]:
        alerts = {"tool": "CodeQL", "alerts_threshold": "errors"}
        rule = {**alerts, "security_alerts_threshold": THRESHOLDS[self.settings.fail_on]}
        return {
            "name": f"{self.environment.platform}-code-scanning",
            "target": "branch",
            "enforcement": "active",
            "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
            "rules": [{"type": "code_scanning", "parameters": {"code_scanning_tools": [rule]}}],
        }


def _text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, indent=2, sort_keys=True) + "\n"
