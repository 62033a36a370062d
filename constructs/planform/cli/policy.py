"""planform policy: rules of one's own, from their first file to their page."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import click

from planform.cli import options
from planform.cli.terminal import Run, common, the_engine_of, write_file

__all__ = ["command"]

FOLDER = "policies"
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*/[a-z][a-z0-9]*(-[a-z0-9]+)*")

folders = click.option(
    "--policies",
    "folders",
    multiple=True,
    default=(FOLDER,),
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder with the rules; may be repeated.",
)


@click.group(name="policy")
def command() -> None:
    """Write, test and describe policy rules of one's own.

    \b
    Examples:
      planform policy new data/unowned-dataset
      planform policy test
      planform policy docs --out docs/policies
      planform policy push oci://registry.acme.example/policies:v3
    """


@command.command(name="new")
@click.argument("rule", metavar="PLANE/RULE")
@click.option("--subject", type=click.Choice(["terraform", "kubernetes", "file"]), default="terraform",
              show_default=True, help="What it judges.")  # fmt: skip
@click.option("--policies", "folder", default=FOLDER, show_default=True, metavar="DIR",
              type=click.Path(path_type=Path), help="The folder to write into.")  # fmt: skip
@common
def new(run: Run, rule: str, subject: str, folder: Path) -> None:
    """Write a rule that names the fault PLANE/RULE, such as data/unowned-dataset, and its test."""
    from planform.rules.pack import shipped_pack
    from planform.rules.skeleton import rule_text, test_text

    if not ID.fullmatch(rule):
        raise click.BadParameter(
            f"{rule} is no `plane/rule` of small letters, digits and hyphens", param_hint="PLANE/RULE"
        )
    if rule in shipped_pack().by_id:
        raise click.BadParameter(f"planform has a rule {rule} of its own", param_hint="PLANE/RULE")
    plane, name = rule.replace("-", "_").split("/")
    texts = {
        folder / plane / f"{name}.rego": rule_text(rule, subject),
        folder / plane / f"{name}_test.rego": test_text(rule, subject),
    }
    for path in texts:
        if path.exists():
            raise click.ClickException(f"{path} is there already; nothing was written")
    for path, text in texts.items():
        write_file(path, text)
    if run.as_json:
        return run.document(written=[str(path) for path in texts])
    for path in texts:
        run.data(str(path))
    run.talk("next: write what it denies, then planform policy test")
    return None


@command.command(name="test")
@folders
@common
def test(run: Run, folders: tuple[Path, ...]) -> None:
    """Run the tests of the rules. Exit code 1: one failed, a rule is wrong, or there are none. Needs opa."""
    from planform.checks.policy.own_tests import run_tests

    with run.step("testing"):
        tested = run_tests(folders)
    failed = [each for each in tested if not each.passed]
    if run.as_json:
        run.document(tests=[{"name": each.name, "passed": each.passed, "at": str(each.at)} for each in tested])
    else:
        for each in tested:
            run.data(f"{'ok' if each.passed else 'failed':<8}{each.name}")
        for each in failed:
            run.talk(f"failed: {each.name} at {each.at}")
    run.talk(f"{len(tested) - len(failed)} of {len(tested)} tests passed")
    sys.exit(1 if failed else 0)


@command.command(name="docs")
@folders
@click.option("--out", default="docs/policies", show_default=True, metavar="DIR", type=click.Path(path_type=Path),
              help="The folder to write.")  # fmt: skip
@common
def docs(run: Run, folders: tuple[Path, ...], out: Path) -> None:
    """Write a page in Markdown for each rule."""
    from planform.checks.policy.own import own_packs
    from planform.rules.page import markdown

    written = []
    for pack in own_packs(folders):
        for rule in pack.rules:
            path = out / f"{rule.id.replace('/', '.')}.md"
            write_file(path, markdown(rule, pack.text(rule)))
            written.append(str(path))
    if run.as_json:
        return run.document(written=written)
    for each in written:
        run.data(each)
    return None


@command.command(name="push")
@click.argument("reference", metavar="oci://REGISTRY/REPOSITORY:TAG")
@click.option("--policies", "folder", default=FOLDER, show_default=True, metavar="DIR",
              type=click.Path(path_type=Path, exists=True), help="The folder with the rules.")  # fmt: skip
@common
def push(run: Run, reference: str, folder: Path) -> None:
    """Put rules and severities into a registry, for `--policies oci://...` elsewhere.

    Credentials are those of `docker login`. What is printed has the digest, which stays the same whatever becomes of
    the tag.
    """
    from planform.checks.policy.images import push as push_image

    with run.step("pushing"):
        pushed = push_image(reference, folder)
    if run.as_json:
        return run.document(pushed=pushed)
    run.data(pushed)
    return None


@command.command(name="facts")
@click.argument("blueprint", nargs=-1, required=True)
@click.option("--stack", required=True, metavar="NAME", help="The stack whose plan is judged.")
@options.app
@common
def facts(run: Run, blueprint: tuple[str, ...], stack: str, app: str | None) -> None:
    """Print what rules may know about a stack, as data for conftest and opa.

    \b
    Examples:
      planform policy facts blueprints --stack acme-ai-dev-resource > facts.json
      conftest test plan.json --policy policies --namespace main --data facts.json
    """
    the_engine_of(app)
    with run.step("compiling"):
        from planform.diagnostics import suggest
        from planform.pipeline import compile_files, judged_of

        compiled = compile_files(*blueprint, app=app)
    if stack not in compiled.records:
        near = suggest(stack, compiled.stacks)
        meant = f"did you mean {near}?" if near else f"stacks: {', '.join(compiled.stacks)}"
        raise click.BadParameter(f"there is no stack {stack}; {meant}", param_hint="--stack")
    environment = compiled.environment_of(stack)
    run.data(json.dumps({"facts": {**judged_of(compiled).facts, "stack": stack, "environment": environment}}, indent=2))
