"""planform comment: a preview as the one comment on its pull request."""

from __future__ import annotations

import os
from pathlib import Path

import click

from planform.cli.terminal import Run, common

__all__ = ["command"]


@click.command(name="comment")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--request", "number", type=click.IntRange(min=1), metavar="N", help="Number of the request.")
@click.option("--commit", metavar="SHA", help="Find the open request that has this commit as its head instead.")
@common
def command(run: Run, file: Path, number: int | None, commit: str | None) -> None:
    """Keep FILE, a preview in Markdown, as exactly one comment on a pull request of GitHub or merge request of GitLab.

    Service, repository and token are those of the CI that this runs in: GITHUB_REPOSITORY and GITHUB_TOKEN, or
    CI_PROJECT_ID and GITLAB_TOKEN. A token of one's own at GitHub comments as PLANFORM_COMMENT_AUTHOR. A commit that
    heads no open request any more is no fault: a newer run has the comment.

    \b
    Examples:
      planform comment preview.md --request 12
      planform comment preview.md --commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904
    """
    if (number is None) == (commit is None):
        raise click.UsageError("say which request: either --request N or --commit SHA")
    from planform.preview.comment import checked, keep_comment, service_of

    body = checked(file.read_text(encoding="utf-8", errors="replace"), str(file))
    service = service_of(os.environ)
    found = number if number is not None else service.request_of(commit or "")
    done = keep_comment(service, found, body) if found is not None else "left out"
    if run.as_json:
        run.document(request=found, comment=done)
    if found is None:
        run.talk(f"no open request has {commit} as its head: there is nothing to comment on")
    else:
        run.talk(f"{done}: the comment on request {found}")
