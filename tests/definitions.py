"""The definitions of custom resources that planform's objects are judged by, as those who wrote the kinds made them.

Most come from the Go modules that define them, where the module cache has them: `go mod download MODULE@VERSION`
puts them there. Strimzi's are written by its own generator, which `dev.py` runs. Those of constraints are in their
templates, from which Gatekeeper makes them in a cluster. The rest are written by hand from their documentation.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

from tests.tools import TOOLS, absent, go_module

__all__ = ["GROUPS", "definition_of_constraint", "definitions"]

GOOGLE = "github.com/GoogleCloudPlatform"
STRIMZI = "kafka.strimzi.io"
MODULES = {
    "argoproj.io": ("github.com/argoproj/argo-cd/v2@v2.14.21", "manifests/crds"),
    "cilium.io": ("github.com/cilium/cilium@v1.20.2", "pkg/k8s/apis/cilium.io/client/crds/v2"),
    "config.gatekeeper.sh": ("github.com/open-policy-agent/gatekeeper/v3@v3.23.1", "charts/gatekeeper/crds"),
    "external-secrets.io": ("github.com/external-secrets/external-secrets@v1.3.2", "config/crds/bases"),
    "gateway.networking.k8s.io": ("sigs.k8s.io/gateway-api@v1.4.0", "config/crd/standard"),
    "keda.sh": ("github.com/kedacore/keda/v2@v2.20.2", "config/crd/bases"),
    "kueue.x-k8s.io": ("sigs.k8s.io/kueue@v0.19.2", "config/components/crd/bases"),
    "monitoring.coreos.com": (
        "github.com/prometheus-operator/prometheus-operator@v0.85.0",
        "example/prometheus-operator-crd",
    ),
    "monitoring.googleapis.com": (f"{GOOGLE}/prometheus-engine@v0.17.2", "charts/operator/crds"),
    "networking.gke.io": (f"{GOOGLE}/gke-networking-api@v0.2.11", "config/crds"),
    "ray.io": ("github.com/ray-project/kuberay/ray-operator@v1.6.2", "config/crd/bases"),
    "templates.gatekeeper.sh": ("github.com/open-policy-agent/gatekeeper/v3@v3.23.1", "charts/gatekeeper/crds"),
    "trainer.kubeflow.org": ("github.com/kubeflow/trainer/v2@v2.3.0", "manifests/base/crds"),
}
"""API group to the Go module and its folder that define it: the newest that the module proxy has of each."""
OF_RUNS = ("ray.io", "trainer.kubeflow.org")
"""The groups of objects that runs of pipelines make."""
GROUPS = (*(group for group in MODULES if group not in OF_RUNS), STRIMZI, "configsync.gke.io")
"""The groups of delivered objects that have definitions here."""
BY_HAND = Path(__file__).parent / "fixtures" / "definitions"
"""Definitions of Google's kinds that no module has: Config Sync's is given out by none, the others GKE itself makes."""


class _Yaml(yaml.SafeLoader):
    """YAML in which `=` is text, as those who wrote the definitions took it."""


def _text(loader: _Yaml, node: yaml.ScalarNode) -> str:
    return loader.construct_scalar(node)


_Yaml.add_constructor("tag:yaml.org,2002:value", _text)


@functools.cache
def _read(place: Path) -> tuple[dict[str, Any], ...]:
    loaded = (each for file in sorted(place.glob("*.yaml")) for each in yaml.load_all(file.read_text(), Loader=_Yaml))
    return tuple(each for each in loaded if each and each.get("kind") == "CustomResourceDefinition")


def definitions(group: str) -> tuple[dict[str, Any], ...]:
    """The definitions of a group; skips the test, by name, where they are not on this machine."""
    places: tuple[Path, ...]
    if group == STRIMZI:
        place = TOOLS / "strimzi" / "definitions"
        if not (place.parent / "made-from").exists():
            absent("Strimzi's definitions are not here: `python3 dev.py test` makes them where Java and Maven are")
        places = (place,)
    elif group in MODULES:
        module, path = MODULES[group]
        places = (go_module(module) / path, BY_HAND)
    else:
        places = (BY_HAND,)
    return tuple(each for place in places for each in _read(place) if each["spec"]["group"] == group)


def definition_of_constraint(template: dict[str, Any]) -> dict[str, Any]:
    """The definition that Gatekeeper makes of a template, without the schema of `match`, which is Gatekeeper's own."""
    names, validation = (template["spec"]["crd"]["spec"].get(key, {}) for key in ("names", "validation"))
    plural, group = names["kind"].lower(), "constraints.gatekeeper.sh"
    loose = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    spec = {
        "enforcementAction": {"type": "string"},
        "match": loose,
        "parameters": validation.get("openAPIV3Schema", {"type": "object"}),
    }
    schema = {
        "type": "object",
        "properties": {"metadata": {"type": "object"}, "spec": {"type": "object", "properties": spec}, "status": loose},
    }
    version = {"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": names["kind"], "plural": plural, "singular": plural, "listKind": f"{names['kind']}List"},
            "scope": "Cluster",
            "versions": [version],
        },
    }
