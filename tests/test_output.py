"""An output is one value in memory; on disk it is there whole or not at all, beside what users keep there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from planform.diagnostics import DiagnosticError
from planform.output.folder import MARKER, rescue
from planform.output.output import Output

STATE = "stacks/acme-dev-data/terraform.tfstate"

KEPT = {
    STATE: '{"serial": 7}',
    "stacks/acme-dev-data/terraform.tfstate.backup": '{"serial": 6}',
    "stacks/acme-dev-data/.terraform.lock.hcl": "provider {}",
    "stacks/acme-dev-data/.terraform/providers/google": "binary",
    "stacks/acme-dev-data/mine.auto.tfvars": "x = 1",
    "notes.txt": "remember",
}


def manifest(*stacks: str) -> str:
    entries = {
        name: {"workingDirectory": f"stacks/{name}", "synthesizedStackPath": f"stacks/{name}/cdk.tf.json"}
        for name in stacks
    }
    return json.dumps({"stacks": entries, "version": "1"})


def output(text: str, *stacks: str) -> Output:
    names = stacks or ("acme-dev-data", "acme-dev-resource")
    files: dict[str, str | bytes] = {f"stacks/{name}/cdk.tf.json": f"{name}: {text}" for name in names}
    return Output({**files, "manifest.json": manifest(*names), "portal/logo.png": b"\x89PNG\xff"})


def put(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def on_disk(folder: Path) -> dict[str, bytes]:
    return {
        place.relative_to(folder).as_posix(): place.read_bytes()
        for place in sorted(folder.rglob("*"))
        if place.is_file() and place.name != MARKER
    }


def in_bytes(made: Output) -> dict[str, bytes]:
    return {path: text if isinstance(text, bytes) else text.encode() for path, text in made.files.items()}


def code_of(caught: pytest.ExceptionInfo[DiagnosticError]) -> set[str]:
    assert all(each.help for each in caught.value.diagnostics), "each fault states its remedy"
    return {each.code for each in caught.value.diagnostics}


def test_order_of_files_is_order_of_paths_and_digest_follows_content_only() -> None:
    one, other = Output({"b": "2", "a": b"1"}), Output({"a": "1", "b": b"2"})
    assert list(one.files) == ["a", "b"]
    assert one.digest() == other.digest()
    assert one.digest() != Output({"a": "1", "b": "3"}).digest()
    assert Output({"ab": "c"}).digest() != Output({"a": "bc"}).digest()


def test_difference_names_added_changed_removed() -> None:
    found = Output({"a": "1", "b": "1", "c": b"1"}).difference(Output({"b": "2", "c": "1", "d": "1"}))
    assert (found.added, found.changed, found.removed) == (("d",), ("b",), ("a",))
    assert found
    assert not Output({"a": "1"}).difference(Output({"a": b"1"}))


def test_written_output_reads_back_equal(tmp_path: Path) -> None:
    made = output("1")
    made.write(tmp_path / "new" / "out")
    assert Output.read(tmp_path / "new" / "out") == made
    assert Output.read(tmp_path / "new" / "out").digest() == made.digest()
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["out"]


def test_folder_of_the_engines_own_command_is_read_by_its_manifest(tmp_path: Path) -> None:
    put(tmp_path, {"manifest.json": manifest("a"), "stacks/a/cdk.tf.json": "{}", **KEPT})
    assert list(Output.read(tmp_path).files) == ["manifest.json", "stacks/a/cdk.tf.json"]


def test_rewrite_replaces_own_files_and_keeps_the_users(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    output("1", "acme-dev-data", "acme-dev-old").write(folder)
    put(folder, {**KEPT, "stacks/acme-dev-old/terraform.tfstate": "{}"})
    (folder / "stacks/acme-dev-data/.terraform/cache").symlink_to("/usr/share", target_is_directory=True)
    output("2").write(folder)
    assert Output.read(folder) == output("2")
    kept = {path: text.encode() for path, text in KEPT.items()}
    assert on_disk(folder) == {
        **in_bytes(output("2")),
        **kept,
        "stacks/acme-dev-old/terraform.tfstate": b"{}",
    }, "a stack that is gone leaves its state, and nothing else"
    assert (folder / "stacks/acme-dev-data/.terraform/cache").readlink() == Path("/usr/share")
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_what_stays_is_the_same_file_and_what_was_edited_is_written_anew(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    Output({"same": "1", "other": "1", "edited": "1", "replaced": "1"}).write(folder)
    before = {place.name: place.stat().st_ino for place in folder.iterdir()}
    (folder / "edited").write_text("2")
    (tmp_path / "elsewhere").write_text("1")
    (folder / "replaced").unlink()
    (folder / "replaced").symlink_to(tmp_path / "elsewhere")
    Output({"same": "1", "other": "2", "edited": "1", "replaced": "1"}).write(folder)
    after = {place.name: place.stat().st_ino for place in folder.iterdir()}
    assert [name for name in ("same", "other", "edited", "replaced") if before[name] == after[name]] == ["same"]
    assert {name: (folder / name).read_text() for name in after if name[0] != "."} == {
        "same": "1",
        "other": "2",
        "edited": "1",
        "replaced": "1",
    }
    assert not (folder / "replaced").is_symlink() and (folder / "same").stat().st_nlink == 1


def test_part_has_the_bytes_of_the_whole_and_leaves_the_rest(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    output("2").write(whole)
    output("1", "acme-dev-data", "acme-dev-old").write(part)
    put(part, KEPT)
    output("2").write(part, only=["stacks/acme-dev-data"])
    path = "stacks/acme-dev-data/cdk.tf.json"
    assert (part / path).read_bytes() == (whole / path).read_bytes()
    assert (part / "stacks/acme-dev-old/cdk.tf.json").read_text() == "acme-dev-old: 1"
    assert not (part / "stacks/acme-dev-resource").exists()
    assert list(json.loads((part / "manifest.json").read_text())["stacks"]) == [
        "acme-dev-data",
        "acme-dev-old",
    ]
    assert (part / STATE).read_text() == KEPT[STATE]


def test_part_can_be_the_first_that_is_written(tmp_path: Path) -> None:
    output("1").write(tmp_path / "out", only=["stacks/acme-dev-data"])
    assert list(Output.read(tmp_path / "out").files) == ["manifest.json", "stacks/acme-dev-data/cdk.tf.json"]


def test_part_is_not_written_beside_a_manifest_that_someone_changed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    output("1").write(folder)
    put(folder, {"manifest.json": "[]"})
    with pytest.raises(DiagnosticError) as caught:
        output("2").write(folder, only=["stacks/acme-dev-data"])
    assert code_of(caught) == {"output/foreign-folder"}
    output("2").write(folder)
    assert Output.read(folder) == output("2")


UNSAFE = [
    "/etc/passwd",
    "../up",
    "a/../../up",
    "",
    "a//b",
    "./a",
    "a/.",
    "C:/x",
    "a\\b",
    "a\nb",
    "a\x00b",
    MARKER,
]


@pytest.mark.parametrize("path", [*UNSAFE, "x" * 256])
def test_path_that_is_not_plainly_inside_is_refused(path: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        Output({path: "", "fine": ""})
    assert code_of(caught) == {"output/unsafe-path"}


def test_all_unsafe_paths_are_named_at_once() -> None:
    with pytest.raises(DiagnosticError) as caught:
        Output({"../a": "", "/b": "", "c": "", "C": "", "d": "", "d/e": ""})
    assert len(caught.value.diagnostics) == 4


def test_folder_that_planform_did_not_write_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, {"thesis.tex": "years of work"})
    with pytest.raises(DiagnosticError) as caught:
        output("1").write(tmp_path)
    assert code_of(caught) == {"output/foreign-folder"}
    assert on_disk(tmp_path) == {"thesis.tex": b"years of work"}


def test_empty_folder_may_be_taken(tmp_path: Path) -> None:
    output("1").write(tmp_path)
    assert Output.read(tmp_path) == output("1")


def test_users_file_in_the_way_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    output("1", "acme-dev-data").write(folder)
    put(folder, {"stacks/acme-dev-resource/cdk.tf.json": "by hand"})
    with pytest.raises(DiagnosticError) as caught:
        output("2").write(folder)
    assert code_of(caught) == {"output/foreign-folder"}
    assert (folder / "stacks/acme-dev-resource/cdk.tf.json").read_text() == "by hand"
    assert (folder / "stacks/acme-dev-data/cdk.tf.json").read_text() == "acme-dev-data: 1"


def test_link_in_the_output_cannot_lead_a_write_out_of_it(tmp_path: Path) -> None:
    folder, outside = tmp_path / "out", tmp_path / "outside"
    outside.mkdir()
    output("1", "acme-dev-data").write(folder)
    (folder / "stacks/acme-dev-resource").symlink_to(outside, target_is_directory=True)
    with pytest.raises(DiagnosticError) as caught:
        output("2").write(folder)
    assert code_of(caught) == {"output/unsafe-path"}
    assert not list(outside.iterdir())


def test_link_or_listing_cannot_lead_a_read_out_of_the_output(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    put(tmp_path, {"secret": "s"})
    output("1").write(folder)
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").symlink_to(tmp_path / "secret")
    with pytest.raises(DiagnosticError) as linked:
        Output.read(folder)
    (folder / MARKER).write_text("../secret\n")
    with pytest.raises(DiagnosticError) as listed:
        Output.read(folder)
    assert code_of(linked) == code_of(listed) == {"output/unsafe-path"}


def test_link_to_a_folder_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk", target_is_directory=True)
    output("1").write(tmp_path / "out")
    output("2").write(tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert Output.read(tmp_path / "disk") == output("2")


def test_terraform_at_work_in_a_stack_is_not_disturbed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    output("1").write(folder)
    put(folder, {"stacks/acme-dev-data/.terraform.tfstate.lock.info": "{}"})
    with pytest.raises(DiagnosticError) as caught:
        output("2").write(folder)
    assert code_of(caught) == {"output/in-use"}
    assert Output.read(folder) == output("1")


def test_place_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    put(tmp_path, {"file": ""})
    with pytest.raises(DiagnosticError) as caught:
        output("1").write(tmp_path / "file" / "out")
    assert code_of(caught) == {"output/not-writable"}
    with pytest.raises(DiagnosticError) as caught:
        output("1").write(tmp_path / "file")
    assert code_of(caught) == {"output/foreign-folder"}


FULL_DISK = """
import resource, sys
from planform.diagnostics import DiagnosticError
from planform.output.output import Output
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    Output({"manifest.json": "2", "stacks/a/cdk.tf.json": "x" * 5000}).write(sys.argv[1])
except DiagnosticError as fault:
    print(*(each.code for each in fault.diagnostics))
"""


def test_no_room_leaves_the_old_output_whole(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    output("1").write(folder)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "output/no-space"
    assert Output.read(folder) == output("1")
    assert [each.name for each in tmp_path.iterdir()] == ["out"], "nothing is left beside it"


ENDLESS = """
import sys
from planform.output.output import Output
outputs = [Output({f"stacks/s{at}/cdk.tf.json": text * 2000 for at in range(120)}) for text in ("one", "two")]
print("ready", flush=True)
while True:
    for each in outputs:
        each.write(sys.argv[1])
"""


def test_killed_run_leaves_the_old_or_the_new_output_whole(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    one, two = (Output({f"stacks/s{at}/cdk.tf.json": text * 2000 for at in range(120)}) for text in ("one", "two"))
    one.write(folder)
    put(folder, {"stacks/s7/terraform.tfstate": "precious"})
    chance = random.Random(7)
    left_behind = 0
    for _ in range(15):
        with subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(folder)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.12))
            process.send_signal(signal.SIGKILL)
        left_behind += any(each.name != "out" for each in tmp_path.iterdir())
        assert Output.read(folder) in (one, two)
        assert (folder / "stacks/s7/terraform.tfstate").read_text() == "precious"
    assert left_behind, "at least one run was killed in the middle"
    one.write(folder)
    assert [each.name for each in tmp_path.iterdir()] == ["out"], "the next run clears up"


def test_run_killed_between_two_renames_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    output("1").write(folder)
    put(folder, KEPT)
    folder.rename(tmp_path / ".out.planform-old")
    assert Output.read(folder) == output("1")
    folder.rename(tmp_path / ".out.planform-old")
    output("2").write(folder)
    assert Output.read(folder) == output("2")
    assert (folder / STATE).read_text() == KEPT[STATE]


def test_state_that_came_while_the_folders_changed_places_is_brought_over(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    put(old, {"cdk.tf.json": "1", "terraform.tfstate": "late", "stacks/a/terraform.tfstate": "first"})
    put(new, {"cdk.tf.json": "2", "terraform.tfstate": "early"})
    os.utime(new / "terraform.tfstate", (0, 0))
    rescue(old, new, frozenset({"cdk.tf.json"}))
    assert on_disk(new) == {
        "cdk.tf.json": b"2",
        "terraform.tfstate": b"late",
        "stacks/a/terraform.tfstate": b"first",
    }


def test_modes_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        output("1").write(tmp_path / "out")
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out/manifest.json").stat().st_mode & 0o777 == 0o644
