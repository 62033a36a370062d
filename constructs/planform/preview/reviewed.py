"""Whether what is about to be applied is what was reviewed: the digests in the comment of the merged request."""

from __future__ import annotations

from collections.abc import Mapping

from planform.diagnostics import Diagnostic, DiagnosticError, error, shown
from planform.preview.comment import Comment, Service, is_preview
from planform.preview.desired import desired_in

__all__ = ["refuse_unreviewed"]

ANEW = (
    "open another request with the change, bring its branch up to date, let the preview comment on it, and merge that;"
    " nothing is applied until then"
)


def refuse_unreviewed(service: Service, commit: str, branch: str, desired: Mapping[str, str]) -> int:
    """The number of the request that brought a commit to a branch, if its preview said just these digests.

    `desired` is the digest of what each environment is to be, by its name, as compiled from the commit.
    Errors: preview/not-reviewed, preview/comment-refused.
    """
    number = service.merged_as(commit, branch)
    if number is None:
        fault = f"the commit {shown(commit[:12])} came to {shown(branch)} without a request that somebody could review"
        raise DiagnosticError([_unreviewed(fault)])
    comment, said = _said(service, number)
    faults = []
    for name, digest in desired.items():
        if name not in said:
            fault = f"the preview on request {number} says nothing of the environment `{name}`"
            faults.append(_unreviewed(fault, help="preview all environments that are applied, and review that"))
        elif said[name] != digest:
            faults.append(
                _unreviewed(
                    f"`{name}` would become what nobody has reviewed on request {number}",
                    f"reviewed there: {said[name]}",
                    f"compiled now: {digest}",
                    "the usual reasons: the branch was behind when it was merged, another change was merged with it,"
                    " or the preview was made by another version of planform",
                )
            )
    if faults:
        raise DiagnosticError(faults)
    editor = service.editor_of(comment)
    if editor:
        fault = f"the preview on request {number} was edited by {shown(editor)}, who is not who wrote it"
        raise DiagnosticError([_unreviewed(fault)])
    return number


def _said(service: Service, number: int) -> tuple[Comment, Mapping[str, str]]:
    """The preview's comment on a request and the digests in it."""
    previews = [each for each in service.comments(number) if is_preview(each)]
    comment = next((each for each in previews if each.own), None)
    if comment is None:
        others = sorted({each.author for each in previews})
        notes = (f"one by {', '.join(map(shown, others))} does not count",) if others else ()
        raise DiagnosticError([_unreviewed(f"request {number} has no preview by {service.author}", *notes)])
    said = desired_in(comment.body)
    if said is None:
        raise DiagnosticError([_unreviewed(f"the preview on request {number} does not say what was reviewed")])
    return comment, said


def _unreviewed(summary: str, *notes: str, help: str = ANEW) -> Diagnostic:
    return error("preview/not-reviewed", summary, notes=notes, help=help)
