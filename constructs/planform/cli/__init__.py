"""The command line: one verb a file, imported when it is called."""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence

import click

from planform import __version__

__all__ = ["group", "main"]

VERBS = {
    "validate": "Judge a blueprint; writes nothing.",
    "synth": "Write the Terraform of every environment.",
    "check": "Judge a blueprint, or real plans, by the policy rules.",
    "preview": "Say what a change does, why, and how dangerous it is.",
    "comment": "Keep a preview as the one comment on its pull request.",
    "reviewed": "Refuse to go on with what its request did not show.",
    "diff": "Compare two environments of a blueprint.",
    "drift": "Report what has changed in the cloud beside Terraform.",
    "report": "Say what a blueprint costs, and what is in it.",
    "explain": "Explain an error code, or where a resource comes from.",
    "list": "List components, capabilities, codes or resources.",
    "schema": "Print the JSON Schema of blueprints, for editors.",
    "path": "List golden paths, start a workload, or say what one makes.",
    "policy": "Write, test and describe policy rules of one's own.",
    "lock": "Keep what runs at its versions, or move them.",
    "move": "Keep addresses, so that a rename destroys nothing.",
    "provider": "Add or list provider schemas.",
    "doctor": "Say what this machine has and lacks.",
    "init": "Start a platform in a folder.",
}
ISSUES = "https://github.com/planform/planform/issues"


class Verbs(click.Group):
    """The verbs of `VERBS`, each from its own module, so that `--help` loads none of the compiler."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*VERBS]  # `list` is a verb here: its module has that name in this package

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"planform.cli.{cmd_name}")
        return module.command  # type: ignore[no-any-return]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-"):
            from planform.diagnostics import suggest

            near = suggest(args[0], VERBS)
            raise click.UsageError(f"there is no verb `{args[0]}`{f'; did you mean `{near}`?' if near else ''}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*VERBS.items()])


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 the input is wrong, 2 the command is wrong, 3 there are changes (--exit-code),"
    " 70 planform is wrong, 130 interrupted.",
)
@click.version_option(__version__, message="planform %(version)s")
def group() -> None:
    """Compile a YAML blueprint into the Terraform of an AI/ML platform on Google Cloud.

    \b
    Examples:
      planform validate blueprints/minimal.yaml
      planform synth blueprints/minimal.yaml --out planform.out
      planform explain spec/unknown-key
    """


def main(args: Sequence[str] | None = None) -> None:
    """The console script. A verb ends its own run when the input is wrong; what else goes wrong is told here."""
    if args is None:  # a process of its own, which keeps nearly all that it makes until it ends
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # every distribution is searched for them
        gc.set_threshold(10_000_000, 20, 100)
        atexit.register(gc.freeze)  # else all of it is looked through at exit, to free what the exit frees
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = group.main(args=args, prog_name="planform", standalone_mode=False)
    except click.exceptions.Abort:
        sys.unraisablehook = _nothing  # what was half made, such as Node's process, complains when it is dropped
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except Exception:
        _own_fault()
    sys.exit(code if isinstance(code, int) else 0)


def _nothing(trouble: object) -> None:
    """Say nothing."""


def _own_fault() -> None:
    import traceback

    click.echo(traceback.format_exc(), err=True, nl=False)
    click.echo(
        f"\nThis is a fault of planform {__version__}, not of your input. Please report the lines above and"
        f" the command at {ISSUES}",
        err=True,
    )
    sys.exit(70)
