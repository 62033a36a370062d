"""The provider's own verdict, offline: base is planned, its plan becomes a state, head is planned against it.

No credential, no cloud, no network: Terraform plans with a dummy token behind a closed proxy, and nothing is read. The
verdict is exact as far as the made-up state is: what a user or the service has set beside Terraform is not in it, and a
value that only the server knows is a stand-in. Base planned against its own state must be empty; what is left of it
is dropped from head's verdict.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from planform.diagnostics import DiagnosticError
from planform.preview.changes import (
    UNKNOWN,
    Action,
    Attribute,
    Source,
    Verdict,
    attributes_between,
    either,
    is_empty,
    path_text,
)
from planform.preview.stand_ins import StandIns, Steps, references_in, zero
from planform.preview.structure import block_of, guard_of, own_changes, resources_of
from planform.terraform.schema import Block, load

__all__ = ["NotPlanned", "Planner", "planner", "program", "read_plan"]

PROGRAMS = ("terraform", "tofu")
"""What can plan, the first choice first: OpenTofu reads the same documents and asks the same providers."""

WORKERS = 2
CHANGES = 2
"""Exit code of a plan that changes something."""
SECONDS = 300
"""Time for one Terraform command; a plan of some hundred resources takes two seconds."""

Document = Mapping[str, Any]
State = Mapping[str, Any]

_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "google": {"credentials": None, "access_token": None, "impersonate_service_account": None},
    "google-beta": {"credentials": None, "access_token": None, "impersonate_service_account": None},
    "aws": {
        "access_key": None,
        "secret_key": None,
        "token": None,
        "profile": None,
        "assume_role": None,
        "assume_role_with_web_identity": None,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": "true",
        "skip_requesting_account_id": True,
        "skip_region_validation": True,
    },
}
"""What a provider's configuration needs, or must not have, to plan without credentials; None leaves it out."""

_VARIABLES = {
    "GOOGLE_OAUTH_ACCESS_TOKEN": "planform",
    "AWS_ACCESS_KEY_ID": "planform",
    "AWS_SECRET_ACCESS_KEY": "planform",
    "AWS_EC2_METADATA_DISABLED": "true",
    "GITHUB_TOKEN": "",
    "HONEYCOMB_API_KEY": "planform",
    "HONEYCOMB_KEY_ID": "planform",
    "HONEYCOMB_KEY_SECRET": "planform",
    "HUMANITEC_TOKEN": "planform",
    "SONAR_TOKEN": "planform",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    "TF_VAR_offline": "true",
}
"""Port 9 is closed: a provider that wants to call somebody is refused at once, and does not wait. The variable
`offline` of planform's own stacks configures providers so that they call nobody."""

_READS = ("data", "ephemeral")


class NotPlanned(Exception):
    """A stack that could not be planned here; the text says why."""


class Planner:
    """The program with its providers in a temporary folder; made by `planner`, and of use to several threads."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._lock = threading.Lock()
        self._running = threading.Semaphore(WORKERS)
        self._ready: dict[str, Path | NotPlanned] = {}
        self._states: dict[str, tuple[State, frozenset[tuple[str, str]]]] = {}

    def judge_all(self, stacks: Mapping[str, tuple[Document, Document]]) -> dict[str, tuple[Verdict, ...] | NotPlanned]:
        """The verdicts on every stack, base beside head, or why there are none; two are planned at a time."""

        def one(item: tuple[str, tuple[Document, Document]]) -> tuple[str, tuple[Verdict, ...] | NotPlanned]:
            name, (base, head) = item
            try:
                return name, self.judge(name, base, head)
            except NotPlanned as fault:
                return name, fault

        with ThreadPoolExecutor(WORKERS) as pool:
            return dict(pool.map(one, stacks.items()))

    def judge(self, stack: str, base: Document, head: Document) -> tuple[Verdict, ...]:
        """What the provider would do to the resources of one stack. Raises NotPlanned."""
        for document in (base, head):
            for section in _READS:
                if document.get(section):
                    raise NotPlanned(f"it reads while it plans: `{section}.{next(iter(document[section]))}`")
        residue, plan = self._against_base(base, head)
        return tuple(_verdicts(stack, plan, base, head, Source.PROVIDER, residue))

    def _against_base(self, base: Document, head: Document) -> tuple[frozenset[tuple[str, str]], Document]:
        """What base itself shows against the state that it would have, address and path; and head's plan."""
        stand_ins, wanted = StandIns(base), references_in(base)
        for address, steps in references_in(head).items():
            wanted[address] = wanted.get(address, set()) | steps
        key = _digest([base, sorted((address, sorted(map(str, steps))) for address, steps in wanted.items())])
        providers, everything = _providers_of(base), _providers_of(base) | _providers_of(head)
        with self._lock:
            known = self._states.get(key)
        if known is not None:
            return known[1], self._plan(_plannable(head), known[0], everything)
        created = self._plan(_plannable(base, stand_ins.written_out()), None, providers)
        state = _state(created, stand_ins, wanted)
        again = _plannable(base)
        with ThreadPoolExecutor(2) as pool:
            repeated = pool.submit(self._plan, again, state, providers, unread=True)
            plan = pool.submit(self._plan, _plannable(head), state, everything).result()
        residue = frozenset(_differences(repeated.result()))
        if residue:
            state = _state(repeated.result(), stand_ins, wanted)
            residue = frozenset(_differences(self._plan(again, state, providers, unread=True)))
            plan = self._plan(_plannable(head), state, everything)
        with self._lock:
            self._states[key] = (state, residue)
        return residue, plan

    def _plan(
        self, document: Document, state: State | None, providers: Mapping[str, Any], *, unread: bool = False
    ) -> Mapping[str, Any]:
        """The plan of a document against a state, as `terraform show -json` gives it.

        With `unread` a plan that changes nothing is empty: to show one takes half as long as to make it.
        """
        data = self._initialised(providers)
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            place = Path(name)
            place.joinpath("main.tf.json").write_text(json.dumps(document), encoding="utf-8")
            lock = data / ".terraform.lock.hcl"
            if lock.exists():  # not where no provider is needed
                shutil.copy(lock, place)
            if state is not None:
                place.joinpath("terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
            variables = {"TF_DATA_DIR": str(data / ".terraform"), "HOME": str(place), **_VARIABLES}
            variables |= {f"TF_VAR_{each}": "planform" for each in _unset_variables(document)}
            flags = ("-input=false", "-lock=false", "-refresh=false", "-no-color", "-detailed-exitcode", "-out=plan")
            with self._running:
                changes = self._run(place, variables, "plan", *flags, good=(0, CHANGES)).returncode == CHANGES
                if unread and not changes:
                    return {}
                text = self._run(place, variables, "show", "-json", "-no-color", "plan").stdout
            shown: Mapping[str, Any] = json.loads(text)
            return shown

    def _initialised(self, providers: Mapping[str, Any]) -> Path:
        """A folder with these providers installed, made once."""
        key = _digest(providers)
        with self._lock:
            found = self._ready.get(key)
            if found is None:
                found = self._ready[key] = self._initialise(key, providers)
        if isinstance(found, NotPlanned):
            raise found
        return found

    def _initialise(self, key: str, providers: Mapping[str, Any]) -> Path | NotPlanned:
        place = self._folder / f"providers-{key[:16]}"
        place.mkdir()
        exact = {name: {**each, "version": f"= {_version(name)}"} for name, each in providers.items()}
        fault = NotPlanned("")
        for required in (exact, providers):
            text = json.dumps({"terraform": {"required_providers": required}})
            place.joinpath("main.tf.json").write_text(text, encoding="utf-8")
            try:
                self._run(place, _own_variables(), "init", "-input=false", "-backend=false", "-no-color")
            except NotPlanned as trouble:
                fault = trouble
            else:
                return place
        return fault

    def _run(
        self, place: Path, variables: Mapping[str, str], *arguments: str, good: Collection[int] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        environment = {name: os.environ[name] for name in ("PATH", "TMPDIR", "SYSTEMROOT") if name in os.environ}
        environment |= variables
        said = f"`{Path(self._program).name} {arguments[0]}`"
        try:
            done = subprocess.run(
                [self._program, *arguments],
                cwd=place, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as fault:
            raise NotPlanned(f"{said} did not end: {type(fault).__name__}") from fault
        if done.returncode not in good:
            raise NotPlanned(f"{said} says: {_first_error(done.stderr)}")
        return done


def program() -> str | None:
    """Terraform, or OpenTofu where there is none; None where neither is on PATH."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def planner() -> Iterator[Planner | None]:
    """The program, ready to plan in a temporary folder; None where there is none."""
    found = program()
    if found is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="planform-preview-") as folder:
        yield Planner(found, Path(folder))


def _own_variables() -> dict[str, str]:
    """The user's environment, for `init` alone: it may need their mirrors. A configuration that is gone is left out."""
    variables = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    variables.pop("TF_DATA_DIR", None)
    named = variables.get("TF_CLI_CONFIG_FILE")
    if named and not Path(named).is_file():
        del variables["TF_CLI_CONFIG_FILE"]
    return variables


def _first_error(text: str) -> str:
    lines = [line.strip(" │╷╵\t") for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith(("on ", "with "))]
    start = next((index for index, line in enumerate(found) if line.startswith("Error:")), 0)
    return " ".join(found[start : start + 3])[:300] or "nothing"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


# Documents


def _providers_of(document: Document) -> dict[str, Any]:
    return dict(document.get("terraform", {}).get("required_providers", {}))


def _version(name: str) -> str:
    try:
        return load(name).version
    except DiagnosticError:
        raise NotPlanned(f"there is no schema of the provider `{name}`: add it with `planform provider add`") from None


def _unset_variables(document: Document) -> list[str]:
    return [name for name, each in document.get("variable", {}).items() if "default" not in each]


def _plannable(document: Document, resources: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The document as it can be planned here: no backend, no outputs, no imports, nothing that refuses a destroy."""
    kept = {name: document[name] for name in ("variable", "locals", "moved", "removed") if name in document}
    if resources is not None:
        kept.pop("moved", None)
        kept.pop("removed", None)
    terraform = {"required_providers": _providers_of(document)}
    found = document.get("resource", {}) if resources is None else resources
    kept["resource"] = {kind: {name: _unguarded(body) for name, body in named.items()} for kind, named in found.items()}
    kept["provider"] = {
        name: [_offline(name, each) for each in (each if isinstance(each, list) else [each])]
        for name, each in document.get("provider", {}).items()
    }
    return {"terraform": terraform, **{name: each for name, each in kept.items() if each}}


def _unguarded(body: Mapping[str, Any]) -> dict[str, Any]:
    lifecycle = body.get("lifecycle")
    kept = {name: each for name, each in body.items() if name != "//"}
    if lifecycle:
        held = lifecycle[0] if isinstance(lifecycle, list) else lifecycle
        kept["lifecycle"] = {name: each for name, each in held.items() if name != "prevent_destroy"}
    return kept


def _offline(name: str, configuration: Mapping[str, Any]) -> dict[str, Any]:
    arguments = _ARGUMENTS.get(name, {})
    kept = {key: each for key, each in configuration.items() if key not in arguments}
    return kept | {key: each for key, each in arguments.items() if each is not None}


# State


def _state(plan: Mapping[str, Any], stand_ins: StandIns, wanted: Mapping[str, set[Steps]]) -> State:
    """A state file of what a plan leaves behind."""
    versions = {each["address"]: each for each in _planned(plan)}
    keys = {
        each["address"]: each.get("provider_config_key", "")
        for each in plan["configuration"]["root_module"].get("resources", ())
    }
    resources: dict[tuple[str, str], dict[str, Any]] = {}
    for each in plan.get("resource_changes", ()):
        change = each["change"]
        if each["mode"] != "managed" or change["after"] is None:
            continue
        address = f"{each['type']}.{each['name']}"
        alias = keys.get(address, "").partition(".")[2]
        provider = f'provider["{each["provider_name"]}"]' + (f".{alias}" if alias else "")
        held = resources.setdefault(
            (each["type"], each["name"]),
            {"mode": "managed", "type": each["type"], "name": each["name"], "provider": provider, "instances": []},
        )
        instance = {
            "schema_version": versions[each["address"]]["schema_version"],
            "attributes": _attributes(each["type"], address, change, stand_ins, wanted.get(address, set())),
            # Without these marks Terraform calls a resource with a sensitive attribute updated.
            "sensitive_attributes": [_path_in_state(steps) for steps in _marked(change.get("after_sensitive"))],
        }
        held["instances"].append(instance | ({"index_key": each["index"]} if "index" in each else {}))
    return {
        "version": 4,
        "terraform_version": plan["terraform_version"],
        "serial": 1,
        "lineage": "00000000-0000-0000-0000-000000000000",
        "outputs": {},
        "resources": list(resources.values()),
    }


def _marked(marks: Any, steps: Steps = ()) -> Iterator[Steps]:
    if marks is True:
        yield steps
    elif isinstance(marks, Mapping):
        for name, each in marks.items():
            yield from _marked(each, (*steps, name))
    elif isinstance(marks, list):
        for index, each in enumerate(marks):
            yield from _marked(each, (*steps, index))


def _path_in_state(steps: Steps) -> list[dict[str, Any]]:
    return [
        {"type": "get_attr", "value": step}
        if isinstance(step, str)
        else {"type": "index", "value": {"value": step, "type": "number"}}
        for step in steps
    ]


def _planned(plan: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = plan["planned_values"].get("root_module", {}).get("resources", ())
    return found


def _attributes(
    kind: str, address: str, change: Mapping[str, Any], stand_ins: StandIns, wanted: set[Steps]
) -> dict[str, Any]:
    block = block_of(kind)
    if block is None:
        raise NotPlanned(f"there is no schema of `{kind}`")
    unknown = change.get("after_unknown") or {}
    attributes = _filled(block, change["after"], unknown)
    for name in ("id", "self_link", "name", "arn"):
        if name in block.attributes and _is_unknown(unknown, (name,)):
            attributes[name] = stand_ins.of(address, (name,))
    for steps in sorted(wanted, key=str):
        if _is_unknown(unknown, steps):
            _put(attributes, steps, stand_ins.of(address, steps))
    return attributes


def _is_unknown(unknown: Any, steps: Steps) -> bool:
    for step in steps:
        if unknown is True:
            return True
        if isinstance(unknown, Mapping):
            unknown = unknown.get(str(step), False)
        elif isinstance(unknown, list) and isinstance(step, int):
            unknown = unknown[step] if step < len(unknown) else False
    return unknown is True


def _put(value: Any, steps: Steps, leaf: Any) -> None:
    """Write a leaf at a path, making what is missing on the way."""
    for step, following in pairwise(steps):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(value, list) and isinstance(step, int):
            value += [None] * (step + 1 - len(value))
            value[step] = empty if is_empty(value[step]) else value[step]
        elif isinstance(value, dict):
            value[step] = empty if is_empty(value.get(step)) else value[step]
        else:
            return
        value = value[step]
    last = steps[-1]
    if isinstance(value, list) and isinstance(last, int):
        value += [leaf] * (last + 1 - len(value))
    elif isinstance(value, dict):
        value[last] = leaf


def _filled(block: Block, after: Any, unknown: Any) -> dict[str, Any]:
    """All attributes and blocks of a resource, what is unknown by the zero of its type, deprecated ones left null."""
    after = after if isinstance(after, Mapping) else {}
    unknown = unknown if isinstance(unknown, Mapping) else {}
    found: dict[str, Any] = {}
    for name, attribute in block.attributes.items():
        marks = unknown.get(name, False)
        if attribute.write_only:
            found[name] = None
        elif marks is True:
            found[name] = None if attribute.deprecated or attribute.nested else zero(attribute.type)
        else:
            found[name] = _known(after.get(name), marks)
    for name, nested in block.blocks.items():
        marks, value = unknown.get(name, False), after.get(name)
        if marks is True:
            found[name] = [] if nested.mode in ("list", "set") else {} if nested.mode == "map" else None
        elif isinstance(value, list):
            found[name] = [
                _filled(nested.block, each, marks[index] if isinstance(marks, list) and index < len(marks) else False)
                for index, each in enumerate(value)
            ]
        elif isinstance(value, Mapping) and nested.mode == "map":
            inner = marks if isinstance(marks, Mapping) else {}
            found[name] = {key: _filled(nested.block, each, inner.get(key)) for key, each in value.items()}
        else:
            found[name] = _filled(nested.block, value, marks) if isinstance(value, Mapping) else value
    return found


def _known(value: Any, marks: Any) -> Any:
    """A value whose unknown parts are empty text: lists and maps with a hole."""
    if marks is True:
        return ""
    if isinstance(marks, Mapping) and isinstance(value, Mapping | None):
        held = dict(value or {})
        return held | {key: _known(held.get(key), each) for key, each in marks.items() if each}
    if isinstance(marks, list) and isinstance(value, list):
        holes = [_known(each, marks[index] if index < len(marks) else False) for index, each in enumerate(value)]
        return holes + [_known(None, each) for each in marks[len(value) :] if each]
    return value


# Verdicts


def _differences(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in plan.get("resource_changes", ()):
        if each["change"]["actions"] != ["no-op"]:
            yield from ((each["address"], attribute.path) for attribute in _attributes_of(each["change"]))
            yield each["address"], ""


def read_plan(plan: Mapping[str, Any], stack: str) -> tuple[Verdict, ...]:
    """The verdicts of a real plan, the output of `terraform show -json`."""
    return tuple(_verdicts(stack, plan, {}, {}, Source.PLAN, frozenset()))


def _verdicts(
    stack: str,
    plan: Mapping[str, Any],
    base: Document,
    head: Document,
    source: Source,
    residue: frozenset[tuple[str, str]],
) -> Iterator[Verdict]:
    before, after = resources_of(base), resources_of(head)
    imports = {each["to"] for each in head.get("import", ())}
    for each in plan.get("resource_changes", ()):
        if each.get("mode") == "data":
            continue
        address, change = each["address"], each["change"]
        action = _action(each)
        if action is Action.CREATE and (address in imports or change.get("importing")):
            action = Action.IMPORT
        attributes = tuple(_attributes_of(change)) if action in _CHANGED else ()
        because = tuple(path_text(steps) for steps in change.get("replace_paths") or ())
        if (address, "") in residue:
            attributes = tuple(held for held in attributes if (address, held.path) not in residue)
            because = tuple(path for path in because if (address, path) not in residue)
            if action in _CHANGED and not attributes:
                action = Action.NOOP
            elif action is Action.REPLACE and not because:
                action = Action.UPDATE
        if source is Source.PROVIDER and action is Action.UPDATE and not attributes:
            action = Action.NOOP
        own: tuple[Attribute, ...] = ()
        if action is Action.NOOP and address in before and address in after:
            own = tuple(own_changes(before[address][1], after[address][1]))
        if action is Action.NOOP and not own:
            continue
        body = after.get(address) or before.get(address) or ("", change.get("after") or change.get("before") or {})
        is_gone = action is Action.DESTROY
        guard = guard_of(body[1], is_gone=is_gone) or guard_of(change.get("before") or {}, is_gone=is_gone)
        yield Verdict(
            stack, address, action, source, each["type"],
            replace_because=because,
            attributes=own or attributes,
            previous_address=each.get("previous_address", ""),
            guard=guard,
            body=body[1],
        )  # fmt: skip


_LABELS = re.compile(r"(.+\.)?(labels|resource_labels|user_labels)\.[^.]+")
_CHANGED = (Action.UPDATE, Action.REPLACE, Action.MOVE)
_ACTIONS = {
    ("no-op",): Action.NOOP,
    ("read",): Action.NOOP,
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DESTROY,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.REPLACE,
}


def _action(each: Mapping[str, Any]) -> Action:
    action = _ACTIONS.get(tuple(each["change"]["actions"]), Action.UNDECIDED)
    moved = bool(each.get("previous_address"))
    return Action.MOVE if moved and action in (Action.NOOP, Action.UPDATE) else action


def _attributes_of(change: Mapping[str, Any]) -> Iterator[Attribute]:
    before, after = change.get("before"), change.get("after")
    hidden = either(change.get("before_sensitive", False), change.get("after_sensitive", False))
    found = attributes_between(before, after, hidden=hidden, unknown=change.get("after_unknown") or False)
    real = [each for each in found if each.path]
    forcing = {path_text(steps) for steps in change.get("replace_paths") or ()}
    telling = [each for each in real if each.path in forcing or _tells(each)]
    # What the provider derives from the labels repeats them.
    shown = {each.path.rpartition(".")[2] for each in telling if _LABELS.match(each.path)}
    seen = [each for each in telling if not _derived(each.path, shown)]
    yield from sorted(seen or telling or real, key=lambda each: each.path not in forcing)


def _tells(attribute: Attribute) -> bool:
    """Not null beside zero, which providers do not tell apart; not a result that is only known after apply."""
    return attribute.after != UNKNOWN and not (is_empty(attribute.before) and is_empty(attribute.after))


def _derived(path: str, labels: set[str]) -> bool:
    section, _, key = path.partition(".")
    return section == "terraform_labels" or (section == "effective_labels" and key in labels)
