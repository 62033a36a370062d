"""How people sign in to JupyterHub, and how their memberships become the hub's groups.

A group of the hub is named as IAM names a member, `group:fraud-ml@acme.example`, and a person is a group of one,
`user:eve@acme.example`; whoever is in a group that a workspace names may sign in, and sees that workspace.
Source: OAuthenticator 17.4, pages on Google and GitHub and on managed groups, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.spec.settings import Settings
from planform.spec.units import Principal

__all__ = ["GitHubSignIn", "GoogleSignIn"]

Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$")]
Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]


class GoogleSignIn(Settings):
    """Sign-in with accounts of the organisation at Google."""

    domains: tuple[Domain, ...] = Field(
        default=(), description="Domains whose accounts may sign in. Default: the organisation's own."
    )
    nested_groups: bool = Field(
        default=False,
        description="Whether members of groups in groups count, which needs Cloud Identity Premium or Workspace"
        " Enterprise. Default: off.",
    )

    def configuration(self, url: str, domain: str) -> dict[str, Any]:
        """The authenticator's part of hub.config."""
        return {
            "JupyterHub": {"authenticator_class": "google"},
            "GoogleOAuthenticator": {
                "oauth_callback_url": f"{url}/hub/oauth_callback",
                "login_service": "Google",
                "hosted_domain": list(self.domains) or [domain],
                # Else eve@acme.example and eve@acme.test would be one person.
                "strip_domain": False,
                "auth_state_groups_key": "principals",
            },
        }

    def custom(self, principals: Collection[str]) -> dict[str, Any]:
        """What the hook reads."""
        return {"nestedGroups": self.nested_groups, "principals": sorted(principals)}

    def knows(self, member: str) -> bool:
        """Whether a member can sign in at all."""
        return member.startswith(("user:", "group:"))


class GitHubSignIn(Settings):
    """Sign-in with accounts at GitHub."""

    organization: Login = Field(description="The organisation whose members may sign in.", examples=["acme"])
    teams: dict[Principal, Slug] = Field(
        default_factory=dict,
        description="Groups of the platform to teams of the organisation, by slug. Default: none.",
        examples=[{"group:fraud-ml@acme.example": "fraud-ml"}],
    )
    logins: dict[Principal, Login] = Field(
        default_factory=dict,
        description="Users of the platform to logins at GitHub. Default: none.",
        examples=[{"user:eve@acme.example": "eve"}],
    )

    def configuration(self, url: str, domain: str) -> dict[str, Any]:
        """The authenticator's part of hub.config."""
        return {
            "JupyterHub": {"authenticator_class": "github"},
            "GitHubOAuthenticator": {
                "oauth_callback_url": f"{url}/hub/oauth_callback",
                "login_service": "GitHub",
                "populate_teams_in_auth_state": True,
                "scope": ["read:org"],
            },
        }

    def custom(self, principals: Collection[str]) -> dict[str, Any]:
        """What the hook reads."""
        return {"organization": self.organization, "teams": self.teams, "logins": self.logins}

    def knows(self, member: str) -> bool:
        """Whether a member can sign in at all."""
        known: Mapping[str, str] = {**self.teams, **self.logins}
        return member in known
