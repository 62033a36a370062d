"""A preview says what the provider would do, why, and how dangerous it is, and nothing where nothing changes."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from planform.blueprint.read import read, read_text
from planform.output.output import Output
from planform.pipeline import compile_documents, compile_files
from planform.preview.changes import Action, Change, ChangeSet, Owner, Risk, Source, Verdict, attributes_between
from planform.preview.concerned import concerned
from planform.preview.plan import NotPlanned, Planner, planner, program
from planform.preview.preview import Owners, drift, preview
from planform.preview.render import COMMENT_BYTES, FORMATS, MARKER, render
from planform.preview.revision import Side, from_files
from planform.preview.risk import judge
from planform.preview.structure import compare, compare_documents, documents_of, resources_of
from tests import terraform
from tests.tools import absent

HERE = Path(__file__).parent / "previews"
ROOT = HERE.parent.parent
PLATFORM = (HERE / "platform.yaml").read_text()
CASES = yaml.safe_load((HERE / "corpus.yaml").read_text())
COSTS = yaml.safe_load((HERE / "costs.yaml").read_text())
IN_PART = (
    "database tier", "bucket moves to another location", "network range shrinks", "secrets slot emptied", "state moves"
)  # fmt: skip


def side(text: str, name: str = "head") -> Side:
    return Side(name, read_text(text, "platform.yaml"), {})


def edited(edits: list[tuple[str, str]], text: str = PLATFORM) -> str:
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def google() -> Iterator[Planner]:
    """Terraform with the google provider, as tests find it."""
    terraform.need("google")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_CLI_CONFIG_FILE", str(terraform.configuration()))
        with planner() as found:
            assert found is not None
            yield found


def changes_of(case: Mapping[str, Any], found: Planner | None) -> ChangeSet:
    environments = (case["environment"],) if case["environment"] else ()
    return preview(side(PLATFORM, "base"), side(edited(case["edits"])), environments=environments, planner=found)


def line_of(change: Change) -> str:
    cause = change.because
    return f"{'base ' if cause and cause.side == 'base' else ''}{cause.at.line if cause else None}"


def words(change: Change, *, attributes: bool = True) -> str:
    forced = f" because {', '.join(change.verdict.replace_because)}" if change.verdict.replace_because else ""
    return f"{change.action} {change.risk}{forced if attributes else ''} @ {line_of(change)}"


def where(change: Change) -> str:
    return f"{re.sub('^acme-a?[im]l?-[a-z]+-', '', change.stack)} {change.address}"


def cost_signs(found: ChangeSet) -> set[str]:
    """Which ways the costs of environments go."""
    return {str(row.delta.sign) for row in found.cost.environments} if found.cost is not None else set()


# The corpus


def agrees(case: Mapping[str, Any], found: ChangeSet) -> None:
    """The provider's verdicts are those of the corpus."""
    if "counts" in case:
        assert dict(Counter(words(change, attributes=False) for change in found)) == case["counts"]
    else:
        assert {where(change): words(change) for change in found} == case["expect"]
    assert not any("could only be compared" in note for note in found.notes)


@pytest.mark.terraform
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "-"))
def test_the_provider_says_what_the_corpus_says(
    case: Mapping[str, Any], google: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mostly of whole stacks, so that base is planned once for many; a part of a stack is judged as the whole is."""
    if case["name"] not in IN_PART:
        monkeypatch.setattr("planform.preview.preview.concerned", lambda base, head: (base, head))
    agrees(case, changes_of(case, google))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "-"))
def test_documents_alone_never_say_otherwise(case: Mapping[str, Any]) -> None:
    """Without a provider, comings and goings are the same, and no update is called one."""
    found = changes_of(case, None)
    assert all(change.source is Source.STRUCTURE for change in found)
    assert not any(change.action in (Action.UPDATE, Action.REPLACE) for change in found)
    assert cost_signs(found) - {"0"} == {COSTS.get(case["name"], "0")} - {"0"}
    if "counts" in case:
        told = Counter(words(change) for change in found if change.action in (Action.CREATE, Action.DESTROY))
        assert told == {key: n for key, n in case["counts"].items() if key.startswith(("create", "destroy"))}
        return
    said = {where(change): words(change) for change in found}
    for address, verdict in said.items():
        expected = case["expect"][address]
        action = expected.split()[0]
        undecided = action in ("update", "replace")
        assert verdict.split()[0] == ("update-or-replace" if undecided else action)
        assert verdict.rpartition("@")[2] == expected.rpartition("@")[2]
    for address in case["expect"].keys() - said.keys():
        # What only the provider sees follows from a replacement, or from its own configuration.
        assert case["expect"][address].split()[0] in ("update", "replace")


def test_the_corpus_has_sixty_changes_each_once() -> None:
    assert len(CASES) >= 60
    assert len({case["name"] for case in CASES}) == len(CASES)
    assert COSTS.keys() <= {case["name"] for case in CASES}


# Nothing changes


def plannable() -> dict[str, Mapping[str, Any]]:
    """The reference's stacks whose every provider is on this machine."""
    documents = documents_of(compile_files(ROOT / "blueprints" / "reference").output)
    kept = terraform.judgeable({name: json.dumps(document) for name, document in documents.items()})
    assert kept
    return {name: documents[name] for name in kept}


@pytest.mark.filterwarnings("default")
@pytest.mark.terraform
def test_every_stack_of_the_reference_is_planned_against_itself_without_a_change(google: Planner) -> None:
    """With the keys in another order, which is no change either."""
    documents = plannable()
    answers = google.judge_all({name: (document, _reversed(document)) for name, document in documents.items()})
    assert answers == dict.fromkeys(documents, ())


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(each) for key, each in reversed(value.items())}
    return [_reversed(each) for each in value] if isinstance(value, list) else value


def _reordered(document: Mapping[str, Any]) -> dict[str, Any]:
    """A workload's columns stay: a file of comma-separated values has them in that order."""
    return {**_reversed(document), **{name: document[name] for name in ("columns",) if name in document}}


@pytest.mark.parametrize("case", sorted(ROOT.glob("tests/cases/*.production.yaml")), ids=lambda case: case.stem)
def test_the_order_of_keys_changes_nothing(case: Path) -> None:
    documents = read(case)
    text = yaml.safe_dump_all([_reordered(each.value) for each in documents], sort_keys=False)
    base, head = (compile_documents(each) for each in (documents, read_text(text, "platform.yaml")))
    assert list(compare(base.output, head.output)) == []


def test_another_folder_with_reordered_keys_and_new_comments_changes_nothing(tmp_path: Path) -> None:
    reference = ROOT / "blueprints" / "reference"
    for file in reference.rglob("*.yaml"):
        copy = tmp_path / "elsewhere" / file.relative_to(reference)
        copy.parent.mkdir(parents=True, exist_ok=True)
        held = [_reordered(each.value) for each in read(file)]
        copy.write_text("# all of it\n" + yaml.safe_dump_all(held, sort_keys=False))
    found = preview(from_files(reference), from_files(tmp_path / "elsewhere"))
    assert found.changes == ()
    assert found.risk is Risk.NONE


# Structure


def stack(**resources: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"resource": {}}
    for address, body in resources.items():
        kind, _, name = address.partition("__")
        found["resource"].setdefault(kind, {})[name] = body
    return found


def verdicts(base: Mapping[str, Any], head: Mapping[str, Any]) -> dict[str, Verdict]:
    return {each.address: each for each in compare_documents("s", base, head)}


def test_a_moved_block_is_a_move_and_not_a_loss() -> None:
    base = stack(google_storage_bucket__old={"name": "b"})
    head = stack(google_storage_bucket__new={"name": "b"})
    head["moved"] = [{"from": "google_storage_bucket.old", "to": "google_storage_bucket.new"}]
    (found,) = verdicts(base, head).values()
    assert (found.action, found.previous_address) == (Action.MOVE, "google_storage_bucket.old")
    assert judge(found)[0] is Risk.NONE
    assert {each.action for each in verdicts(base, {**head, "moved": []}).values()} == {Action.CREATE, Action.DESTROY}


def test_a_removed_block_forgets_and_an_import_block_imports() -> None:
    base = stack(google_storage_bucket__old={"name": "b"})
    head = {"removed": [{"from": "google_storage_bucket.old", "lifecycle": {"destroy": False}}]}
    assert verdicts(base, head)["google_storage_bucket.old"].action is Action.FORGET
    head = {**base, "import": [{"to": "google_storage_bucket.old", "id": "b"}]}
    assert verdicts({"resource": {}, "provider": {}}, head)["google_storage_bucket.old"].action is Action.IMPORT


def test_an_order_without_meaning_is_no_change() -> None:
    base = stack(google_compute_firewall__f={"name": "f", "source_ranges": ["10.0.0.0/8", "172.16.0.0/12"]})
    head = stack(google_compute_firewall__f={"name": "f", "source_ranges": ["172.16.0.0/12", "10.0.0.0/8"]})
    assert verdicts(base, head) == {}


def test_taking_off_a_guard_is_no_change_of_the_cloud_but_is_said() -> None:
    base = stack(google_storage_bucket__b={"name": "b", "lifecycle": {"prevent_destroy": True}})
    head = stack(google_storage_bucket__b={"name": "b"})
    (found,) = verdicts(base, head).values()
    assert found.action is Action.NOOP
    assert "from now on a later change can destroy it" in judge(found)[1]


def test_sensitive_values_are_never_in_a_change() -> None:
    base = stack(google_sql_user__u={"name": "u", "password": "first-password"})
    head = stack(google_sql_user__u={"name": "u", "password": "other-password"})
    (found,) = verdicts(base, head).values()
    assert [each.path for each in found.attributes] == ["password"]
    assert "password" not in f"{found.attributes[0].before}{found.attributes[0].after}"
    (token,) = attributes_between({"x": "a"}, {"x": "ghp_" + "a" * 40})
    assert "ghp_" not in str(token.after)


def test_kubernetes_objects_are_compared_one_by_one_and_other_files_as_files() -> None:
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: a}\n"
    web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a}\nspec: {template: {x: %d}}\n"
    base = Output({"kubernetes/a/all.yaml": f"{claim}---\n{web % 1}", "portal/app.txt": "1"})
    head = Output({"kubernetes/a/all.yaml": web % 2, "portal/app.txt": "2", "portal/new.txt": ""})
    found = {each.address: each for each in compare(base, head)}
    assert {address: str(each.action) for address, each in found.items()} == {
        "v1 PersistentVolumeClaim a/data": "destroy",
        "apps/v1 Deployment a/web": "update",
        "portal/app.txt": "update",
        "portal/new.txt": "create",
    }
    assert judge(found["v1 PersistentVolumeClaim a/data"])[0] is Risk.DATA_LOSS
    assert judge(found["apps/v1 Deployment a/web"])[0] is Risk.ROLLING


def test_a_quota_reaches_the_cluster_under_the_line_and_name_of_its_team() -> None:
    text = (ROOT / "blueprints" / "reference" / "platform.yaml").read_text()
    head = edited([("accelerators: {nvidia-l4: 8}", "accelerators: {nvidia-l4: 6}")], text)
    found = preview(side(text, "base"), side(head), environments=("dev",))
    (change,) = found
    assert change.address == "v1 ResourceQuota fraud/quota"
    assert (change.owner.environment, change.owner.team, str(change.risk)) == ("dev", "fraud", "in-place")
    assert change.because is not None
    assert change.because.path == "teams.fraud.accelerators.nvidia-l4"
    assert "| dev | team fraud | in-place | 1 |" in render(found, "markdown"), "and not the folder of its manifests"
    queue = Verdict("kubernetes/dev/resource/kueue", "v1 ClusterQueue a", Action.UPDATE, Source.STRUCTURE)
    owner = Owners(compile_files(ROOT / "blueprints" / "reference"), None).of(queue)
    assert (owner.environment, owner.plane, owner.component) == ("dev", "resource", "kueue")


def test_what_the_gitops_tool_reads_first_is_its_planes_and_a_namespace_its_teams() -> None:
    text = (ROOT / "blueprints" / "reference" / "platform.yaml").read_text()
    head = edited([("  fraud:\n", "  payments: {owners: [group:payments@acme.example]}\n  fraud:\n")], text)
    for one, other, action in ((text, head, "create"), (head, text, "destroy")):
        found = preview(side(one, "base"), side(other), environments=("dev",))
        changed = [each for each in found if each.stack == "kubernetes/dev/sync/config-sync"]
        whose = {each.address: (each.owner.plane, each.owner.team) for each in changed if str(each.action) == action}
        assert whose == {
            "v1 Namespace payments": ("", "payments"),
            "configsync.gke.io/v1beta1 RootSync config-management-system/team-payments": ("delivery", "delivery-team"),
        }


# What of a stack is planned


def platform_stack(**changed: Any) -> dict[str, Any]:
    """A network, a cluster in it with a pool, a bucket, and something in another cloud."""
    made: dict[str, Any] = {
        "google_compute_network__net": {"name": "net"},
        "google_container_cluster__main": {"name": "main", "network": "${google_compute_network.net.id}"},
        "google_container_node_pool__gpu": {"cluster": "${google_container_cluster.main.id}"},
        "google_storage_bucket__raw": {"name": "raw", "location": "EU"},
        "google_storage_bucket__log": {"name": "log", "depends_on": ["google_storage_bucket.raw"]},
        "aws_iam_user__ci": {"name": "ci"},
    }
    found = stack(**{address: body for address, body in (made | changed).items() if body is not None})
    required = {"google": {"version": "~> 7.45"}, "aws": {"version": "~> 5.100"}}
    return {**found, "terraform": {"required_providers": required}, "provider": {"google": [{}], "aws": [{}]}}


REACHED: dict[str, tuple[dict[str, Any], set[str], set[str]]] = {
    "nothing": ({}, set(), set()),
    "what nothing refers to": (
        {"google_container_node_pool__gpu": {"cluster": "${google_container_cluster.main.id}", "node_count": 2}},
        {"google_container_node_pool.gpu", "google_container_cluster.main", "google_compute_network.net"},
        {"google"},
    ),
    "what others wait for": (
        {"google_storage_bucket__raw": {"name": "raw", "location": "US"}},
        {"google_storage_bucket.raw", "google_storage_bucket.log"},
        {"google"},
    ),
    "gone": ({"aws_iam_user__ci": None}, {"aws_iam_user.ci"}, {"aws"}),
    "new": ({"google_storage_bucket__new": {"name": "new"}}, {"google_storage_bucket.new"}, {"google"}),
}


@pytest.mark.parametrize(("changed", "reached", "asked"), REACHED.values(), ids=REACHED)
def test_only_what_a_change_reaches_is_planned(changed: dict[str, Any], reached: set[str], asked: set[str]) -> None:
    base, head = concerned(platform_stack(), platform_stack(**changed))
    assert {*resources_of(base), *resources_of(head)} == reached
    for side in (base, head):
        assert {*side["terraform"]["required_providers"]} == {*side["provider"]} == asked


def test_a_provider_that_changes_reaches_all_that_is_its_own() -> None:
    head = platform_stack()
    head["provider"] = {"google": [{"region": "europe-west1"}], "aws": [{}]}
    assert {*resources_of(concerned(platform_stack(), head)[1])} == resources_of(head).keys() - {"aws_iam_user.ci"}


def test_what_cannot_be_told_apart_is_planned_whole() -> None:
    for section in ({"variable": {"size": {"default": 1}}}, {"locals": {"net": "${google_compute_network.net.id}"}}):
        base, head = platform_stack(), {**platform_stack(), **section}
        assert concerned(base, head) == (base, head)


# Risk


def test_an_accelerator_outage_is_named_with_its_size() -> None:
    body = {
        "node_config": [{"guest_accelerator": [{"type": "nvidia-h100-80gb", "count": 8}]}],
        "autoscaling": [{"total_max_node_count": 2}],
    }
    verdict = Verdict("s", "a", Action.REPLACE, Source.PROVIDER, "google_container_node_pool", body=body)
    risk, reasons = judge(verdict)
    assert risk is Risk.REPLACE
    assert any("up to 16 nvidia-h100-80gb" in reason for reason in reasons)


# Real plans beside, and drift


def plan_of(address: str, actions: list[str], section: str = "resource_changes") -> dict[str, Any]:
    kind, _, name = address.partition(".")
    change: dict[str, Any] = {
        "actions": actions,
        "before": {"location": "EU"},
        "after": {"location": "US"},
        "after_unknown": {},
    }
    change |= {"replace_paths": [["location"]]} if len(actions) == 2 else {}
    held = {"address": address, "mode": "managed", "type": kind, "name": name, "change": change}
    return {"format_version": "1.2", section: [held]}


def test_a_real_plan_wins_and_its_disagreement_is_said() -> None:
    text = edited([("datasets: {}", "datasets: {storage_class: nearline}")])
    plan = plan_of("google_storage_bucket.datasets", ["delete", "create"])
    plan["resource_changes"] += plan_of("google_storage_bucket.artifacts", ["update"])["resource_changes"]
    found = preview(
        side(PLATFORM, "base"), side(text), environments=("dev",), plans=lambda _: {"acme-ai-dev-resource": plan}
    )
    by_address = {change.address: change for change in found}
    datasets = by_address["google_storage_bucket.datasets"]
    assert (datasets.source, datasets.action, datasets.risk) == (Source.PLAN, Action.REPLACE, Risk.DATA_LOSS)
    assert datasets.verdict.replace_because == ("location",)
    assert by_address["google_storage_bucket.artifacts"].disagrees == (
        "only the real plan changes it: something differs between the state and base",
    )
    empty = {**plan, "resource_changes": []}
    found = preview(
        side(PLATFORM, "base"), side(text), environments=("dev",), plans=lambda _: {"acme-ai-dev-resource": empty}
    )
    assert [change.disagrees for change in found] == [("the real plan does not change it",)]


def test_drift_is_told_by_plane_component_and_line() -> None:
    plan = plan_of("google_storage_bucket.datasets", ["update"], "resource_drift")
    (change,) = drift({"acme-ai-prod-resource": plan}, compile_documents(side(PLATFORM).documents))
    owner = change.owner
    assert (owner.environment, owner.plane, owner.component, owner.team) == ("prod", "resource", "gcs", "platform-team")
    assert line_of(change) == "66"
    assert drift({"elsewhere": plan}).changes[0].because is None


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "sarif"])
def test_a_drift_says_what_has_happened_and_is_no_preview(format_: str) -> None:
    plan = plan_of("google_storage_bucket.datasets", ["delete"], "resource_drift")
    compiled = compile_documents(side(PLATFORM).documents)
    text = render(drift({"acme-ai-prod-resource": plan}, compiled), format_, "drift")
    assert "gone" in text and "the next apply makes it anew, without what was in it" in text
    assert format_ == "sarif" or ("destroy" not in text and "planform preview" not in text)
    assert "nothing has drifted" in render(drift({}), format_, "drift") or format_ == "sarif"


# Rendering


def big(count: int) -> ChangeSet:
    changes = [
        Change(
            Verdict(f"acme-prod-{index % 7}", f"google_dns_record_set.r{index}", Action.DESTROY, Source.PROVIDER),
            Owner("prod", "resource", production=True),
            Risk.REPLACE,
            ("goes away, and nothing in it has to be kept",),
        )
        for index in range(count)
    ]
    kind = "google_sql_database_instance"
    verdict = Verdict("acme-prod-resource", f"{kind}.database", Action.DESTROY, Source.PROVIDER, kind)
    owner = Owner("prod", "resource", "database", "cloud-sql", "platform-team", production=True)
    return ChangeSet.of("a", "b", [*changes, Change(verdict, owner, *judge(verdict, production=True), gravity=2)])


def test_the_comment_on_two_thousand_changes_fits_and_starts_with_the_database() -> None:
    text = render(big(2000), "markdown")
    assert 0.4 * COMMENT_BYTES < len(text.encode()) < COMMENT_BYTES
    assert text.startswith(MARKER)
    first = next(line for line in text.splitlines() if line.startswith("- "))
    assert "google_sql_database_instance.database" in first and "data-loss" in first
    assert text.count("<details") == text.count("</details>")
    assert "do not fit here" in text


def test_nothing_in_a_name_becomes_markdown_or_html() -> None:
    nasty = "x`</summary><script>alert(1)</script>|@everyone [a](javascript:b)\n# h"
    verdict = Verdict(nasty, nasty, Action.DESTROY, Source.STRUCTURE, nasty)
    found = ChangeSet.of(nasty, "b", [Change(verdict, Owner(nasty, nasty), Risk.REPLACE, (nasty,))], [nasty])
    html = render(found, "html")
    assert "<script" not in html and "default-src 'none'" in html
    text = render(found, "markdown")
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "<script" not in outside and "@everyone" not in outside and not re.search(r"(?<!\\)\]\(", outside)
    assert "\x1b" not in render(ChangeSet.of("\x1b[31m", "b", []), "text")


@pytest.mark.parametrize("format_", FORMATS)
def test_every_form_says_the_same_change(format_: str) -> None:
    found = preview(
        side(PLATFORM, "base"), side(edited([("        datasets: {}\n", "")])), environments=("prod",), planner=None
    )
    text = render(found, format_)
    assert "google_storage_bucket.datasets" in text and text.endswith("\n")
    if format_ == "json":
        (change,) = json.loads(text)["changes"]
        assert json.loads(text)["version"] == 1
        assert (change["plane"], change["component"], change["team"]) == ("resource", "gcs", "platform-team")
        assert change["because"]["line"] == 66 and change["because"]["side"] == "base"
        keys = {"address", "stack", "action", "risk", "source", "because", "plane", "component", "team", "environment"}
        assert keys <= change.keys()
    if format_ == "sarif":
        (result,) = json.loads(text)["runs"][0]["results"]
        assert (result["ruleId"], result["level"]) == ("preview/data-loss", "error")


# Which program plans


def test_terraform_plans_and_opentofu_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() is None
    for name in ("tofu", "terraform"):
        (tmp_path / name).touch(mode=0o755)
        assert program() == str(tmp_path / name)


@pytest.mark.terraform
def test_opentofu_says_what_the_corpus_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shutil.which("tofu")
    if found is None:
        pytest.skip("tofu is not on PATH")
    terraform.need("google")
    (tmp_path / "tofu").symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(terraform.opentofu_configuration()))
    cases = [each for each in CASES if each["name"] in IN_PART]
    assert len(cases) == len(IN_PART)
    with planner() as tofu:
        for case in cases:
            agrees(case, changes_of(case, tofu))


# Falling back


def test_what_reads_while_it_plans_is_not_planned() -> None:
    document = {**stack(google_storage_bucket__b={"name": "b"}), "data": {"google_project": {"p": {}}}}
    with planner() as found:
        if found is None:
            absent("terraform is not on PATH")
        with pytest.raises(NotPlanned, match=r"data\.google_project"):
            found.judge("s", document, document)


def test_a_provider_that_cannot_be_had_leaves_the_comparison(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configuration = tmp_path / "cli.tfrc"
    configuration.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{tmp_path}" }}\n}}\n')
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    with planner() as found:
        if found is None:
            absent("terraform is not on PATH")
        case = next(case for case in CASES if case["name"] == "database tier")
        changes = changes_of(case, found)
    assert [change.source for change in changes] == [Source.STRUCTURE]
    assert "acme-ai-dev-resource could only be compared, not planned" in changes.notes[0]
    assert str(tmp_path) not in changes.notes[0]
