"""How managed Prometheus reads Kueue's metrics, which only who shows a token may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planform.planes.component import Component

__all__ = ["scrape_queue"]

_NAME = "kueue-metrics"
_RBAC = "rbac.authorization.k8s.io"
_POD_LABELS = {"control-plane": "controller-manager", "app.kubernetes.io/name": "kueue"}


def scrape_queue(owner: Component, namespace: str, collectors: Sequence[str]) -> None:
    """A service account that may read metrics and nothing else, its token, and the PodMonitoring that shows it.

    Source: Kueue's page on Prometheus metrics (port 8443, HTTPS, TokenReview); managed Prometheus' page on scraping
    with authorization, read 2026-11. The cluster makes the token; no manifest holds it.
    """

    def make(api_version: str, kind: str, name: str, where: str | None = namespace, **body: Any) -> None:
        owner.object(api_version, kind, name, where, **body)

    def bind(kind: str, name: str, role: str, subjects: Sequence[tuple[str, str]], where: str | None) -> None:
        make(
            f"{_RBAC}/v1",
            f"{kind}Binding",
            name,
            where,
            subjects=[{"kind": "ServiceAccount", "namespace": space, "name": each} for space, each in subjects],
            roleRef={"apiGroup": _RBAC, "kind": kind, "name": role},
        )

    make("v1", "ServiceAccount", _NAME)
    token = {"kubernetes.io/service-account.name": _NAME}
    make("v1", "Secret", _NAME, annotations=token, type="kubernetes.io/service-account-token")
    make(f"{_RBAC}/v1", "ClusterRole", _NAME, None, rules=[{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}])
    bind("ClusterRole", _NAME, _NAME, [(namespace, _NAME)], None)
    readable = {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": [_NAME],
        "verbs": ["get", "list", "watch"],
    }
    make(f"{_RBAC}/v1", "Role", _NAME, rules=[readable])
    bind("Role", _NAME, _NAME, [(each, "collector") for each in collectors], namespace)
    endpoint = {
        "port": 8443,
        "scheme": "https",
        "path": "/metrics",
        "interval": "60s",
        "tls": {"insecureSkipVerify": True},  # the certificate is Kueue's own
        "authorization": {"type": "Bearer", "credentials": {"secret": {"name": _NAME, "key": "token"}}},
    }
    spec = {"selector": {"matchLabels": dict(_POD_LABELS)}, "endpoints": [endpoint]}
    make("monitoring.googleapis.com/v1", "PodMonitoring", _NAME, spec=spec)
