"""Two sides of a blueprint to one change set."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from msgspec.structs import replace

from planform.blueprint.document import Document
from planform.diagnostics import Location
from planform.kubernetes.record import SYNC
from planform.output.output import Output
from planform.own_app import Compose
from planform.pipeline import Compilation, compile_documents
from planform.planes.wiring import stacks_of, team_stack_name
from planform.preview.acknowledged import acknowledge
from planform.preview.causes import causes, differences
from planform.preview.changes import Action, Cause, Change, ChangeSet, Owner, Risk, Verdict
from planform.preview.concerned import concerned
from planform.preview.plan import NotPlanned, Planner, read_plan
from planform.preview.policy import Rules, policy_delta
from planform.preview.revision import Side
from planform.preview.risk import gravity, judge
from planform.preview.structure import compare, resources_of
from planform.preview.what_if import Compiled, what_if
from planform.report.cost import CostLine, CostReport, cost_of_documents, owners_of
from planform.report.delta import CostDelta, between, table_of
from planform.report.prices import PriceTable, built_in
from planform.report.quotas import accelerator_maxima, quota_delta
from planform.spec.platform import EnvironmentSpec
from planform.terraform.record import Record

__all__ = ["Owners", "drift", "preview"]

StackDocument = Mapping[str, Any]
ReadPlans = Callable[[Collection[str]], Mapping[str, Mapping[str, Any]]]
"""Reads the plans of some stacks, those of both sides, and refuses one of any other."""

KUBERNETES = "kubernetes"
"""The folder of an output that holds Kubernetes objects, by environment, plane or team, and component."""


def preview(
    base: Side,
    head: Side,
    *,
    environments: Sequence[str] = (),
    planner: Planner | None = None,
    plans: ReadPlans | None = None,
    notes: Sequence[str] = (),
    compose: Compose | None = None,
    prices: PriceTable | None = None,
    rules: Rules | None = None,
    today: date | None = None,
) -> ChangeSet:
    """What changes on the way from base to head, with the provider's own verdict where `planner` has it.

    `plans` reads real plans by stack, the output of `terraform show -json`; they win over what is said without a state.
    `compose` is the caller's own way from environments to stacks, for both sides; no code of a revision is ever run.
    `prices` is what costs are counted with, planform's own table if there is none; `rules` are what both sides are
    judged by, if at all. Acknowledgements and waivers count as of `today`. Raises DiagnosticError when a side does not
    compile, or cannot be judged.
    """

    def compiled(documents: Sequence[Document], **more: Any) -> Compilation:
        return compile_documents(documents, environments=environments, compose=compose, **more)

    def taken_back(documents: Sequence[Document]) -> Output:
        if compose is not None:
            return compiled(documents, may_lose=True).output
        sides = (Compiled(base.documents, before), Compiled(head.documents, after))
        return what_if(documents, environments, sides, lambda *part: compiled(part[0], specs=part[1], may_lose=True))

    today = today or date.today()
    before, after = compiled(base.documents), compiled(head.documents)
    real = plans(tuple(dict.fromkeys((*after.stacks, *before.stacks)))) if plans else {}
    verdicts = list(compare(before.output, after.output))
    documents = [side.terraform for side in (before, after)]
    with ThreadPoolExecutor(1) as beside:
        # Planning waits for other programs most of the time, and judging waits for nobody.
        asked = beside.submit(planner.judge_all, _touched(verdicts, *documents)) if planner else None
        policies = policy_delta(before, after, rules, today) if rules is not None else None
        found, said = _judged(verdicts, asked.result() if asked else None)
    found, disagreements = _with_plans(found, real)
    because = causes(
        base.documents,
        head.documents,
        (before.output, after.output),
        found,
        taken_back,
    )
    owners = Owners(before, after)
    nearest = _Nearest(base.documents, head.documents)
    table = prices or built_in()
    reports = [
        cost_of_documents(held, table, owners_of(side)) for held, side in zip(documents, (before, after), strict=True)
    ]
    costs = _Costs(*reports)
    changes = []
    for verdict in found:
        owner = owners.of(verdict)
        risk, reasons = judge(verdict, production=owner.production)
        known = because.get((verdict.stack, verdict.address)) or nearest.of(verdict, owner)
        changes.append(
            Change(
                verdict, owner, risk, reasons,
                because=known[0] if known else None,
                also=known[1:4],
                disagrees=disagreements.get((verdict.stack, verdict.address), ()),
                gravity=gravity(verdict.type),
                cost=costs.of(verdict),
            )
        )  # fmt: skip
    needs = [accelerator_maxima(held, side.specs) for held, side in zip(documents, (before, after), strict=True)]
    changes, unused = acknowledge(changes, head.documents, today)
    return ChangeSet.of(
        base.name,
        head.name,
        changes,
        (*notes, *said, *unused),
        after.desired,
        table_of(*reports),
        quota_delta(*needs),
        policies,
    )


def drift(plans: Mapping[str, Mapping[str, Any]], compiled: Compilation | None = None) -> ChangeSet:
    """What refresh-only plans, by stack, say has changed beside Terraform; of what was compiled, by blueprint lines."""
    owners = Owners(compiled, compiled)
    changes = []
    for stack, plan in plans.items():
        drifted = {**plan, "resource_changes": plan.get("resource_drift", ())}
        for verdict in read_plan(drifted, stack):
            owner = owners.of(verdict)
            risk, _ = judge(verdict, production=owner.production)
            gone = verdict.action is Action.DESTROY
            reasons = ["the next apply makes it anew, without what was in it" if gone and risk is Risk.DATA_LOSS
                       else "the next apply makes it anew" if gone else "the next apply sets it back",
                       *(["in production"] if owner.production else [])]  # fmt: skip
            cause = Cause(owner.origin, "head", owner.origin.path) if owner.origin else None
            changes.append(Change(verdict, owner, risk, tuple(reasons), because=cause))
    return ChangeSet.of("state", "cloud", changes)


def _touched(
    verdicts: Iterable[Verdict], old: Mapping[str, StackDocument], new: Mapping[str, StackDocument]
) -> dict[str, tuple[StackDocument, StackDocument]]:
    """Both sides of each stack that changes and stays, as far as it is concerned."""
    stacks = {each.stack: None for each in verdicts if each.kind == "terraform"}
    parts = {stack: concerned(old[stack], new[stack]) for stack in stacks if stack in old and stack in new}
    return {stack: sides for stack, sides in parts.items() if any(map(resources_of, sides))}


def _judged(
    verdicts: Sequence[Verdict], answers: Mapping[str, tuple[Verdict, ...] | NotPlanned] | None
) -> tuple[list[Verdict], list[str]]:
    """The verdicts, the provider's where it could be asked, and notes on where not."""
    if answers is None:
        reason = "documents were compared and no provider was asked: whether an update replaces could not be told"
        return list(verdicts), [reason] if any(each.action is Action.UNDECIDED for each in verdicts) else []
    found, notes = [], []
    for stack, answer in answers.items():
        if isinstance(answer, NotPlanned):
            notes.append(f"{stack} could only be compared, not planned: {answer}")
    planned = {stack for stack, answer in answers.items() if not isinstance(answer, NotPlanned)}
    for each in verdicts:
        is_resource = each.kind == "terraform" and not each.type.startswith("terraform.") and "." in each.address
        if each.stack in planned and is_resource and each.type:
            continue
        found.append(each)
    for stack in planned:
        answer = answers[stack]
        assert not isinstance(answer, NotPlanned)
        found += answer
    return found, notes


def _with_plans(
    verdicts: Iterable[Verdict], plans: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Verdict], dict[tuple[str, str], tuple[str, ...]]]:
    """Real plans beside the other sources: they win, and every disagreement is kept in words."""
    ours = {(each.stack, each.address): each for each in verdicts}
    real = {(stack, each.address): each for stack, plan in plans.items() for each in read_plan(plan, stack)}
    said: dict[tuple[str, str], tuple[str, ...]] = {}
    found = []
    for key, verdict in ours.items():
        if key[0] not in plans or verdict.kind != "terraform" or verdict.type.startswith("terraform."):
            found.append(verdict)
        elif key not in real and verdict.action is not Action.NOOP:
            said[key] = ("the real plan does not change it",)
            found.append(verdict)
    for key, verdict in real.items():
        other = ours.get(key)
        if other is None:
            said[key] = ("only the real plan changes it: something differs between the state and base",)
        elif other.action not in (verdict.action, Action.UNDECIDED):
            said[key] = (f"{other.source} says {other.action}",)
        found.append(replace(verdict, body=verdict.body or (other.body if other else {})))
    return found, said


class _Costs:
    """What each address costs, on either side."""

    def __init__(self, base: CostReport, head: CostReport) -> None:
        self._before, self._after = _by_address(base), _by_address(head)

    def of(self, verdict: Verdict) -> CostDelta | None:
        """The change of an address's cost; None where it is not charged on either side."""
        before = self._before.get((verdict.stack, verdict.previous_address or verdict.address), ())
        after = self._after.get((verdict.stack, verdict.address), ())
        return between(before, after) if before or after else None


def _by_address(report: CostReport) -> dict[tuple[str, str], list[CostLine]]:
    found: dict[tuple[str, str], list[CostLine]] = {}
    for line in report.lines:
        found.setdefault((line.stack, line.address), []).append(line)
    return found


class Owners:
    """Whose each address is, on either side."""

    def __init__(self, base: Compilation | None, head: Compilation | None) -> None:
        self._sides = [side for side in (head, base) if side is not None]
        self._origins = [
            {(stack, record.address): record for stack, records in side.records.items() for record in records}
            for side in self._sides
        ]

    def of(self, verdict: Verdict) -> Owner:
        found = [records.get((verdict.stack, verdict.address)) for records in self._origins]
        # What is gone from head is known to base.
        sides = sorted(zip(self._sides, found, strict=True), key=lambda side: side[1] is None)
        return next((owner for side, record in sides if (owner := _owner(side, record, verdict))), Owner())


def _owner(side: Compilation, record: Record | None, verdict: Verdict) -> Owner | None:
    """Whose a stack's address is on one side; `record` is None for what is not a resource of it."""
    stack = verdict.stack
    path = record.construct_path.split("/") if record else []
    capability = path[1] if len(path) > 2 else ""
    for spec in side.specs:
        production = spec.environment.production
        if stack.startswith(f"{KUBERNETES}/{spec.name}/"):
            return _owner_of_objects(spec, verdict)
        for team in spec.teams:
            if team_stack_name(spec, team) == stack:
                return Owner(spec.name, team=team, production=production, origin=record.origin if record else None)
        for plane in spec.planes.values():
            if stack not in stacks_of(spec, plane.name):
                continue
            slot = plane.slots.get(capability)
            if spec.layout == "single" and record and slot is None:
                continue
            return Owner(
                spec.name,
                plane.name,
                capability,
                slot.component if slot else "",
                plane.owner,
                production,
                record.origin if record else None,
            )
    return None


def _owner_of_objects(spec: EnvironmentSpec, verdict: Verdict) -> Owner:
    """Whose a Kubernetes object is, a component's or a team's: its folder says so, in `sync` its labels."""
    _, _, folder, *below = verdict.stack.split("/")
    if folder == SYNC:
        labels = verdict.body.get("metadata", {}).get("labels", {})
        folder = labels.get("plane", f"team-{labels.get('team', '')}")
    plane = spec.planes.get(folder.replace("-", "_"))
    if plane is None:
        return Owner(spec.name, team=folder.removeprefix("team-"), production=spec.environment.production)
    component = below[0] if below else ""
    capability = next((name for name, slot in plane.slots.items() if slot.component == component), "")
    return Owner(spec.name, plane.name, capability, component, plane.owner, spec.environment.production)


class _Nearest:
    """The cause of last resort: of the values that changed, the one nearest to where a resource was made for."""

    def __init__(self, base: Sequence[Document], head: Sequence[Document]) -> None:
        self._causes = [each.cause for each in differences(base, head)]

    def of(self, verdict: Verdict, owner: Owner) -> tuple[Cause, ...]:
        at = owner.origin
        if at is None:
            return ()
        near = max(self._causes, key=lambda cause: _shared(cause.path, at), default=None)
        if near is not None and _shared(near.path, at):
            return (near,)
        side = "base" if verdict.action is Action.DESTROY else "head"
        return (Cause(at, side, at.path),)


def _shared(path: str, at: Location) -> int:
    count = 0
    for one, other in zip(path.split("."), at.path.split("."), strict=False):
        if one != other:
            break
        count += 1
    return count
