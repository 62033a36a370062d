"""Kubernetes as checked records: objects that become files, and Helm charts that a GitOps tool installs.

Nothing here reaches for a cluster. An object is made in a construct and kept by its stack, as Terraform's records
are; a chart is named, and its version stands in one lock file. What brings both into a cluster is the platform's
`gitops` capability.
"""

from __future__ import annotations

from planform.kubernetes.accelerators import on_accelerator, resource_of
from planform.kubernetes.charts import Chart, charts
from planform.kubernetes.delivery import Part, Step, order, parts_of, waves
from planform.kubernetes.images import Image, image, images
from planform.kubernetes.record import HelmRelease, KubernetesObject, Manifests, Objects, objects_of
from planform.kubernetes.writer import to_yaml

__all__ = [
    "Chart",
    "HelmRelease",
    "Image",
    "KubernetesObject",
    "Manifests",
    "Objects",
    "Part",
    "Step",
    "charts",
    "image",
    "images",
    "objects_of",
    "on_accelerator",
    "order",
    "parts_of",
    "resource_of",
    "to_yaml",
    "waves",
]
