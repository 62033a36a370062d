"""Parts of the platform as Argo CD's Application and AppProject objects.

One project for each plane and team fences what its applications may take and touch; one application for each
component's files and one for each chart. Order is the annotation `argocd.argoproj.io/sync-wave`: the application that
reads these goes on to the next wave when the applications of this one are healthy.
Source: Argo CD's pages on sync waves, projects and the health of applications, for 3.4, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from planform.contracts.gitops import ManifestSource
from planform.engine import Construct
from planform.kubernetes.delivery import Part, order, waves
from planform.kubernetes.record import HelmRelease, KubernetesObject

__all__ = ["API", "CLUSTER", "SELF", "applications", "chart_source", "make_application", "make_project"]

API = "argoproj.io/v1alpha1"
CLUSTER = "https://kubernetes.default.svc"
SELF = "platform-sync"
"""The project and the application that read all others."""
WAVE = "argocd.argoproj.io/sync-wave"
_SELF_SIGNED = [
    {"group": "admissionregistration.k8s.io", "kind": kind, "jqPathExpressions": [".webhooks[].clientConfig.caBundle"]}
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
]


def applications(
    scope: Construct,
    parts: Sequence[Part],
    source: ManifestSource,
    *,
    namespace: str,
    labels: Mapping[str, str],
) -> None:
    """Projects and applications for all parts, made in `scope`."""
    by_id = {part.id: part for part in parts}
    for plane in sorted({part.manifests.plane for part in parts}):
        _project(scope, plane, [part for part in parts if part.manifests.plane == plane], source, namespace, labels)
    steps = order(parts)
    wave = waves(steps)
    for step in steps:
        part = by_id[step.part]
        release = next((each for each in part.releases if each.name == step.release), None)
        files = {
            "repoURL": source.url,
            "targetRevision": source.revision,
            "path": source.below(part.manifests.plane, part.manifests.component),
        }
        make_application(
            scope,
            release.name if release else f"{part.manifests.plane}-{part.manifests.component}",
            namespace=namespace,
            labels=labels,
            wave=wave[step],
            project=part.manifests.plane,
            source=chart_source(release) if release else files,
            into=release.namespace if release else _team(part.manifests.plane),
        )


def make_project(
    scope: Construct,
    name: str,
    *,
    namespace: str,
    labels: Mapping[str, str],
    description: str,
    repositories: Iterable[str],
    into: Sequence[str],
    cluster_kinds: Sequence[Mapping[str, str]],
) -> None:
    """A fence: what may come from where, and go where."""
    KubernetesObject(
        scope,
        API,
        "AppProject",
        name,
        namespace=namespace,
        labels=labels,
        annotations={WAVE: "-10"},
        spec={
            "description": description,
            "sourceRepos": sorted(set(repositories)),
            "destinations": [{"server": CLUSTER, "namespace": each} for each in into],
            "clusterResourceWhitelist": list(cluster_kinds),
            "orphanedResources": {"warn": True},
        },
    )


def make_application(
    scope: Construct,
    name: str,
    *,
    namespace: str,
    labels: Mapping[str, str],
    wave: int,
    project: str,
    source: Mapping[str, Any],
    into: str | None,
) -> None:
    """Something to keep in step with its source."""
    destination = {"server": CLUSTER, **({"namespace": into} if into else {})}
    KubernetesObject(
        scope,
        API,
        "Application",
        name,
        namespace=namespace,
        labels=labels,
        annotations={WAVE: str(wave)},
        spec={
            "project": project,
            "source": dict(source),
            "destination": destination,
            "ignoreDifferences": _SELF_SIGNED if "chart" in source else None,
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": [
                    "ServerSideApply=true",
                    "SkipDryRunOnMissingResource=true",
                    "RespectIgnoreDifferences=true",
                ],
                "retry": {"limit": 10, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}},
            },
        },
    )


def chart_source(release: HelmRelease) -> dict[str, Any]:
    """A chart in the words of an Application, which names OCI registries without their scheme."""
    chart = release.chart
    helm: dict[str, Any] = {"releaseName": release.name}
    if release.values:
        helm["valuesObject"] = release.values
    return {
        "repoURL": _bare(chart.repository),
        "chart": chart.chart,
        "targetRevision": chart.version,
        "helm": helm,
    }


def _project(
    scope: Construct,
    plane: str,
    parts: Sequence[Part],
    source: ManifestSource,
    namespace: str,
    labels: Mapping[str, str],
) -> None:
    team = _team(plane)
    releases = [release for part in parts for release in part.releases]
    everything = [{"group": "*", "kind": "*"}]
    objects = [each for part in parts for each in part.objects]
    wide = sorted({(each.group, each.kind) for each in objects if not each.namespace})
    make_project(
        scope,
        plane,
        namespace=namespace,
        labels=labels,
        description=f"What belongs to {f'team {team}' if team else f'plane {plane}'}.",
        repositories=[source.url, *(_bare(release.chart.repository) for release in releases)],
        into=sorted({team, *(each.namespace for each in objects if each.namespace)}) if team else ["*"],
        cluster_kinds=[{"group": group, "kind": kind} for group, kind in wide] if team else everything,
    )


def _team(plane: str) -> str | None:
    """The team whose plane it is, and the name of its namespace."""
    return plane.removeprefix("team-") if plane.startswith("team-") else None


def _bare(repository: str) -> str:
    return repository.removeprefix("oci://")
