"""planform lock: the versions that a platform runs, whatever planform ships."""

from __future__ import annotations

from pathlib import Path

import click

from planform.cli.terminal import Run, common, only_reads, write_file

__all__ = ["command"]


@click.command(name="lock")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--move", "moved", multiple=True, metavar="NAME", help="Move this chart or image; may be repeated.")
@click.option("--move-all", is_flag=True, help="Move everything to the versions that this planform ships.")
@common
def command(run: Run, folder: Path, moved: tuple[str, ...], move_all: bool) -> None:
    """Write versions.yaml into a blueprint's folder: each chart and image at the version that it keeps.

    What is pinned already stays as it is, so that another release of planform changes nothing that runs; what is new
    is pinned at planform's own version, and what planform no longer installs is dropped.

    \b
    Examples:
      planform lock blueprints/reference
      planform lock blueprints/reference --move gatekeeper
    """
    run.writes = True
    only_reads()
    from planform.kubernetes.images import images
    from planform.kubernetes.pins import moves, pin, text

    path = folder / "versions.yaml"
    held = _held(folder, path)
    pins = pin(held, names=moved, everything=move_all)
    changes = list(moves(held, pins))
    if changes:
        write_file(path, text(pins))
    loose = [name for name, version in pins["images"].items() if images()[name].moves and "@" not in version]
    if run.as_json:
        run.document(path=str(path), changes=[change.as_dict() for change in changes], moving=loose)
        return
    for change in changes:
        run.data(f"{change.kind[:-1]:<6} {change.name:<28} {change.old or 'new'} -> {change.new or 'dropped'}")
    for name in loose:
        version = pins["images"][name]
        run.talk(f"`{name}` is not pinned: `{version}` is another image later; `{version}@sha256:...` is always one")
    count = sum(map(len, pins.values()))
    run.talk(f"{path} pins {count} versions, {len(changes)} of them changed; next: planform preview")


def _held(folder: Path, path: Path) -> dict[str, dict[str, str]]:
    """What the blueprint pins now. Raises DiagnosticError where that stands in another file, or is not valid."""
    from planform.blueprint.read import read
    from planform.diagnostics import DiagnosticError, error
    from planform.planes.catalog import builtin
    from planform.spec.resolve import versions_of

    documents = [each for each in read(folder) if each.value.get("kind") == "Versions"]
    elsewhere = [each for each in documents if Path(each.at().file) != path]
    if elsewhere:
        summary, help = "the versions stand elsewhere", f"move the document to {path}, which this verb writes"
        raise DiagnosticError([error("spec/two-versions", summary, elsewhere[0].at(), help=help)])
    found = versions_of(documents, builtin(), strict=False)
    return {"charts": dict(found.charts), "images": dict(found.images)} if found else {}
