"""What is delivered together, and what must be there first.

A part is what one component delivers: its objects and its charts. Two reasons order parts. A custom resource needs
the chart that defines it: that holds always. A component comes after those that it asks something of: that holds
as far as it contradicts nothing, because Kubernetes itself waits for what is only late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from planform.kubernetes.record import Delivered, HelmRelease, KubernetesObject, Manifests

__all__ = ["Part", "Step", "definers", "order", "parts_of", "waves"]


class Part(Struct, frozen=True):
    """The objects and charts of one component; `needs` are the ids of the parts that it comes after."""

    manifests: Manifests
    objects: tuple[KubernetesObject, ...]
    releases: tuple[HelmRelease, ...]
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`resource/kueue`."""
        return self.manifests.id


class Step(Struct, frozen=True, order=True):
    """The objects of a part, or one of its charts: `release` is its name, "" for the objects."""

    part: str
    release: str = ""


def parts_of(delivered: Iterable[Delivered], needs: Mapping[str, Iterable[str]] | None = None) -> tuple[Part, ...]:
    """Records to parts, in the order of their ids; `needs` goes by id, and what delivers nothing is looked through."""
    groups: dict[str, list[Delivered]] = {}
    for record in delivered:
        groups.setdefault(record.manifests.id, []).append(record)
    return tuple(
        Part(
            group[0].manifests,
            tuple(each for each in group if isinstance(each, KubernetesObject)),
            tuple(each for each in group if isinstance(each, HelmRelease)),
            tuple(sorted(_needed(id, needs or {}, groups.keys()) - {id})),
        )
        for id, group in sorted(groups.items())
    )


def _needed(id: str, needs: Mapping[str, Iterable[str]], present: Iterable[str]) -> set[str]:
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(needs.get(id, ()))
    while waiting:
        each = waiting.pop()
        if each in present:
            found.add(each)
        elif each not in seen:
            seen.add(each)
            waiting += needs.get(each, ())
    return found


def order(parts: Sequence[Part], unit: Callable[[Step], Step] = lambda step: step) -> dict[Step, tuple[Step, ...]]:
    """Every step with the steps right before it; steps come in an order in which they could be taken.

    `unit` puts steps together that a tool takes as one: the objects of all parts of a plane.

    A part's objects come after its charts if any of them is of a kind that one of its charts defines, else before.
    """
    graph: dict[Step, set[Step]] = {unit(step): set() for part in parts for step in _steps(part)}
    above: dict[Step, set[Step]] = {step: set() for step in graph}
    for before, after in dict.fromkeys((unit(one), unit(other)) for one, other in (*_hard(parts), *_soft(parts))):
        if before != after and after not in above[before]:  # else it would be a circle
            graph[after].add(before)
            for step in graph:
                if step == after or after in above[step]:
                    above[step] |= {before, *above[before]}
    return _sorted(_reduced(graph, above))


def definers(parts: Sequence[Part]) -> dict[str, Step]:
    """API group to the chart that defines its kinds."""
    return {
        group: Step(part.id, release.name)
        for part in parts
        for release in part.releases
        for group in release.chart.api_groups
    }


def _steps(part: Part) -> Iterator[Step]:
    if part.objects:
        yield Step(part.id)
    yield from (Step(part.id, release.name) for release in part.releases)


def _hard(parts: Sequence[Part]) -> Iterator[tuple[Step, Step]]:
    defined = definers(parts)
    for part in parts:
        for group in sorted({each.group for each in part.objects} & defined.keys()):
            yield defined[group], Step(part.id)


def _soft(parts: Sequence[Part]) -> Iterator[tuple[Step, Step]]:
    by_id = {part.id: part for part in parts}
    for part in parts:
        if part.objects:
            yield from ((Step(part.id), Step(part.id, release.name)) for release in part.releases)
    for part in parts:
        for id in part.needs:
            yield from ((before, after) for before in _steps(by_id[id]) for after in _steps(part))


def _reduced(graph: Mapping[Step, set[Step]], above: Mapping[Step, set[Step]]) -> dict[Step, set[Step]]:
    """Without what follows from the rest: of a chain, each names the one right before it."""
    return {
        step: {each for each in before if not any(each in above[other] for other in before)}
        for step, before in graph.items()
    }


def _sorted(graph: Mapping[Step, set[Step]]) -> dict[Step, tuple[Step, ...]]:
    """In waves, by name within a wave: the same for the same graph."""
    done: dict[Step, tuple[Step, ...]] = {}
    while len(done) < len(graph):
        ready = sorted(step for step, before in graph.items() if step not in done and before <= done.keys())
        done.update({step: tuple(sorted(graph[step])) for step in ready})
    return done


def waves(steps: Mapping[Step, Sequence[Step]]) -> dict[Step, int]:
    """How many steps come before each at least, 0 for the first."""
    found: dict[Step, int] = {}
    for step, before in steps.items():
        found[step] = 1 + max((found[each] for each in before), default=-1)
    return found
