"""The `Addresses` document: what each stack keeps and under which address, so that nothing is lost by a rename."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["Addresses", "Kept", "Moved", "Removal", "Transfer"]

ADDRESS = r"[a-z][a-z0-9_-]*\.[A-Za-z_][A-Za-z0-9_-]*"
STACK = r"[a-z0-9][a-z0-9-]*"

StackName = Annotated[str, StringConstraints(pattern=rf"^{STACK}$"), Field(examples=["acme-ai-dev-data"])]
Address = Annotated[str, StringConstraints(pattern=rf"^{ADDRESS}$"), Field(examples=["google_storage_bucket.runs"])]
Place = Annotated[
    str,
    StringConstraints(pattern=rf"^{STACK}/{ADDRESS}$"),
    Field(examples=["acme-ai-dev-data/google_storage_bucket.runs"]),
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f]*$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*$")]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


class Kept(_Closed):
    """One resource. With neither `id` nor `name` nothing but its address tells it."""

    id: Text | None = Field(
        default=None, description="Id in the cloud, as its arguments tell it. Default: only the server knows it."
    )
    name: Text | None = Field(
        default=None, description="Name or display name, of what has no id that can be told. Default: none."
    )
    keeps: Text | None = Field(
        default=None, description="What is lost when it is destroyed. Default: nothing that does not come back."
    )


class Moved(_Closed):
    """A resource has another address in the same state: a `moved` block."""

    stack: StackName = Field(description="The stack whose state has it.")
    from_: Address = Field(alias="from", description="Address before.")
    to: Address = Field(description="Address now.")

    @property
    def place(self) -> tuple[str, str]:
        """Stack and address before."""
        return (self.stack, self.from_)


class Transfer(_Closed):
    """A resource is in another state now: a `removed` block that destroys nothing there, an `import` block here."""

    from_: Place = Field(alias="from", description="Stack and address before, with a slash between.")
    to: Place = Field(description="Stack and address now.")
    id: Text | None = Field(
        default=None,
        description="What the provider imports it by. Default: it is not imported, as making it again changes nothing.",
    )

    @property
    def place(self) -> tuple[str, str]:
        """Stack and address before."""
        return _split(self.from_)

    @property
    def target(self) -> tuple[str, str]:
        """Stack and address now."""
        return _split(self.to)


class Removal(_Closed):
    """A resource that keeps data goes away, and that is meant."""

    stack: StackName = Field(description="The stack that has it.")
    address: Address = Field(description="Its address.")
    destroy: bool = Field(
        default=True, description="Whether it is destroyed; otherwise only Terraform forgets it. Default: true."
    )
    reason: Text = Field(description="Why it may go.")
    owner: Text = Field(description="Who answers for it.", examples=["data-team"])

    @property
    def place(self) -> tuple[str, str]:
        """Stack and address of what goes."""
        return (self.stack, self.address)


def _split(place: str) -> tuple[str, str]:
    stack, _, address = place.partition("/")
    return (stack, address)


class Addresses(_Closed):
    """The ledger of a platform's addresses; `planform move` writes it."""

    planform: Literal[1] = Field(description="Version of the blueprint language.")
    kind: Literal["Addresses"] = Field(description="What this document describes.")
    written_by: Version = Field(description="The version of planform that wrote it.")
    environments: dict[str, dict[StackName, dict[str, dict[Address, Kept]]]] = Field(
        default_factory=dict,
        description="Environment, stack, component and address to the resource. Stacks that belong to no environment"
        ' are under "".',
    )
    moves: tuple[Moved, ...] = Field(default=(), description="Moves within a state, until they are settled.")
    transfers: tuple[Transfer, ...] = Field(default=(), description="Moves between states, until they are settled.")
    removals: tuple[Removal, ...] = Field(default=(), description="What may go away, and who said so.")
