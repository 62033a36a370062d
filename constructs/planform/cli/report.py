"""planform report: what a blueprint costs, and what is in it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from planform.cli import options
from planform.cli.terminal import Run, common, only_reads, the_engine_of, write_file

if TYPE_CHECKING:
    from planform.report.budgets import Budget
    from planform.report.cost import CostLine, CostReport, Sum
    from planform.report.prices import PriceTable
    from planform.report.quantity import Quantity

__all__ = ["command", "price_table", "range_text"]

MOST_KEY_BYTES = 4096
_prices = click.option(
    "--prices", metavar="FILE", type=click.Path(dir_okay=False),
    help="Prices of your own, laid over the built-in table SKU by SKU.",
)  # fmt: skip


@click.group(name="report")
def command() -> None:
    """Say what a blueprint costs a month at list prices, and what is in it.

    \b
    Examples:
      planform report cost blueprints/reference
      planform report inventory blueprints/reference --env prod
    """


@command.command(name="cost", short_help="What a blueprint costs a month, at list prices.")
@click.argument("blueprint", nargs=-1)
@options.environments
@options.app
@_prices
@click.option("--plan-json", "plans", multiple=True, metavar="[STACK=]FILE",
              help="Cost a real plan, of `terraform show -json`, instead of a blueprint.")  # fmt: skip
@click.option("--lines", is_flag=True, help="Print every line, not only sums.")
@click.option(
    "--fail-over-budget", type=click.Choice(["minimum", "maximum"]),
    help="Exit 1 when what is known is over a budget, with every pool at that size.",
)  # fmt: skip
@common
def cost_(
    run: Run,
    blueprint: tuple[str, ...],
    environments: tuple[str, ...],
    app: str | None,
    prices: str | None,
    plans: tuple[str, ...],
    lines: bool,
    fail_over_budget: str | None,
) -> None:
    """Say what BLUEPRINT costs a month, from the smallest to the largest that its pools may be, in US dollars.

    Prices are list prices of a dated table, without discounts and taxes. What depends on use, and what the table does
    not have, is counted and listed, and never taken for zero.

    \b
    Examples:
      planform report cost blueprints/reference
      planform report cost blueprints/reference --env prod --lines
      planform report cost blueprints/reference --prices prices.yaml --fail-over-budget maximum
    """
    if bool(blueprint) == bool(plans):
        raise click.UsageError("name a BLUEPRINT, such as blueprints/minimal.yaml, or plans with --plan-json")
    if plans and (environments or app or fail_over_budget):
        raise click.UsageError("--plan-json takes no --env, --app or --fail-over-budget: budgets are in the blueprint")
    the_engine_of(app)
    with run.step("loading the compiler"):
        from planform.pipeline import compile_files
        from planform.report.budgets import budgets
        from planform.report.cost import cost, cost_of_documents, documents_of_plan
    table = price_table(prices)
    held: tuple[Budget, ...] = ()
    if plans:
        from planform.terraform.plan_files import read_plans

        read = read_plans(plans, "planned_values")
        report = cost_of_documents({stack: documents_of_plan(plan) for stack, plan in read.items()}, table)
    else:
        with run.step("compiling"):
            compiled = compile_files(*blueprint, environments=environments, app=app)
        report = cost(compiled, table)
        held = budgets(report, compiled.specs, compiled.terraform)
    if run.as_json:
        run.document(**report.as_dict(), budgets=[budget.as_dict() for budget in held])
    else:
        run.data("\n".join(_text(report, held, every_line=lines)))
        run.talk(f"list prices of {report.dated}; {_counts(report.sum)}")
    _gate(run, held, fail_over_budget)


@command.command(name="inventory", short_help="How many resources of which type there are.")
@click.argument("blueprint", nargs=-1, required=True)
@options.environments
@options.app
@common
def inventory_(run: Run, blueprint: tuple[str, ...], environments: tuple[str, ...], app: str | None) -> None:
    """Count the resources of BLUEPRINT by environment, plane, component and type.

    \b
    Examples:
      planform report inventory blueprints/reference
      planform report inventory blueprints/reference --env prod --json
    """
    the_engine_of(app)
    with run.step("loading the compiler"):
        from planform.pipeline import compile_files
        from planform.report.inventory import inventory
    with run.step("compiling"):
        rows = inventory(compile_files(*blueprint, environments=environments, app=app))
    if run.as_json:
        return run.document(resources=[row.as_dict() for row in rows])
    table = [("ENVIRONMENT", "PLANE", "COMPONENT", "TYPE", "COUNT")]
    table += [(r.environment, r.plane or r.team, r.component or "-", r.type, str(r.count)) for r in rows]
    run.data("\n".join(_columns(table)))
    run.talk(f"{sum(row.count for row in rows)} resources of {len({row.type for row in rows})} types")
    return None


@command.group(name="prices")
def prices_group() -> None:
    """Look at the price table, or bring a newer one from the billing catalogue.

    \b
    Examples:
      planform report prices refresh --api-key-file key.txt --region europe-west4 --out prices.yaml
    """


@prices_group.command(name="refresh", short_help="Write a price file from Google's billing catalogue.")
@click.option("--api-key-file", required=True, metavar="FILE", type=click.Path(dir_okay=False),
              help="File that holds an API key for the Cloud Billing API, and nothing else.")  # fmt: skip
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Only this region; may be repeated.")
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False), default="prices.yaml", show_default=True,
              help="Price file to write, for `--prices`.")  # fmt: skip
@click.option("--endpoint", metavar="URL", hidden=True, help="Address of the API, for a proxy of your own.")
@common
def refresh(run: Run, api_key_file: str, regions: tuple[str, ...], out: str, endpoint: str | None) -> None:
    """Write a price file from Google's billing catalogue, with your own API key.

    Machines, accelerators, disks and Cloud SQL are asked for. Where two prices answer to one SKU, neither is taken. The
    key is read from a file, so that it is in no history and no process list.

    \b
    Examples:
      planform report prices refresh --api-key-file key.txt --region europe-west4
      planform report cost blueprints/reference --prices prices.yaml
    """
    run.writes = True
    only_reads()
    if endpoint and not endpoint.startswith(("https://", "http://127.0.0.1:")):
        raise click.UsageError("--endpoint must begin with https://, as the key is sent there")
    from datetime import UTC, datetime

    from planform.report.catalogue import API, SOURCE, fetch
    from planform.report.prices import to_yaml

    today = datetime.now(UTC).date()
    with run.step("asking the billing catalogue"):
        found = fetch(_key(api_key_file), regions=regions, api=endpoint or API, today=today)
    source = {"what": "list prices, as the Cloud Billing Catalog API gave them", "where": API, "read": today}
    text = to_yaml(found.prices, name=SOURCE, source=source, dated=today)
    write_file(Path(out), text)
    if run.as_json:
        return run.document(
            path=out, prices=len(found.prices), ambiguous=[list(key) for key in found.ambiguous],
            missing=list(found.missing),
        )  # fmt: skip
    run.data(out)
    for sku, region in found.ambiguous:
        run.talk(f"left out, as more than one price answers to it: {sku} in {region}")
    run.talk(f"{len(found.prices)} prices; {len(found.missing)} SKUs were not found; next: planform report cost"
             f" BLUEPRINT --prices {out}")  # fmt: skip
    return None


def price_table(file: str | None) -> PriceTable:
    """The built-in prices, with a file's laid over. Errors: report/bad-prices."""
    from planform.report.prices import built_in, laid_over, read_prices

    return laid_over(built_in(), read_prices(file)) if file else built_in()


def range_text(amount: Quantity | None) -> str:
    """`107.71 to 646.24`, one figure where both are the same, `unknown` where there is none."""
    if amount is None:
        return "unknown"
    low, high = f"{amount.low:,.2f}", f"{amount.high:,.2f}"
    return low if low == high else f"{low} to {high}"


def _key(file: str) -> str:
    try:
        with Path(file).open(encoding="utf-8") as stream:
            key = stream.read(MOST_KEY_BYTES).strip()
    except (OSError, UnicodeDecodeError) as trouble:
        raise click.ClickException(f"{file} cannot be read: {getattr(trouble, 'strerror', 'not text')}") from None
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise click.ClickException(f"{file} does not hold one API key and nothing else")
    return key


def _text(report: CostReport, held: Sequence[Budget], *, every_line: bool) -> list[str]:
    table = [("ENVIRONMENT", "PLANE", "COMPONENT", "USD A MONTH", "NOT IN IT")]
    for (environment, plane, component), found in report.by("environment", "plane", "component").items():
        table.append((environment, plane or "-", component or "-", _amount(found), _counts(found)))
    for (environment,), found in report.by("environment").items():
        table.append((environment, "all", "", _amount(found), _counts(found)))
    lines = _columns(table)
    if every_line:
        lines += ["", *_columns([_LINE_HEAD, *(_row(line) for line in report.lines)])]
    else:
        lines += _open(report.lines)
    if held:
        rows = [("ENVIRONMENT", "BUDGET OF", "USD A MONTH", "KNOWN", "STANDING")]
        rows += [(each.environment, each.team or "all", f"{each.usd_month:,.2f}", _amount(each.sum),
                  str(each.standing)) for each in held]  # fmt: skip
        lines += ["", *_columns(rows)]
    if report.elsewhere:
        others = ", ".join(f"{count} of {provider}" for provider, count in report.elsewhere.items())
        lines += ["", f"not priced, as other vendors bill for them: {others}"]
    return lines


_LINE_HEAD = ("STACK", "ADDRESS", "ITEM", "QUANTITY", "UNIT PRICE", "USD A MONTH", "NOTE")


def _row(line: CostLine) -> tuple[str, ...]:
    quantity = "by use" if line.quantity is None else range_text(line.quantity)
    price = "unknown" if line.unit_price is None else f"{line.unit_price.normalize():f} a {line.unit}"
    amount = range_text(line.monthly) if line.monthly is not None else str(line.basis)
    return (line.stack, line.address, line.item, quantity, price, amount, line.note)


def _open(lines: Iterable[CostLine]) -> list[str]:
    """What is unknown, item by item, once for all addresses that have it."""
    counts = Counter((line.whose.environment, line.whose.component or line.whose.plane, line.item, line.note)
                     for line in lines if line.basis == "unknown")  # fmt: skip
    if not counts:
        return []
    head = ["", "unknown, and in no sum:"]
    return head + [f"  {environment}  {whose}: {item}{f' ({count} times)' if count > 1 else ''}; {note}"
                   for (environment, whose, item, note), count in sorted(counts.items())]  # fmt: skip


def _amount(found: Sum) -> str:
    """The known part; where there is none, why."""
    return range_text(found.known) if found.known or found.unknown or not found.usage else "by use"


def _counts(found: Sum) -> str:
    parts = [f"{count} {word}" for count, word in ((found.unknown, "unknown"), (found.usage, "by use")) if count]
    return ", ".join(parts)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _gate(run: Run, held: Sequence[Budget], at: str | None) -> None:
    over = {"minimum": ("over",), "maximum": ("over", "at maximum over")}.get(at or "", ())
    failed = [each for each in held if each.standing in over]
    if failed:
        names = ", ".join(f"{each.team or 'all'} in {each.environment}" for each in failed)
        run.talk(f"refused: at {at} over budget: {names}")
        sys.exit(1)
