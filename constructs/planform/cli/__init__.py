"""The command line: one verb a file, imported when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from planform import __version__

__all__ = ["main"]

VERBS = ("validate", "synth", "preview", "diff", "drift", "schema", "explain", "list", "provider", "doctor", "init")
ISSUES = "https://github.com/planform/planform/issues"


class Verbs(click.Group):
    """The verbs of `VERBS`, each from its own module, so that `--help` loads none of the compiler."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"planform.cli.{cmd_name}")
        return module.command  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, HELP[verb]) for verb in VERBS])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from planform.diagnostics import suggest

        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = suggest(args[0], VERBS)
            meant = f" Did you mean `{near}`?" if near else ""
            raise click.UsageError(f"No such command `{args[0]}`.{meant}", ctx)
        return super().resolve_command(ctx, args)


HELP = {
    "validate": "Read a blueprint and judge it; writes nothing.",
    "synth": "Write the Terraform of every environment.",
    "preview": "Say what a change does, why, and how dangerous it is.",
    "diff": "Compare two environments of a blueprint.",
    "drift": "Report what has changed in the cloud beside Terraform.",
    "schema": "Print the JSON Schema of blueprints, for editors.",
    "explain": "Explain an error code, or where an address comes from.",
    "list": "List components, capabilities or resources.",
    "provider": "Add or list provider schemas.",
    "doctor": "Say what this machine has and lacks.",
    "init": "Start a platform in a folder.",
}


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 input wrong, 2 wrong usage, 3 changes (--exit-code), 70 a fault of planform itself.",
)
@click.version_option(__version__, message="planform %(version)s")
def group() -> None:
    """Compile a YAML blueprint into the Terraform of an AI/ML platform on Google Cloud.

    \b
    planform validate blueprints/minimal.yaml
    planform synth blueprints/minimal.yaml --out planform.out
    """


def main(args: Sequence[str] | None = None) -> None:
    """The console script. Expected trouble is shown as diagnostics, anything else is a fault of planform."""
    try:
        code = group.main(args=args, prog_name="planform", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted; nothing was written", err=True)
        sys.exit(130)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except Exception as fault:
        _trouble(fault)
    sys.exit(code if isinstance(code, int) else 0)


def _trouble(fault: Exception) -> None:
    from planform.cli.terminal import show
    from planform.diagnostics import DiagnosticError

    if isinstance(fault, DiagnosticError):
        show(fault.diagnostics, sources=fault.sources)
        sys.exit(1)
    import traceback

    click.echo(traceback.format_exc(), err=True, nl=False)
    click.echo(
        f"planform {__version__} met a fault of its own; nothing was written.\n"
        f"Please report the text above and the command at {ISSUES}",
        err=True,
    )
    sys.exit(70)
