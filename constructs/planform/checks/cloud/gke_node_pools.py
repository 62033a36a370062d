"""GKE node pools: size, upgrades, GPUs and TPUs, and how their capacity is obtained."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from planform.checks.cloud.rule import Block, Context, Finding, Rule, literal, one_of, unknown_word

# Machine types of the accelerator-optimised families with the GPUs that are part of them.
_GPU_MACHINES: Mapping[str, tuple[str, int]] = {
    **{f"a2-highgpu-{n}g": ("nvidia-tesla-a100", n) for n in (1, 2, 4, 8)},
    "a2-megagpu-16g": ("nvidia-tesla-a100", 16),
    **{f"a2-ultragpu-{n}g": ("nvidia-a100-80gb", n) for n in (1, 2, 4, 8)},
    **{f"a3-highgpu-{n}g": ("nvidia-h100-80gb", n) for n in (1, 2, 4, 8)},
    "a3-edgegpu-8g": ("nvidia-h100-80gb", 8),
    "a3-megagpu-8g": ("nvidia-h100-mega-80gb", 8),
    "a3-ultragpu-8g": ("nvidia-h200-141gb", 8),
    "a4-highgpu-8g": ("nvidia-b200", 8),
    "a4x-highgpu-4g": ("nvidia-gb200", 4),
    **{f"g2-standard-{n}": ("nvidia-l4", 1) for n in (4, 8, 12, 16, 32)},
    "g2-standard-24": ("nvidia-l4", 2),
    "g2-standard-48": ("nvidia-l4", 4),
    "g2-standard-96": ("nvidia-l4", 8),
    **{f"g4-standard-{48 * n}": ("nvidia-rtx-pro-6000", n) for n in (1, 2, 4, 8)},
}
_ATTACHED = ("nvidia-tesla-k80", "nvidia-tesla-p100", "nvidia-tesla-p4", "nvidia-tesla-t4", "nvidia-tesla-v100")
_GPUS = tuple(dict.fromkeys((*(gpu for gpu, _ in _GPU_MACHINES.values()), *_ATTACHED, "nvidia-gb300")))
_WITHOUT_GPU = ("c2", "c2d", "c3", "c3d", "c4", "c4a", "c4d", "e2", "n2", "n2d", "n4", "t2a", "t2d")

# Chips of a host by TPU machine type, and the dimensions of a slice of its generation.
_TPU_MACHINES: Mapping[str, tuple[int, int]] = {
    "ct4p-hightpu-4t": (4, 3),
    **{f"ct5lp-hightpu-{n}t": (n, 2) for n in (1, 4, 8)},
    **{f"ct5p-hightpu-{n}t": (n, 3) for n in (1, 2, 4)},
    **{f"ct6e-standard-{n}t": (n, 2) for n in (1, 4, 8)},
}
_SEVEN_DAYS = 604800
_MOST_SHARED_CLIENTS = 48
_SHARING = ("TIME_SHARING", "MPS")
_PER_ZONE = ("min_node_count", "max_node_count")
_TOTAL = ("total_min_node_count", "total_max_node_count")


def _pools(body: Block, context: Context) -> tuple[Block, ...]:
    """The pools of a resource: itself, or a cluster's inline ones and the configuration of its default pool."""
    if context.type == "google_container_node_pool":
        return (body,)
    return (body, *body.blocks("node_pool")) if body.blocks("node_config") else body.blocks("node_pool")


def _limits(body: Block, context: Context) -> Iterator[Finding]:
    """An autoscaled pool has a maximum, for each zone or in total, and each minimum stays below its maximum."""
    for pool in _pools(body, context):
        for scaling in pool.blocks("autoscaling"):
            yield from _limits_of(scaling)


def _limits_of(scaling: Block) -> Iterator[Finding]:
    if all(map(scaling.absent, ("max_node_count", "total_max_node_count"))):
        yield Finding(
            scaling.at("total_max_node_count"),
            "autoscaling without a maximum",
            "set `total_max_node_count` (the pool) or `max_node_count` (each zone)",
        )
    if any(map(scaling.number, _PER_ZONE)) and any(map(scaling.number, _TOTAL)):
        yield Finding(
            scaling.at("total_max_node_count"),
            "limits for each zone together with limits for the pool",
            "keep the `total_` ones or the others",
        )
    for least, most in (_PER_ZONE, _TOTAL):
        low, high = scaling.number(least), scaling.number(most)
        if low is not None and high is not None and low > high:
            yield Finding(scaling.at(least), f"at least {low:g} nodes, at most {high:g}", "swap the two")


def _node_count(body: Block, _: Context) -> Iterator[Finding]:
    """`node_count` fixes the size that autoscaling changes, so each apply would undo the autoscaler's work.

    The provider documents that the two do not go together, unless the count is ignored after creation.
    """
    if not body.given("node_count") or not body.blocks("autoscaling"):
        return
    lifecycle = body.block("lifecycle")
    ignored = "node_count" in lifecycle.texts("ignore_changes") or lifecycle.text("ignore_changes") == "all"
    if not ignored and not body.given("ignore_node_count_changes"):
        yield Finding("node_count", "a fixed node count on an autoscaled pool", "use `initial_node_count`, or drop one")


def _surge(body: Block, context: Context) -> Iterator[Finding]:
    """A surge upgrade replaces a node by adding one or by taking one away: one of the two numbers is above zero."""
    for pool in _pools(body, context):
        for settings in pool.blocks("upgrade_settings"):
            numbers = settings.number("max_surge"), settings.number("max_unavailable")
            if settings.text("strategy") in (None, "SURGE") and numbers == (0, 0):
                yield Finding(
                    settings.at("max_surge"),
                    "an upgrade that may neither add nor remove a node",
                    "set `max_surge` or `max_unavailable` to 1",
                )


def _gpu_type(body: Block, context: Context) -> Iterator[Finding]:
    """GKE names accelerators as Compute Engine does, in lower case: `nvidia-l4`, not `NVIDIA_L4`."""
    for config in _configs(body, context):
        for gpu in config.blocks("guest_accelerator"):
            text = gpu.text("type")
            if text and text.removesuffix("-vws") not in _GPUS and gpu.number("count") != 0:
                yield Finding(gpu.at("type"), f"GPU type `{text}` does not exist", f"types: {', '.join(_GPUS)}")


def _gpu_machine(body: Block, context: Context) -> Iterator[Finding]:
    """The A and G machine types come with their GPUs, and GKE wants both written: the type and the exact count.

    GPUs can be added to N1 machines only.
    """
    for config in _configs(body, context):
        machine = config.text("machine_type") or ""
        gpus = config.blocks("guest_accelerator")
        if machine in _GPU_MACHINES and not config.unknown("guest_accelerator"):
            yield from _built_in(config, machine, gpus)
        elif machine.partition("-")[0] in _WITHOUT_GPU and any(gpu.number("count") for gpu in gpus):
            yield Finding(
                config.at("guest_accelerator"),
                f"no GPU can be added to machine type {machine}",
                "use an n1 machine type, or one that comes with GPUs",
            )


def _built_in(config: Block, machine: str, gpus: tuple[Block, ...]) -> Iterator[Finding]:
    name, count = _GPU_MACHINES[machine]
    advice = f'write guest_accelerator {{type = "{name}", count = {count}}}'
    if config.absent("guest_accelerator"):
        yield Finding(config.at("guest_accelerator"), f"{machine} without its GPUs", advice)
    for gpu in gpus:
        text, number = gpu.text("type"), gpu.number("count")
        base = text.removesuffix("-vws") if text else text
        if (base is not None and base != name) or (number is not None and number != count):
            found = f"{number:g} x {text}" if number is not None else str(text)
            yield Finding(gpu.path, f"{machine} has {count} x {name}, not {found}", advice)


def _gpu_sharing(body: Block, context: Context) -> Iterator[Finding]:
    """A GPU is shared by time or by MPS, among 2 to 48 containers."""
    for config in _configs(body, context):
        for gpu in config.blocks("guest_accelerator"):
            for sharing in gpu.blocks("gpu_sharing_config"):
                yield from unknown_word(sharing, "gpu_sharing_strategy", _SHARING, "sharing strategy")
                clients = sharing.number("max_shared_clients_per_gpu")
                if clients is not None and not 2 <= clients <= _MOST_SHARED_CLIENTS:
                    yield Finding(
                        sharing.at("max_shared_clients_per_gpu"),
                        f"a GPU shared by {clients:g}",
                        f"2 to {_MOST_SHARED_CLIENTS}, or no `gpu_sharing_config`",
                    )


def _capacity(body: Block, context: Context) -> Iterator[Finding]:
    """A pool gets its machines in one way: on demand, spot, preemptible, or flex start.

    Flex start neither uses reservations nor runs without autoscaling, and it ends after at most seven days.
    """
    for config in _configs(body, context):
        chosen = [name for name in ("flex_start", "spot", "preemptible") if config.flag(name)]
        if len(chosen) > 1:
            yield Finding(config.at(chosen[1]), f"{one_of(chosen)}: a pool has one of them", "keep one")
        if config.flag("flex_start"):
            yield from _flex_start(config)


def _flex_start(config: Block) -> Iterator[Finding]:
    affinity = config.block("reservation_affinity")
    kind = affinity.text("consume_reservation_type")
    if kind not in (None, "", "NO_RESERVATION", "UNSPECIFIED"):
        yield Finding(affinity.at("consume_reservation_type"), f"flex start does not use {kind}", "set NO_RESERVATION")
    seconds = _seconds(config.text("max_run_duration"))
    if seconds is not None and seconds > _SEVEN_DAYS:
        yield Finding(
            config.at("max_run_duration"), "flex start runs for seven days at most", f"set {_SEVEN_DAYS}s or less"
        )


def _run_duration(body: Block, context: Context) -> Iterator[Finding]:
    """The API's durations are seconds with an s: seven days are 604800s."""
    for config in _configs(body, context):
        text = config.text("max_run_duration")
        if text and _seconds(text) is None:
            yield Finding(config.at("max_run_duration"), f"`{text}` is no duration", 'write seconds: "604800s"')


def _seconds(text: str | None) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d{1,9})?)s", text or "")
    return float(match.group(1)) if match else None


def _queued(body: Block, context: Context) -> Iterator[Finding]:
    """Queued provisioning hands nodes to a request as a whole, which the autoscaler does: it has to be on."""
    for pool in _pools(body, context):
        if pool.block("queued_provisioning").flag("enabled") and pool.absent("autoscaling"):
            yield Finding(
                pool.at("autoscaling"),
                "queued provisioning without autoscaling",
                "add `autoscaling` with a total minimum of 0 and a total maximum",
            )


def _reservation(body: Block, context: Context) -> Iterator[Finding]:
    """A specific reservation is found by a label: `compute.googleapis.com/reservation-name` and its name."""
    for config in _configs(body, context):
        affinity = config.block("reservation_affinity")
        named = affinity.given("key") and affinity.given("values")
        if affinity.text("consume_reservation_type") == "SPECIFIC_RESERVATION" and not named:
            yield Finding(
                affinity.at("values"),
                "SPECIFIC_RESERVATION names no reservation",
                "set `key` to compute.googleapis.com/reservation-name and `values` to the name",
            )


def _boot_disk(body: Block, context: Context) -> Iterator[Finding]:
    """`boot_disk` replaces `disk_size_gb` and `disk_type`; where both are written they say the same."""
    for config in _configs(body, context):
        for disk in config.blocks("boot_disk"):
            for old, new in (("disk_size_gb", "size_gb"), ("disk_type", "disk_type")):
                before, now = config.text(old), disk.text(new)
                if before is not None and now is not None and before != now:
                    yield Finding(disk.at(new), f"{now} here and {before} in `{old}`", f"drop `{old}`")


def _placement(body: Block, context: Context) -> Iterator[Finding]:
    """Node pools know one placement, COMPACT: nodes close to each other."""
    for pool in _pools(body, context):
        for policy in pool.blocks("placement_policy"):
            yield from unknown_word(policy, "type", ("COMPACT",), "placement type")


def _fast_socket(body: Block, context: Context) -> Iterator[Finding]:
    """NCCL Fast Socket works over gVNIC only."""
    for config in _configs(body, context):
        if config.block("fast_socket").flag("enabled") and not config.unknown("gvnic"):
            gvnic = config.block("gvnic")
            if config.absent("gvnic") or gvnic.flag("enabled") is False:
                yield Finding(config.at("gvnic"), "NCCL Fast Socket without gVNIC", "add gvnic {enabled = true}")


def _node_labels(body: Block, context: Context) -> Iterator[Finding]:
    """The prefixes `kubernetes.io/` and `k8s.io/` are Kubernetes's own; GKE refuses them on nodes."""
    for config in _configs(body, context):
        value = config.value.get("labels")
        for key in value if isinstance(value, Mapping) else ():
            if (literal(key) or "").startswith(("kubernetes.io/", "k8s.io/")):
                yield Finding(f"{config.at('labels')}.{key}", f"node label `{key}` is reserved", "use your own prefix")


def _tpu(body: Block, context: Context) -> Iterator[Finding]:
    """A TPU slice has the dimensions of its generation: two for v5e and v6e, three for v4 and v5p.

    A slice over several hosts is one pool of exactly its hosts: chips of the topology by chips of a machine.
    """
    for pool in _pools(body, context):
        machine = pool.block("node_config").text("machine_type") or ""
        policy = pool.block("placement_policy")
        topology = policy.text("tpu_topology")
        if topology and machine in _TPU_MACHINES:
            yield from _slice(pool, policy.at("tpu_topology"), topology, machine)


def _slice(pool: Block, path: str, topology: str, machine: str) -> Iterator[Finding]:
    chips, dimensions = _TPU_MACHINES[machine]
    sides = topology.split("x")
    if len(sides) != dimensions or not all(re.fullmatch(r"[1-9]\d*", side) for side in sides):
        yield Finding(
            path, f"`{topology}` is no topology of {machine}", f"write {'x'.join('2' * dimensions)}, or a larger one"
        )
        return
    hosts, rest = divmod(math.prod(map(int, sides)), chips)
    if rest:
        yield Finding(path, f"{topology} is no multiple of the {chips} chips of {machine}", "choose another topology")
    most = pool.block("autoscaling").number("total_max_node_count")
    if hosts > 1 and not rest and most is not None and most != hosts:
        yield Finding(
            pool.block("autoscaling").at("total_max_node_count"),
            f"a slice {topology} of {machine} has {hosts} nodes, not {most:g}",
            f"set {hosts}",
        )


def _configs(body: Block, context: Context) -> Iterator[Block]:
    for pool in _pools(body, context):
        yield from pool.blocks("node_config")


_TYPES = ("google_container_node_pool", "google_container_cluster")
_POOL: dict[str, object] = {"name": "main", "cluster": "main", "location": "europe-west4"}
_SCALING: dict[str, object] = {"total_min_node_count": 0, "total_max_node_count": 4}
_L4: dict[str, object] = {"type": "nvidia-l4", "count": 1}
_G2: dict[str, object] = {"machine_type": "g2-standard-8", "guest_accelerator": [_L4]}


def _with(config: dict[str, object], **arguments: object) -> dict[str, object]:
    return _POOL | {"node_config": [config]} | arguments


def _shared(strategy: str, clients: int) -> dict[str, object]:
    sharing = {"gpu_sharing_strategy": strategy, "max_shared_clients_per_gpu": clients}
    return _with(_G2 | {"guest_accelerator": [_L4 | {"gpu_sharing_config": [sharing]}]})


def _slice_of(topology: str, nodes: int) -> dict[str, object]:
    return _with(
        {"machine_type": "ct5lp-hightpu-4t"},
        placement_policy=[{"type": "COMPACT", "tpu_topology": topology}],
        autoscaling=[{"total_min_node_count": 0, "total_max_node_count": nodes}],
    )


_GPU_SOURCE = "Compute Engine, GPU machine types; GKE, run GPUs in Standard node pools (2026-08)"
_POOL_SOURCE = "provider 7.45.0, google_container_node_pool; GKE API v1, NodePoolAutoscaling (2026-08)"
_FLEX_SOURCE = "GKE, about flex-start; GKE API v1, NodeConfig.flexStart and maxRunDuration (2026-08)"

RULES = (
    Rule(
        code="cloud/node-pool-limits",
        types=_TYPES,
        title="autoscaling limits that exclude each other or are missing",
        judge=_limits,
        source=_POOL_SOURCE,
        wrong=_POOL | {"autoscaling": [{"max_node_count": 3, "total_max_node_count": 4}]},
        right=_POOL | {"autoscaling": [_SCALING]},
    ),
    Rule(
        code="cloud/node-pool-count",
        types=_TYPES[:1],
        title="a fixed node count on an autoscaled pool",
        judge=_node_count,
        source=_POOL_SOURCE,
        wrong=_POOL | {"node_count": 1, "autoscaling": [_SCALING]},
        right=_POOL | {"initial_node_count": 1, "autoscaling": [_SCALING]},
    ),
    Rule(
        code="cloud/node-pool-surge",
        types=_TYPES,
        title="a surge upgrade without room",
        judge=_surge,
        source="provider 7.45.0, upgrade_settings; GKE API v1, UpgradeSettings (2026-08)",
        wrong=_POOL | {"upgrade_settings": [{"max_surge": 0, "max_unavailable": 0}]},
        right=_POOL | {"upgrade_settings": [{"max_surge": 0, "max_unavailable": 1}]},
    ),
    Rule(
        code="cloud/gpu-type",
        types=_TYPES,
        title="a GPU that GKE does not have",
        judge=_gpu_type,
        source=_GPU_SOURCE,
        wrong=_with({"machine_type": "n1-standard-4", "guest_accelerator": [{"type": "NVIDIA_T4", "count": 1}]}),
        right=_with({"machine_type": "n1-standard-4", "guest_accelerator": [{"type": "nvidia-tesla-t4", "count": 1}]}),
    ),
    Rule(
        code="cloud/gpu-machine-type",
        types=_TYPES,
        title="GPUs that are not those of the machine type",
        judge=_gpu_machine,
        source=_GPU_SOURCE,
        wrong=_with({"machine_type": "g2-standard-24", "guest_accelerator": [_L4]}),
        right=_with({"machine_type": "g2-standard-24", "guest_accelerator": [_L4 | {"count": 2}]}),
    ),
    Rule(
        code="cloud/gpu-sharing",
        types=_TYPES,
        title="a way of sharing a GPU that GKE does not have",
        judge=_gpu_sharing,
        source="GKE, share GPUs with time-sharing and MPS; API v1, GPUSharingConfig (2026-08)",
        wrong=_shared("TIMESHARING", 4),
        right=_shared("TIME_SHARING", 4),
    ),
    Rule(
        code="cloud/node-pool-capacity",
        types=_TYPES,
        title="two ways to get machines in one pool",
        judge=_capacity,
        source=_FLEX_SOURCE,
        wrong=_with(_G2 | {"flex_start": True, "spot": True}),
        right=_with(_G2 | {"flex_start": True, "max_run_duration": "604800s"}),
    ),
    Rule(
        code="cloud/node-pool-run-duration",
        types=_TYPES,
        title="a run duration that is not in seconds",
        judge=_run_duration,
        source=_FLEX_SOURCE,
        wrong=_with(_G2 | {"max_run_duration": "7d"}),
        right=_with(_G2 | {"max_run_duration": "604800s"}),
    ),
    Rule(
        code="cloud/node-pool-queued",
        types=_TYPES,
        title="queued provisioning without autoscaling",
        judge=_queued,
        source="GKE, run workloads with flex-start and queued provisioning (2026-08)",
        wrong=_with(_G2, queued_provisioning=[{"enabled": True}]),
        right=_with(_G2, queued_provisioning=[{"enabled": True}], autoscaling=[_SCALING]),
    ),
    Rule(
        code="cloud/node-pool-reservation",
        types=_TYPES,
        title="a specific reservation without its name",
        judge=_reservation,
        source="provider 7.45.0, reservation_affinity; GKE API v1, ReservationAffinity (2026-08)",
        wrong=_with(_G2 | {"reservation_affinity": [{"consume_reservation_type": "SPECIFIC_RESERVATION"}]}),
        right=_with(
            _G2
            | {
                "reservation_affinity": [
                    {
                        "consume_reservation_type": "SPECIFIC_RESERVATION",
                        "key": "compute.googleapis.com/reservation-name",
                        "values": ["l4-block"],
                    }
                ]
            }
        ),
    ),
    Rule(
        code="cloud/node-pool-boot-disk",
        types=_TYPES,
        title="two boot disks of different size or type",
        judge=_boot_disk,
        source="provider 7.45.0, node_config.boot_disk: must match if specified in both places",
        wrong=_with({"disk_size_gb": 100, "boot_disk": [{"size_gb": 200}]}),
        right=_with({"boot_disk": [{"size_gb": 200}]}),
    ),
    Rule(
        code="cloud/node-pool-placement",
        types=_TYPES,
        title="a placement that node pools do not have",
        judge=_placement,
        source="provider 7.45.0, placement_policy.type; GKE API v1, PlacementPolicy.Type (2026-08)",
        wrong=_with(_G2, placement_policy=[{"type": "SPREAD"}]),
        right=_with(_G2, placement_policy=[{"type": "COMPACT"}]),
    ),
    Rule(
        code="cloud/node-pool-fast-socket",
        types=_TYPES,
        title="NCCL Fast Socket without gVNIC",
        judge=_fast_socket,
        source="GKE, NCCL Fast Socket, requirements (2026-08)",
        wrong=_with(_G2 | {"fast_socket": [{"enabled": True}]}),
        right=_with(_G2 | {"fast_socket": [{"enabled": True}], "gvnic": [{"enabled": True}]}),
    ),
    Rule(
        code="cloud/node-label",
        types=_TYPES,
        title="a node label with a reserved prefix",
        judge=_node_labels,
        source="provider 7.45.0, node_config.labels",
        wrong=_with({"labels": {"kubernetes.io/team": "fraud"}}),
        right=_with({"labels": {"acme.example/team": "fraud"}}),
    ),
    Rule(
        code="cloud/tpu-topology",
        types=_TYPES,
        title="a TPU slice that its machines do not make up",
        judge=_tpu,
        source="GKE, plan TPUs: topology, machine types, nodes of a multi-host slice (2026-08)",
        wrong=_slice_of("4x4", 2),
        right=_slice_of("4x4", 4),
    ),
)
