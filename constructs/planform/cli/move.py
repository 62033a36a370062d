"""planform move: the ledger of addresses, so that a rename destroys nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planform.cli import options
from planform.cli.terminal import Run, common, the_engine_of, write_file

if TYPE_CHECKING:
    from planform.ledger.keep import Keeping
    from planform.spec.addresses import Addresses, Moved, Removal, Transfer

__all__ = ["command"]


@click.command(name="move")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--stack", "stacks", multiple=True, metavar="NAME",
    help="The stack that --from, --to and --remove are about; may be repeated.",
)  # fmt: skip
@click.option("--from", "before", metavar="ADDRESS", help="Address of a resource before it moves.")
@click.option("--to", "after", metavar="ADDRESS", help="Its address afterwards, in the same stack.")
@click.option("--transfer", is_flag=True, help="Let what is in another stack now go from state to state.")
@click.option("--remove", "removed", multiple=True, metavar="ADDRESS", help="Let it go away; may be repeated.")
@click.option("--keep", is_flag=True, help="With --remove: Terraform forgets it, the cloud keeps it.")
@click.option("--reason", metavar="TEXT", help="With --remove: why it may go.")
@click.option("--owner", metavar="NAME", help="With --remove: who answers for it.")
@click.option("--settle", is_flag=True, help="Drop moves, transfers and removals: every state has them.")
@options.app
@common
def command(
    run: Run,
    folder: Path,
    stacks: tuple[str, ...],
    before: str | None,
    after: str | None,
    transfer: bool,
    removed: tuple[str, ...],
    keep: bool,
    reason: str | None,
    owner: str | None,
    settle: bool,
    app: str | None,
) -> None:
    """Write addresses.yaml into a blueprint's folder: what each stack keeps, and under which address.

    With it, whatever has another address now gets its `moved` block by itself, and what keeps data cannot vanish
    unless it is removed here. Run it after each change of the blueprint, and commit both together.

    \b
    Examples:
      planform move blueprints/reference
      planform move blueprints/reference --stack acme-ai-dev-resource \\
        --from google_storage_bucket.raw --to google_storage_bucket.events
      planform move blueprints/reference --transfer
      planform move blueprints/reference --stack acme-ai-dev-resource --remove google_sql_database_instance.database \\
        --reason "moved to AlloyDB" --owner data-team
    """
    _refuse_misuse(stacks, before, after, removed, keep=keep, reason=reason, owner=owner)
    run.writes = True
    the_engine_of(app)
    with run.step("loading the compiler"):
        from planform.blueprint.read import read
        from planform.ledger import edit
        from planform.ledger.document import empty, text
        from planform.own_app import own_app
        from planform.pipeline import compile_documents
    path = folder / "addresses.yaml"
    documents = read(folder)
    held = _held(documents, path)
    ledger = held or empty()
    compose = own_app(app) if app else None
    for stack in stacks:
        if before and after:
            ledger = edit.with_move(ledger, stack, before, after)
        if removed:
            leave = {"reason": reason or "", "owner": owner or ""}
            ledger = edit.with_removals(ledger, stack, removed, **leave, destroy=not keep)
    with run.step("compiling"):
        if transfer:
            asked = compile_documents(documents, compose=compose, ledger=ledger, may_lose=True).keeping
            ledger = edit.with_transfers(ledger, asked.compared.strays if asked else ())
        # What was said is written down even where more has to be said before the blueprint compiles.
        said = bool(stacks or transfer)
        compiled = compile_documents(documents, compose=compose, ledger=ledger, may_lose=said)
    keeping = compiled.keeping
    assert keeping is not None
    refused = [each for each in keeping.findings if each.severity.stops]
    wanted = ledger if refused else edit.settled(keeping.wanted) if settle else keeping.wanted
    if held is None or wanted != held:
        write_file(path, text(wanted))
    rows = list(_rows(held or empty(), keeping, wanted))
    findings = [*(each for each in compiled.findings if each.code != "ledger/out-of-step"), *refused]
    if run.as_json:
        run.document(findings, path=str(path), changes=rows)
        return
    run.show(findings)
    for row in rows:
        to = f" -> {row['to']}" if row["to"] else ""
        run.data(f"{row['change']:<8} {row['stack']} {row['address']}{to}")
    if refused:
        run.talk(f"{path} has what was said; the blueprint is refused until the rest is said too")
        return
    count = sum(1 for _ in _entries(wanted))
    run.talk(f"{path} keeps {_plural(count)}, {len(keeping.compared.fresh)} of them new; next: planform preview")


def _plural(count: int) -> str:
    return f"{count} address{'' if count == 1 else 'es'}"


def _refuse_misuse(
    stacks: tuple[str, ...],
    before: str | None,
    after: str | None,
    removed: tuple[str, ...],
    *,
    keep: bool,
    reason: str | None,
    owner: str | None,
) -> None:
    if bool(before) != bool(after):
        raise click.UsageError("--from and --to go together")
    if bool(stacks) != bool(before or removed):
        raise click.UsageError("--stack goes with --from and --to, or with --remove")
    if removed and not (reason and owner):
        raise click.UsageError("--remove needs --reason and --owner")
    if (reason or owner or keep) and not removed:
        raise click.UsageError("--keep, --reason and --owner go with --remove")


def _held(documents: Any, path: Path) -> Addresses | None:
    """The ledger that is there. Raises DiagnosticError where it stands in another file, or is not valid."""
    from planform.diagnostics import DiagnosticError, error
    from planform.spec.resolve import addresses_of

    elsewhere = [each for each in documents if each.value.get("kind") == "Addresses" and Path(each.file) != path]
    if elsewhere:
        summary, help = "the addresses stand elsewhere", f"move the document to {path}, which this verb writes"
        raise DiagnosticError([error("spec/two-addresses", summary, elsewhere[0].at(), help=help)])
    return addresses_of(documents)


def _entries(ledger: Addresses) -> Iterator[Any]:
    from planform.ledger.entries import kept_in

    return kept_in(ledger)


def _rows(old: Addresses, keeping: Keeping, new: Addresses) -> Iterator[dict[str, str]]:
    """What changes in the ledger, but for what is new in the blueprint too."""

    def row(change: str, stack: str, address: str, to: str = "") -> dict[str, str]:
        return {"change": change, "stack": stack, "address": address, "to": to}

    for move in new.moves:
        if move not in old.moves:
            yield row("move", move.stack, move.from_, move.to)
    for each in new.transfers:
        if each not in old.transfers:
            yield row("transfer", *each.place, each.to)
    for removal in new.removals:
        if removal not in old.removals:
            yield row("remove" if removal.destroy else "forget", removal.stack, removal.address)
    kept = {each.place for each in _entries(new)}
    for entry in keeping.compared.dropped:
        if entry.place not in kept:
            yield row("drop", entry.stack, entry.address)
    done: list[Moved | Transfer | Removal] = [*old.moves, *old.transfers, *old.removals]
    left = {*new.moves, *new.transfers, *new.removals}
    for settled in done:
        if settled not in left:
            yield row("settle", *settled.place)
