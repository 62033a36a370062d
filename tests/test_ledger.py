"""With a ledger a rename moves, a lost database is refused, and nothing changes for who has none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from planform.blueprint.document import Document
from planform.blueprint.read import read, read_text
from planform.cli import main
from planform.diagnostics import Diagnostic, DiagnosticError
from planform.engine import App, TerraformStack
from planform.ledger.document import empty, is_in_step, text
from planform.ledger.entries import entries_of
from planform.ledger.keep import keep
from planform.ledger.shipped import Shipped, moves_since, read_moves, shipped
from planform.pipeline import Compilation, compile_documents
from planform.preview.changes import Action, Risk
from planform.preview.plan import planner
from planform.preview.preview import preview
from planform.preview.render import render
from planform.preview.revision import Side
from planform.spec.addresses import Removal, Transfer
from planform.spec.resolve import addresses_of
from planform.terraform.google import SqlDatabaseInstance, StorageBucket, VertexAiTensorboard
from planform.terraform.record import Records, records_of
from tests import terraform

PLATFORM = """\
planform: 1
kind: Platform
name: acme-ai
organization: {domain: acme.example}
region: europe-west4
planes:
  security: {services: project-services, identity: iam, keys: cloud-kms}
  resource:
    networking: vpc
    database: cloud-sql
    object_store:
      use: gcs
      buckets:
        events: {readers: ["group:ml@acme.example"]}
  extra: {registry: {use: artifact-registry, repositories: {images: {}}}}
environments:
  dev: {project: acme-ai-dev, project_number: "111111111111"}
  prod: {project: acme-ai-prod, project_number: "222222222222"}
"""
RESOURCE = "acme-ai-dev-resource"


def edited(*edits: tuple[str, str]) -> str:
    result = PLATFORM
    for old, new in edits:
        assert result.count(old) == 1, f"{old!r} is there {result.count(old)} times"
        result = result.replace(old, new)
    return result


def ledger_of(blueprint: str) -> str:
    """What `planform move` writes for a blueprint that has no ledger yet."""
    keeping = compile_documents(read_text(blueprint, "platform.yaml"), ledger=empty()).keeping
    assert keeping is not None
    return text(keeping.wanted)


@pytest.fixture(scope="module")
def kept() -> str:
    return ledger_of(PLATFORM)


def documents(blueprint: str, ledger: str) -> tuple[Document, ...]:
    return (*read_text(blueprint, "platform.yaml"), *read_text(ledger, "addresses.yaml"))


def compiled(blueprint: str, ledger: str, **options: Any) -> Compilation:
    return compile_documents(documents(blueprint, ledger), **options)


def refused(blueprint: str, ledger: str, **options: Any) -> Sequence[Diagnostic]:
    with pytest.raises(DiagnosticError) as fault:
        compiled(blueprint, ledger, **options)
    return fault.value.diagnostics


def stack(compilation: Compilation, name: str = RESOURCE) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(str(compilation.output.files[f"stacks/{name}/cdk.tf.json"]))
    return found


# A platform


def test_a_ledger_in_step_changes_no_byte(kept: str) -> None:
    without, with_ledger = compile_documents(read_text(PLATFORM)), compiled(PLATFORM, kept)
    assert without.keeping is None
    assert with_ledger.output.digest() == without.output.digest()
    assert with_ledger.findings == without.findings


def test_the_ledger_is_the_same_each_time_and_reads_back(kept: str) -> None:
    again = compiled(PLATFORM, kept).keeping
    assert again is not None
    assert again.findings == () and is_in_step(again.ledger, again.wanted)
    assert text(again.wanted) == kept == ledger_of(PLATFORM)


def test_a_line_of_the_ledger_says_what_is_kept_and_how_the_cloud_calls_it(kept: str) -> None:
    lines = [line.strip() for line in kept.splitlines()]
    assert 'google_storage_bucket.events: {id: "acme-ai-dev-events", keeps: "objects"}' in lines
    assert "resource.object_store/gcs:" in lines
    member = 'google_storage_bucket_iam_member.events_reader_group_ml: {id: "acme-ai-dev-events'
    assert f'{member} roles/storage.objectViewer group:ml@acme.example"}}' in lines
    assert lines.count("resource.database/cloud-sql:") == 2  # dev and prod


def test_a_bucket_that_keeps_its_name_in_the_cloud_moves(kept: str) -> None:
    renamed = edited(("        events: {", "        runs: {name: acme-ai-dev-events, "))
    dev = compiled(renamed, kept, environments=["dev"])
    member = "google_storage_bucket_iam_member."
    assert stack(dev)["moved"] == [
        {"from": "google_storage_bucket.events", "to": "google_storage_bucket.runs"},
        {"from": f"{member}events_reader_group_ml", "to": f"{member}runs_reader_group_ml"},
    ]
    (warning,) = [each for each in dev.findings if each.code.startswith("ledger/")]
    assert (warning.code, warning.severity) == ("ledger/out-of-step", "warning")
    assert "2 moved" in warning.summary


def test_a_move_stays_written_when_the_ledger_knows_it(kept: str) -> None:
    renamed = edited(
        ("        events: {", "        runs: {name: acme-ai-dev-events, "),
        ('"222222222222"}', '"222222222222", planes: {resource: {object_store: {buckets: {runs: null}}}}}'),
    )
    first = compiled(renamed, kept, environments=["dev"])
    assert first.keeping is not None
    second = compiled(renamed, text(first.keeping.wanted), environments=["dev"])
    assert second.keeping is not None
    assert is_in_step(second.keeping.ledger, second.keeping.wanted)
    assert second.output.digest() == first.output.digest()
    assert text(second.keeping.wanted) == text(first.keeping.wanted)


def test_a_bucket_of_another_name_is_refused_at_the_line_that_renames_it(kept: str) -> None:
    (dev, prod) = refused(edited(("        events:", "        runs:")), kept)
    assert (dev.code, prod.code) == ("ledger/stateful-gone", "ledger/stateful-gone")
    assert dev.at is not None
    assert (dev.at.file, dev.at.line) == ("platform.yaml", 14)
    assert dev.summary == (
        f"`{RESOURCE}` would destroy `google_storage_bucket.events` of `resource.object_store/gcs`, and with it objects"
    )
    assert any(note.startswith("`google_storage_bucket.runs` is new there") for note in dev.notes)
    assert "--remove google_storage_bucket.events" in dev.help


def test_a_database_that_is_taken_out_is_refused(kept: str) -> None:
    found = refused(edited(("    database: cloud-sql\n", "")), kept)
    lost = [each for each in found if "resource.database/cloud-sql" in each.summary]
    assert {each.code for each in lost} == {"ledger/stateful-gone"}
    assert [each.at.line for each in lost if each.at] == [8, 8]  # the plane that it was in
    notes = " ".join(lost[0].notes)
    assert "`google_sql_database_instance.database` keeps databases" in notes
    assert "addresses.yaml:" in notes


def test_another_component_in_a_slot_is_refused_at_the_slot(kept: str) -> None:
    found = refused(edited(("database: cloud-sql", "database: alloydb")), kept, environments=["dev"])
    (lost,) = [each for each in found if "resource.database/cloud-sql" in each.summary]
    assert (lost.code, lost.at and lost.at.line) == ("ledger/stateful-gone", 10)
    assert "planform move" in lost.help


def test_an_environment_that_overrides_a_slot_is_named(kept: str) -> None:
    prod = edited(('"222222222222"}', '"222222222222", planes: {resource: {object_store: s3-nothing}}}')).replace(
        "{object_store: s3-nothing}", "{database: {use: alloydb}}"
    )
    found = [each for each in refused(prod, kept) if "resource.database/cloud-sql" in each.summary]
    assert [(each.at and each.at.line) for each in found] == [18]


def test_an_environment_that_is_taken_out_is_refused(kept: str) -> None:
    gone = edited(('  prod: {project: acme-ai-prod, project_number: "222222222222"}\n', ""))
    assert {each.code for each in refused(gone, kept)} == {"ledger/stateful-gone"}
    assert {each.at and each.at.line for each in refused(gone, kept)} == {16}


def test_environments_that_are_not_compiled_are_not_missed(kept: str) -> None:
    dev = compiled(PLATFORM, kept, environments=["dev"], planes=["resource"])
    assert [each.code for each in dev.findings if each.code.startswith("ledger/")] == []
    assert dev.keeping is not None
    assert is_in_step(dev.keeping.ledger, dev.keeping.wanted)


def test_what_keeps_nothing_may_go(kept: str) -> None:
    fewer = compiled(edited(('{readers: ["group:ml@acme.example"]}', "{}")), kept)
    assert [each.code for each in fewer.findings if each.code.startswith("ledger/")] == ["ledger/out-of-step"]
    assert "moved" not in stack(fewer)


def test_another_plane_is_another_state_and_told(kept: str) -> None:
    moved = edited(
        (
            "  extra: {registry: {use: artifact-registry, repositories: {images: {}}}}",
            "  other: {registry: {use: artifact-registry, repositories: {images: {}}}}",
        )
    )
    found = refused(moved, kept, environments=["dev"])
    (told,) = [each for each in found if each.code == "ledger/other-stack"]
    assert "from the state of `acme-ai-dev-extra` to that of `acme-ai-dev-other`" in told.summary
    assert (told.at and told.at.line) == 15
    assert "--transfer" in told.help


# The verb


@pytest.fixture
def folder(tmp_path: Path, kept: str) -> Path:
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    (tmp_path / "addresses.yaml").write_text(kept)
    return tmp_path


@pytest.fixture
def planform(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """A run of the command line: exit code, stdout, stderr; FOLDER stands for the blueprint's."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([each.replace("FOLDER", str(folder)) for each in (*arguments, "--no-color")])
        said = capsys.readouterr()
        return int(str(ended.value.code)), said.out, said.err

    return run


def test_the_verb_writes_the_ledger_and_the_second_time_the_same(folder: Path, kept: str, planform: Any) -> None:
    (folder / "addresses.yaml").unlink()
    code, _, said = planform("move", "FOLDER")
    assert (code, (folder / "addresses.yaml").read_text()) == (0, kept)
    assert "addresses, " in said
    assert planform("move", "FOLDER")[:2] == (0, "")
    assert (folder / "addresses.yaml").read_text() == kept


def test_a_locked_synth_refuses_without_a_ledger_and_out_of_step(folder: Path, planform: Any) -> None:
    assert planform("synth", "FOLDER", "--out", "FOLDER/out", "--locked")[0] == 0
    (folder / "platform.yaml").write_text(edited(("        events:", "        more: {}\n        events:")))
    code, _, said = planform("synth", "FOLDER", "--out", "FOLDER/out", "--locked")
    assert (code, "error[ledger/out-of-step]" in said) == (1, True)
    code, _, said = planform("synth", "FOLDER", "--out", "FOLDER/out")
    assert (code, "warning[ledger/out-of-step]" in said) == (0, True)
    (folder / "addresses.yaml").unlink()
    code, _, said = planform("synth", "FOLDER", "--out", "FOLDER/out", "--locked")
    assert (code, "has no ledger" in said) == (1, True)


def test_a_removal_with_its_reason_lets_it_go(folder: Path, planform: Any) -> None:
    bucket = "google_storage_bucket.events"
    (folder / "platform.yaml").write_text(edited(("        events:", "        runs:")))
    assert planform("move", "FOLDER")[0] == 1
    leave = ("--remove", bucket, "--reason", "it was copied", "--owner", "ml-team")
    code, out, said = planform("move", "FOLDER", "--stack", RESOURCE, *leave)
    assert (code, out) == (0, f"remove   {RESOURCE} {bucket}\n")
    assert "`acme-ai-prod-resource` would destroy" in said
    assert planform("validate", "FOLDER")[0] == 1
    assert planform("move", "FOLDER", "--stack", "acme-ai-prod-resource", *leave)[0] == 0
    assert planform("validate", "FOLDER")[0] == 0
    written = (folder / "addresses.yaml").read_text()
    assert f'- {{stack: "{RESOURCE}", address: "{bucket}", destroy: true, reason: "it was copied"' in written


def test_removals_can_be_said_before_the_blueprint_is_edited(folder: Path, planform: Any) -> None:
    bucket = "google_storage_bucket.events"
    for name in (RESOURCE, "acme-ai-prod-resource"):
        keep_it = ("--keep",) if name == RESOURCE else ()
        code, out, _ = planform(
            "move", "FOLDER", "--stack", name, "--remove", bucket, "--reason", "it is moved", "--owner", "ml", *keep_it
        )
        assert (code, out) == (0, f"{'forget' if keep_it else 'remove'}   {name} {bucket}\n")
    (folder / "platform.yaml").write_text(edited(("        events:", "        runs:")))
    assert planform("move", "FOLDER")[0] == 0
    both = compile_documents(read(folder))
    assert [each.code for each in both.findings if each.code.startswith("ledger/")] == []
    assert stack(both)["removed"] == [{"from": bucket, "lifecycle": {"destroy": False}}]
    assert "removed" not in stack(both, "acme-ai-prod-resource")
    assert planform("move", "FOLDER", "--settle")[0] == 0
    assert "removals" not in (folder / "addresses.yaml").read_text()


def test_a_move_that_is_asked_for_cannot_carry_what_has_another_name(folder: Path, planform: Any) -> None:
    move = ("--from", "google_storage_bucket.events", "--to", "google_storage_bucket.runs")
    assert planform("move", "FOLDER", "--stack", RESOURCE, *move)[0] == 0  # pending: the blueprint is as before
    (folder / "platform.yaml").write_text(edited(("        events:", "        runs:")))
    code, _, said = planform("validate", "FOLDER", "--env", "dev")
    assert (code, "would destroy objects all the same" in said) == (1, True)


def test_unknown_addresses_and_types_are_refused(planform: Any) -> None:
    move = ("move", "FOLDER", "--stack", RESOURCE, "--from")
    code, _, said = planform(*move, "google_storage_bucket.evnts", "--to", "google_storage_bucket.x")
    assert (code, "did you mean `google_storage_bucket.events`?" in said) == (1, True)
    code, _, said = planform(*move, "google_storage_bucket.events", "--to", "google_sql_database.x")
    assert (code, "ledger/other-type" in said) == (1, True)
    assert planform("move", "FOLDER", "--remove", "google_storage_bucket.events")[0] == 2


def test_text_that_cannot_be_an_entry_is_told(folder: Path, kept: str, planform: Any) -> None:
    bucket = "google_storage_bucket.events"
    wrong: list[tuple[str, ...]] = [
        ("--from", bucket, "--to", to) for to in (bucket, "google_storage_bucket.a b", "google_storage_bucket.")
    ]
    wrong += [
        ("--remove", bucket, "--reason", why, "--owner", who) for why, who in (("two\nlines", "ml"), ("x", "m\tl"))
    ]
    for each in wrong:
        code, out, said = planform("move", "FOLDER", "--stack", RESOURCE, *each)
        assert (code, out) == (1, "")
        assert said.startswith("error[ledger/bad-entry]: ")
    assert (folder / "addresses.yaml").read_text() == kept


def test_a_transfer_forgets_here_and_imports_there(folder: Path, planform: Any) -> None:
    (folder / "platform.yaml").write_text(
        edited(
            (
                "    networking: vpc\n    database: cloud-sql\n    object_store:",
                "    networking: vpc\n    object_store:",
            ),
            ("  extra: {registry", "  extra: {database: cloud-sql, registry"),
        )
    )
    code, _, said = planform("move", "FOLDER")
    assert (code, "ledger/other-stack" in said) == (1, True)
    code, out, _ = planform("move", "FOLDER", "--transfer")
    assert code == 0
    assert f"transfer {RESOURCE} google_sql_database_instance.database -> acme-ai-dev-extra/" in out
    both = compile_documents(read(folder))
    assert {"from": "google_sql_database_instance.database", "lifecycle": {"destroy": False}} in stack(both)["removed"]
    imported = {each["to"]: each["id"] for each in stack(both, "acme-ai-dev-extra")["import"]}
    assert imported["google_sql_database_instance.database"] == "acme-ai-dev-database-01"
    assert not any("iam_member" in address for address in imported)
    assert planform("move", "FOLDER")[0] == 0
    assert planform("move", "FOLDER", "--settle")[0] == 0
    assert "import" not in stack(compile_documents(read(folder)), "acme-ai-dev-extra")


def test_a_second_ledger_is_refused(folder: Path, kept: str, planform: Any) -> None:
    (folder / "more.yaml").write_text(kept)
    code, _, said = planform("validate", "FOLDER")
    assert (code, "spec/two-addresses" in said) == (1, True)


# One's own stacks


def one_stack(build: Callable[[TerraformStack], object], name: str = "own") -> dict[str, Records]:
    stack = TerraformStack(App(), name)
    build(stack)
    return {name: records_of(stack)}


def own_ledger(records: Mapping[str, Records]) -> Any:
    return keep(empty(), records, (), ()).wanted


def bucket(name: str, cloud_name: str, **more: Any) -> Callable[[TerraformStack], object]:
    return lambda stack: StorageBucket(stack, name, name=cloud_name, location="EU", **more)


def moves_in(records: Mapping[str, Records]) -> list[str]:
    moves = records["own"].document()["moved"]
    return [" -> ".join(each[end].partition(".")[2] for end in ("from", "to")) for each in moves]


def test_moves_one_after_another_are_all_written() -> None:
    ledger = own_ledger(one_stack(bucket("a", "acme-a")))
    ledger = keep(ledger, one_stack(bucket("b", "acme-a")), (), ()).wanted
    records = one_stack(bucket("c", "acme-a"))
    ledger = keep(ledger, records, (), ()).wanted
    expected = [
        ("google_storage_bucket.a", "google_storage_bucket.b"),
        ("google_storage_bucket.b", "google_storage_bucket.c"),
    ]
    assert [(each["from"], each["to"]) for each in records["own"].document()["moved"]] == expected
    back = one_stack(bucket("a", "acme-a"))
    keep(ledger, back, (), ())
    assert moves_in(back) == ["b -> c", "c -> a"]


def test_what_has_no_id_moves_by_its_name() -> None:
    def board(id_: str, name: str) -> Callable[[TerraformStack], object]:
        return lambda stack: VertexAiTensorboard(stack, id_, display_name=name, region="europe-west4")

    ledger = own_ledger(one_stack(board("a", "runs")))
    assert keep(ledger, one_stack(board("b", "runs")), (), ()).compared.moves[0].to == "google_vertex_ai_tensorboard.b"
    (lost,) = keep(ledger, one_stack(board("b", "other")), (), ()).findings
    assert lost.code == "ledger/stateful-gone"


def test_a_rename_that_a_component_declares_is_enough() -> None:
    ledger = own_ledger(one_stack(bucket("a", "acme-a")))
    records = one_stack(bucket("b", "acme-b", renamed_from="a"))
    found = keep(ledger, records, (), ()).findings
    assert [each.code for each in found] == ["ledger/stateful-gone"]
    records = one_stack(bucket("b", "acme-a", renamed_from="a"))
    assert [each.code for each in keep(ledger, records, (), ()).findings] == ["ledger/out-of-step"]
    assert len(records["own"].document()["moved"]) == 1


def test_a_transfer_to_nothing_is_refused_and_forgets_nothing() -> None:
    place = "google_storage_bucket"
    ledger = own_ledger(one_stack(bucket("b", "acme-b")))
    lost = Transfer(from_=f"own/{place}.a", to=f"other/{place}.a", id="acme-a")

    def kept_with(*transfers: Transfer, others: dict[str, Records], **removals: Any) -> tuple[list[str], bool]:
        records = one_stack(bucket("b", "acme-b")) | others
        held = ledger.model_copy(update={"transfers": transfers, **removals})
        found = keep(held, records, (), ()).findings
        codes = [each.code for each in found if each.severity.stops]
        return codes, "removed" in records["own"].document()

    there = one_stack(bucket("a", "acme-a"), "other")
    further = one_stack(bucket("a", "acme-a"), "third")
    onward = Transfer(from_=f"other/{place}.a", to=f"third/{place}.a", id="acme-a")
    assert kept_with(lost, others={}) == (["ledger/transfer-to-nothing"], False)
    assert kept_with(lost, others=one_stack(lambda stack: None, "other")) == (["ledger/transfer-to-nothing"], False)
    assert kept_with(lost, others=there) == ([], True)
    assert kept_with(lost, onward, others=further) == ([], True)
    gone = Removal(stack="other", address=f"{place}.a", reason="done", owner="data-team")
    assert kept_with(lost, others={}, removals=(gone,)) == ([], False)
    assert kept_with(lost, others={}, removals=(gone.model_copy(update={"destroy": False}),)) == ([], True)


def test_a_transfer_that_arrived_ends_with_what_it_brought() -> None:
    def board(stack: TerraformStack) -> None:
        VertexAiTensorboard(stack, "t", display_name="t")

    both = one_stack(bucket("b", "acme-b")) | one_stack(board, "other")
    ledger = own_ledger(both)
    went = Transfer(from_="own/google_vertex_ai_tensorboard.t", to="other/google_vertex_ai_tensorboard.t")
    held = ledger.model_copy(update={"transfers": (went,)})
    assert keep(held, both, (), ()).wanted.transfers == (went,)
    left = keep(held, one_stack(bucket("b", "acme-b")), (), ())
    assert left.wanted.transfers == ()


def test_two_that_may_be_meant_are_not_guessed() -> None:
    def server(*ids: str) -> Callable[[TerraformStack], object]:
        def build(stack: TerraformStack) -> None:
            for id_ in ids:
                SqlDatabaseInstance(stack, id_, name="acme-1", database_version="POSTGRES_17")

        return build

    ledger = own_ledger(one_stack(server("a")))
    assert keep(ledger, one_stack(server("b", "c")), (), ()).compared.moves == ()


# Releases of planform


def test_a_release_brings_its_own_moves() -> None:
    listed = read_moves(
        '"0.2.0":\n  object_store:\n  - {from: google_storage_bucket.*_bucket, to: google_storage_bucket.*}\n'
        '"0.3.0":\n  object_store:\n  - {from: google_storage_bucket.a, to: google_storage_bucket.b}\n'
    )
    records = one_stack(lambda stack: None)
    assert list(entries_of(records, ())) == []
    ledger = ledger_of(PLATFORM).replace("google_storage_bucket.events:", "google_storage_bucket.events_bucket:")
    entry = next(each for each in kept_entries(ledger) if each.address == "google_storage_bucket.events_bucket")
    (move,) = moves_since("0.1.0", [entry], listed, now="0.2.0")
    assert (move.from_, move.to) == ("google_storage_bucket.events_bucket", "google_storage_bucket.events")
    assert list(moves_since("0.2.0", [entry], listed, now="0.3.0")) == []
    assert Shipped("1", "x", "t.a", "t.b").applied("t.ab") is None


def kept_entries(ledger: str) -> Any:
    from planform.ledger.entries import kept_in

    found = addresses_of(read_text(ledger))
    assert found is not None
    return list(kept_in(found))


def test_a_shipped_move_carries_what_has_no_id_that_can_be_told() -> None:
    def dashboards(id_: str) -> Callable[[TerraformStack], object]:
        from planform.terraform.google import MonitoringDashboard

        return lambda stack: MonitoringDashboard(stack, id_, dashboard_json="{}")

    ledger = own_ledger(one_stack(dashboards("board")))
    release = [Shipped("0.1.0", "stack", "google_monitoring_dashboard.board", "google_monitoring_dashboard.page")]
    old = ledger.model_copy(update={"written_by": "0.0.9"})
    records = one_stack(dashboards("page"))
    keep(old, records, (), (), shipped=release)
    assert records["own"].document()["moved"] == [
        {"from": "google_monitoring_dashboard.board", "to": "google_monitoring_dashboard.page"}
    ]
    records = one_stack(dashboards("page"))
    keep(ledger, records, (), (), shipped=release)
    assert "moved" not in records["own"].document()


def test_the_shipped_list_can_be_read() -> None:
    text = files("planform.ledger").joinpath("moves.yaml").read_text(encoding="utf-8")
    sample = read_moves("\n".join(line[4:] for line in text.splitlines() if line.startswith("#   ")))
    assert sample
    for each in (*sample, *shipped()):
        assert each.applied(each.from_.replace("*", "x")) == each.to.replace("*", "x")


# Preview and Terraform


def renamed_sides(kept: str) -> tuple[Side, Side]:
    renamed = edited(("        events: {", "        runs: {name: acme-ai-dev-events, "))
    after = compiled(renamed, kept, environments=["dev"]).keeping
    assert after is not None
    return Side("base", documents(PLATFORM, kept), {}), Side("head", documents(renamed, text(after.wanted)), {})


def test_a_preview_shows_a_move_and_the_line_of_the_rename(kept: str) -> None:
    changes = preview(*renamed_sides(kept), environments=["dev"])
    moves = {each.address: each for each in changes if each.verdict.kind == "terraform"}
    assert {each.action for each in moves.values()} == {Action.MOVE}
    moved = moves["google_storage_bucket.runs"]
    assert moved.verdict.previous_address == "google_storage_bucket.events"
    assert moved.because is not None
    assert (moved.because.at.file, moved.because.at.line) == ("platform.yaml", 14)
    assert changes.risk in (Risk.NONE, Risk.IN_PLACE)


ACKNOWLEDGED = """\
acknowledgements:
- {stack: acme-ai-dev-resource, address: google_storage_bucket.events, action: destroy, reason: copied, owner: ml-team,
   expires: "2026-12-31"}
"""


@pytest.mark.parametrize(
    ("today", "meant", "note"),
    [(date(2026, 12, 31), "meant, says ml-team until 2026-12-31: copied", ""), (date(2027, 1, 1), "", "ended on")],
)
def test_a_dangerous_change_can_be_acknowledged_until_a_day(today: date, meant: str, note: str) -> None:
    after = edited(("        events:", "        runs:")) + ACKNOWLEDGED
    base, head = (Side(name, read_text(text), {}) for name, text in (("base", PLATFORM), ("head", after)))
    changes = preview(base, head, environments=["dev"], today=today)
    gone = next(each for each in changes if each.address == "google_storage_bucket.events")
    assert (gone.risk, gone.acknowledged) == (Risk.DATA_LOSS, meant)
    assert any(note in each for each in changes.notes) if note else changes.notes == ()
    for form in ("text", "markdown", "html"):
        assert ("says ml-team" in render(changes, form, "preview")) is bool(meant)


def test_an_acknowledgement_that_meets_nothing_is_told() -> None:
    base, head = (
        Side(name, read_text(text), {}) for name, text in (("base", PLATFORM), ("head", PLATFORM + ACKNOWLEDGED))
    )
    (note,) = preview(base, head, environments=["dev"], today=date(2026, 1, 1)).notes
    assert "meets no destroy of it" in note


def test_the_gate_lets_an_acknowledged_change_pass(folder: Path, planform: Any) -> None:
    (folder / "addresses.yaml").unlink()
    (folder / "base.yaml").write_text(PLATFORM)
    gone = edited(("        events:", "        runs:"))
    later = ACKNOWLEDGED.replace("2026-12-31", "9999-12-31")
    run = (
        "preview",
        "FOLDER/base.yaml",
        "FOLDER/platform.yaml",
        "--structure",
        "--env",
        "dev",
        "--fail-on",
        "data-loss",
    )
    for text_, code in ((gone, 1), (gone + later, 0), (gone + later.replace("destroy", "replace"), 1)):
        (folder / "platform.yaml").write_text(text_)
        assert planform(*run)[0] == code


@pytest.mark.terraform
def test_terraform_accepts_what_the_ledger_writes(tmp_path: Path) -> None:
    """Moves one after another, `removed` without destroying, and an import, in one stack of the real provider."""
    terraform.need("google")
    ledger = own_ledger(one_stack(bucket("a", "acme-a")))
    ledger = keep(ledger, one_stack(bucket("b", "acme-a")), (), ()).wanted
    place = "google_storage_bucket"
    transfers = (
        Transfer(from_=f"elsewhere/{place}.new", to=f"own/{place}.c", id="acme-a"),
        Transfer(from_=f"own/{place}.old", to=f"elsewhere/{place}.old", id="acme-old"),
    )
    records = one_stack(bucket("c", "acme-a")) | one_stack(bucket("old", "acme-old"), "elsewhere")
    keep(ledger.model_copy(update={"transfers": transfers}), records, (), ())
    document = records["own"].document()
    assert {name: len(document[name]) for name in ("moved", "removed", "import")} == {
        "moved": 2,
        "removed": 1,
        "import": 1,
    }
    (tmp_path / "cdk.tf.json").write_text(json.dumps(document))
    assert terraform.terraform(tmp_path, "init", "-input=false").returncode == 0
    judged = json.loads(terraform.terraform(tmp_path, "validate", "-json").stdout)
    assert (judged["valid"], judged["diagnostics"]) == (True, [])


@pytest.mark.terraform
def test_the_provider_calls_it_a_move_too(kept: str) -> None:
    terraform.need("google")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_CLI_CONFIG_FILE", str(terraform.configuration()))
        with planner() as found:
            changes = preview(*renamed_sides(kept), environments=["dev"], planner=found)
    actions = {each.address: each.action for each in changes if each.verdict.kind == "terraform"}
    assert actions["google_storage_bucket.runs"] is Action.MOVE
    assert set(actions.values()) == {Action.MOVE}


def test_is_in_step_ignores_who_wrote_it() -> None:
    assert is_in_step(empty(), empty().model_copy(update={"written_by": "9.9.9"}))
