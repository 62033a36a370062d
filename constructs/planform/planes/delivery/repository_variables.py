"""Variables of repositories, on which components have to agree."""

from __future__ import annotations

from planform.contracts.version_control import CodeRepository
from planform.planes.component import Component

__all__ = ["RepositoryVariables"]


class RepositoryVariables(dict[tuple[str, str], str]):
    """The values by the repository's full name and the variable's."""

    def keep(self, owner: Component, repository: CodeRepository, name: str, value: str) -> None:
        """Keep a value. Errors: contract/other-value, where the variable has another one already."""
        known = self.setdefault((repository.full_name, name), value)
        if str(known) != str(value):
            raise owner.refuse(
                "contract/other-value",
                f"the variable {name} of `{repository.name}` would be `{known}` and `{value}`",
                help="use two variables, or agree on one value",
            )
