"""Who may do what in Kubernetes for Kubeflow Pipelines: rules of its controllers, of teams and of their pods.

Source: manifests/kustomize/base/installs/multi-user of kubeflow/pipelines at tag 2.17.0, read 2026-11-25, without
what version 1 of pipelines needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["CONTROLLERS", "CRDS", "EDIT", "STEP", "VIEW", "binding"]

Rule = Mapping[str, Sequence[str]]
API = "pipelines.kubeflow.org"
_READ = ["get", "list", "watch"]
_WRITE = [*_READ, "create", "update", "patch", "delete"]


def rule(group: str, resources: Sequence[str], verbs: Sequence[str], names: Sequence[str] = ()) -> dict[str, Any]:
    """One rule; `names` limits it to objects of these names."""
    limited = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs), **limited}


CONTROLLERS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "ml-pipeline": [
        rule("", ["pods", "pods/log"], ["get", "list", "delete"]),
        rule("", ["configmaps"], ["get"], ["kfp-launcher"]),
        rule("argoproj.io", ["workflows"], _WRITE),
        rule("kubeflow.org", ["scheduledworkflows"], ["create", "get", "list", "update", "patch", "delete"]),
        rule("kubeflow.org", ["scheduledworkflows/finalizers"], ["update"]),
        rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
        rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
    ],
    "ml-pipeline-persistenceagent": [
        rule("argoproj.io", ["workflows"], _READ),
        rule("kubeflow.org", ["scheduledworkflows"], _READ),
        rule(API, ["scheduledworkflows", "workflows"], ["report"]),
        rule(API, ["runs"], ["reportMetrics", "readArtifact"]),
    ],
    "ml-pipeline-scheduledworkflow": [
        rule("argoproj.io", ["workflows"], _WRITE),
        rule("kubeflow.org", ["scheduledworkflows", "scheduledworkflows/finalizers"], _WRITE),
        rule(API, ["runs"], ["create"]),
        rule("", ["events"], ["create", "patch"]),
    ],
    "ml-pipeline-ui": [
        rule("", ["pods", "pods/log"], ["get"]),
        rule("", ["events"], ["list"]),
        rule("argoproj.io", ["workflows"], ["get", "list"]),
        rule("kubeflow.org", ["viewers"], ["create", "get", "list", "watch", "delete"]),
    ],
    "ml-pipeline-viewer-crd": [
        rule("", ["services"], _WRITE),
        rule("apps", ["deployments"], _WRITE),
        rule("kubeflow.org", ["viewers", "viewers/finalizers"], _WRITE),
    ],
}
"""Service account to what it may do in every namespace."""
VIEW = [
    rule(API, ["pipelines", "pipelineversions", "experiments", "jobs"], ["get", "list"]),
    rule(API, ["runs"], ["get", "list", "readArtifact"]),
    rule("argoproj.io", ["workflows"], _READ),
]
EDIT = [
    rule(API, ["pipelines", "pipelineversions"], ["create", "delete", "update"]),
    rule(API, ["experiments"], ["archive", "create", "delete", "unarchive"]),
    rule(
        API,
        ["runs"],
        ["archive", "create", "delete", "retry", "terminate", "unarchive", "reportMetrics", "readArtifact"],
    ),
    rule(API, ["jobs"], ["create", "delete", "disable", "enable"]),
    rule("kubeflow.org", ["viewers"], ["create", "get", "delete"]),
]
STEP = [
    rule("", ["configmaps"], _READ),
    rule("", ["pods"], [*_READ, "patch"]),
    rule("", ["pods/log"], ["get"]),
    rule("", ["persistentvolumeclaims"], ["create", "get", "list", "delete"]),
    rule("argoproj.io", ["workflowtaskresults"], ["create", "patch"]),
]
"""What a pipeline's pods may do in their own namespace."""


def binding(role_kind: str, role: str, service_account: str, namespace: str) -> dict[str, Any]:
    """The body of a binding of a service account to a role."""
    return {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": service_account, "namespace": namespace}],
    }


def _crd(kind: str, plural: str, short: str, required: Sequence[str]) -> dict[str, Any]:
    loose = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "x-kubernetes-map-type": "atomic"}
    parts = {"spec": loose, "status": loose}
    schema = {
        "type": "object",
        "required": list(required),
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            **{part: parts[part] for part in required},
        },
    }
    return {
        "group": "kubeflow.org",
        "scope": "Namespaced",
        "names": {
            "kind": kind,
            "listKind": f"{kind}List",
            "plural": plural,
            "singular": kind.lower(),
            "shortNames": [short],
        },
        "versions": [
            {"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}},
        ],
    }


CRDS: Mapping[str, Mapping[str, Any]] = {
    "scheduledworkflows.kubeflow.org": _crd("ScheduledWorkflow", "scheduledworkflows", "swf", ["spec", "status"]),
    "viewers.kubeflow.org": _crd("Viewer", "viewers", "vi", ["spec"]),
}
"""Name to spec of the custom resources that pipelines bring; Argo Workflows brings its own."""
