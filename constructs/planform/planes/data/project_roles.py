"""Roles of an environment's own, for services whose predefined roles allow far more than is meant.

Source: IAM's page on custom roles: ids of 3 to 64 letters, digits, underscores and dots; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Sequence

from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.terraform.google import ProjectIamCustomRole, ProjectIamMember

__all__ = ["ProjectRole"]


class ProjectRole:
    """A role of the project with just these permissions, and who has it; made with its first member."""

    def __init__(self, owner: Component, id: str, *, title: str, permissions: Sequence[str]) -> None:
        self._owner = owner
        self._id, self._title, self._permissions = id, title, permissions
        self._role: ProjectIamCustomRole | None = None
        self._members: set[str] = set()

    def grant(self, member: str) -> None:
        """Give the role to an IAM member; again is the same."""
        if member in self._members:
            return
        self._members.add(member)
        environment = self._owner.environment
        ProjectIamMember(
            self._owner,
            record_id(self._id, principal_id(member, environment)),
            project=environment.project,
            role=self._made().id,
            member=member,
        )

    def _made(self) -> ProjectIamCustomRole:
        if self._role is None:
            environment = self._owner.environment
            self._role = ProjectIamCustomRole(
                self._owner,
                self._id,
                project=environment.project,
                role_id=f"{environment.prefix.replace('-', '_')}_{self._id}",
                title=self._title,
                permissions=sorted(self._permissions),
                stage="GA",
            )
        return self._role
