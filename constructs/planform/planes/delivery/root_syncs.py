"""Parts of the platform as Config Sync's RootSync objects: one for each plane and team, one for each chart.

What orders them is the annotation `config.kubernetes.io/depends-on`: Config Sync makes a RootSync only when those
that it depends on are set up. It skips objects of kinds that are not there yet and comes back to them, so that order
saves time and decides nothing.
Source: the RootSync CRD and the multi-error rules of Config Sync 1.22, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planform.contracts.gitops import ManifestSource
from planform.engine import Construct
from planform.kubernetes.delivery import Part, Step, order
from planform.kubernetes.record import HelmRelease, KubernetesObject

__all__ = ["API", "NAMESPACE", "ROOT", "root_syncs", "spec_of"]

API = "configsync.gke.io/v1beta1"
NAMESPACE = "config-management-system"
ROOT = "root-sync"
"""The RootSync that the fleet makes; it reads the others."""
DEPENDS_ON = "config.kubernetes.io/depends-on"


def root_syncs(
    scope: Construct,
    parts: Sequence[Part],
    source: ManifestSource,
    *,
    auth: str,
    labels: Mapping[str, str],
) -> tuple[KubernetesObject, ...]:
    """RootSyncs for all parts, made in `scope`."""
    releases = {Step(part.id, each.name): each for part in parts for each in part.releases}
    planes = {part.id: part.manifests.plane for part in parts}

    def unit(step: Step) -> Step:
        return step if step.release else Step(planes[step.part])

    made = []
    for step, before in order(parts, unit).items():
        release = releases.get(step)
        spec = _chart(release) if release else spec_of(source, step.part, auth=auth)
        made.append(
            KubernetesObject(
                scope,
                API,
                "RootSync",
                _name(step),
                namespace=NAMESPACE,
                labels=labels,
                annotations={DEPENDS_ON: ",".join(_reference(each) for each in before)} if before else None,
                origin=release.origin if release else None,
                spec={**spec, "override": {"namespaceStrategy": "explicit", "statusMode": "enabled"}},
            )
        )
    return tuple(made)


def spec_of(source: ManifestSource, *path: str, auth: str) -> dict[str, Any]:
    """The source in the words of a RootSync."""
    common = {"sourceFormat": "unstructured", "sourceType": source.kind}
    folder = source.below(*path)
    if source.kind == "git":
        git = {"repo": source.url, "branch": source.revision, "dir": folder, "auth": auth, "period": "60s"}
        return {**common, "git": {**git, **({"secretRef": {"name": "git-creds"}} if auth == "token" else {})}}
    image = f"{source.url}:{source.revision}"
    return {**common, "oci": {"image": image, "dir": folder, "auth": auth, "period": "60s"}}


def _chart(release: HelmRelease) -> dict[str, Any]:
    chart = release.chart
    helm: dict[str, Any] = {
        "repo": chart.repository,
        "chart": chart.chart,
        "version": chart.version,
        "releaseName": release.name,
        "namespace": release.namespace,
        "auth": "none",
        "period": "1h",
        "includeCRDs": True,
    }
    if release.values:
        helm["values"] = release.values
    return {"sourceFormat": "unstructured", "sourceType": "helm", "helm": helm}


def _name(step: Step) -> str:
    if step.release:
        return f"chart-{step.release}"
    return step.part if step.part.startswith("team-") else f"plane-{step.part}"


def _reference(step: Step) -> str:
    return f"configsync.gke.io/namespaces/{NAMESPACE}/RootSync/{_name(step)}"
