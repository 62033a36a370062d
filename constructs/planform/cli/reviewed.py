"""planform reviewed: whether what would be applied is what was reviewed."""

from __future__ import annotations

import os

import click

from planform.cli import options
from planform.cli.terminal import Run, common, the_engine_of

__all__ = ["command"]


@click.command(name="reviewed")
@click.argument("blueprint", nargs=-1, required=True)
@click.option("--commit", required=True, metavar="SHA", help="The commit that BLUEPRINT is of.")
@click.option("--branch", required=True, metavar="NAME", help="The branch that it came to.")
@options.environments
@options.app
@common
def command(
    run: Run, blueprint: tuple[str, ...], commit: str, branch: str, environments: tuple[str, ...], app: str | None
) -> None:
    """Refuse, unless the preview on the merged request said what BLUEPRINT now compiles to.

    The one comment that `planform comment` keeps holds the digest of what each environment is to be: its stacks and its
    manifests. After the merge, and before anything is applied, this compiles BLUEPRINT once more, finds the request
    whose merge made the commit, and compares. A commit without a request, a request without the comment, a comment that
    somebody else wrote or edited, and another digest are refused. Service, repository and token are those of
    `planform comment`; here the token only reads.

    \b
    Examples:
      planform reviewed blueprints --env prod --commit "$GITHUB_SHA" --branch main
    """
    the_engine_of(app)
    with run.step("loading the compiler"):
        from planform.pipeline import compile_files
        from planform.preview.comment import service_of
        from planform.preview.reviewed import refuse_unreviewed
    service = service_of(os.environ)
    with run.step("compiling"):
        desired = compile_files(*blueprint, environments=environments, app=app).desired
    number = refuse_unreviewed(service, commit, branch, desired)
    if run.as_json:
        run.document(request=number, desired_state=dict(desired))
    run.talk(f"{', '.join(desired)}: as reviewed on request {number}")
