"""Backstage's own configuration, app-config.yaml: what it is called, who signs in, and where its catalog is.

Source: Backstage's pages on configuration, on the GitHub and Google IAP auth providers, on GitHub Apps, on service to
service auth, on TechDocs and on the Kubernetes plugin, read 2026-11. A `${NAME}` is a variable of the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from planform.planes.database_proxy import PORT

__all__ = ["GITHUB", "SECRETS", "BackstageFacts", "app_config"]

GITHUB = "github.com"
SECRETS: Mapping[str, str] = {
    "session-secret": "Signs the sessions of the portal: 32 random bytes, in base64",
    "ci-token": "What a pipeline shows to add to the portal's catalog: 32 random bytes, in base64",
    "github-app-id": "Number of the portal's GitHub App",
    "github-client-id": "Client id of the portal's GitHub App",
    "github-client-secret": "Client secret of the portal's GitHub App",
    "github-webhook-secret": "Webhook secret of the portal's GitHub App",
    "github-private-key": "Private key of the portal's GitHub App, in PEM form",
}
"""Keys of the Kubernetes Secret, and what each is for; the variable of `ci-token` is CI_TOKEN."""
_KINDS = ["Component", "API", "Resource", "System", "Domain", "Group", "User", "Location", "Template"]
_CLUSTER_CA = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"


class BackstageFacts(Struct, frozen=True):
    """What the configuration is made of; "" where a thing is not there."""

    title: str
    company: str
    url: str
    database: str
    database_user: str
    cluster: str
    catalog_url: str
    github_host: str
    github_organization: str
    iap_audience: str
    docs_bucket: str
    project: str


def app_config(facts: BackstageFacts) -> dict[str, Any]:
    """The whole of it."""
    return {
        "app": {"title": facts.title, "baseUrl": facts.url},
        "organization": {"name": facts.company},
        "backend": _backend(facts),
        "auth": _auth(facts),
        "permission": {"enabled": True},
        "integrations": {"github": [_github(facts)]},
        "catalog": _catalog(facts),
        "techdocs": _techdocs(facts),
        "kubernetes": _kubernetes(facts),
    }


def _backend(facts: BackstageFacts) -> dict[str, Any]:
    pipeline = {
        "type": "static",
        "options": {"token": "${CI_TOKEN}", "subject": "ci"},
        "accessRestrictions": [{"plugin": "catalog"}],
    }
    return {
        "baseUrl": facts.url,
        "cors": {
            "origin": facts.url,
            "methods": ["GET", "HEAD", "PATCH", "POST", "PUT", "DELETE"],
            "credentials": True,
        },
        "database": {
            "client": "pg",
            # One database with a schema for each plugin: the portal's user may not make databases.
            "pluginDivisionMode": "schema",
            "connection": {
                "host": "127.0.0.1",
                "port": PORT,
                "database": facts.database,
                "user": facts.database_user,
            },
        },
        "auth": {"externalAccess": [pipeline]},
    }


def _auth(facts: BackstageFacts) -> dict[str, Any]:
    if facts.iap_audience:
        resolver = {"resolver": "emailMatchingUserEntityProfileEmail"}
        provider: dict[str, Any] = {
            "gcpIap": {"audience": facts.iap_audience, "signIn": {"resolvers": [resolver]}},
        }
    else:
        elsewhere = {"enterpriseInstanceUrl": f"https://{facts.github_host}"} if facts.github_host != GITHUB else {}
        client = {
            **elsewhere,
            "clientId": "${GITHUB_CLIENT_ID}",
            "clientSecret": "${GITHUB_CLIENT_SECRET}",
            "signIn": {"resolvers": [{"resolver": "usernameMatchingUserEntityName"}]},
        }
        provider = {"github": {"production": client}}
    return {"environment": "production", "session": {"secret": "${SESSION_SECRET}"}, "providers": provider}


def _github(facts: BackstageFacts) -> dict[str, Any]:
    app = {
        "appId": "${GITHUB_APP_ID}",
        "clientId": "${GITHUB_CLIENT_ID}",
        "clientSecret": "${GITHUB_CLIENT_SECRET}",
        "webhookSecret": "${GITHUB_WEBHOOK_SECRET}",
        "privateKey": "${GITHUB_PRIVATE_KEY}",
    }
    return {"host": facts.github_host, "apps": [app]}


def _catalog(facts: BackstageFacts) -> dict[str, Any]:
    held: dict[str, Any] = {
        "rules": [{"allow": ["Component", "API", "Resource", "System", "Location"]}],
        "locations": [{"type": "url", "target": facts.catalog_url, "rules": [{"allow": _KINDS}]}],
    }
    if facts.github_organization:
        organization = facts.github_organization
        held["providers"] = {
            "github": {
                "organization": {
                    "organization": organization,
                    "catalogPath": "/catalog-info.yaml",
                    "schedule": {"frequency": {"minutes": 30}, "timeout": {"minutes": 3}},
                }
            },
            "githubOrg": [
                {
                    "id": "organization",
                    "githubUrl": f"https://{facts.github_host}",
                    "orgs": [organization],
                    "schedule": {"frequency": {"hours": 1}, "timeout": {"minutes": 15}},
                }
            ],
        }
    return held


def _techdocs(facts: BackstageFacts) -> dict[str, Any]:
    if not facts.docs_bucket:
        return {"builder": "local", "generator": {"runIn": "local"}, "publisher": {"type": "local"}}
    bucket = {"bucketName": facts.docs_bucket, "projectId": facts.project}
    return {"builder": "external", "publisher": {"type": "googleGcs", "googleGcs": bucket}}


def _kubernetes(facts: BackstageFacts) -> dict[str, Any]:
    cluster = {
        "name": facts.cluster,
        "url": "https://kubernetes.default.svc",
        "authProvider": "serviceAccount",
        "skipTLSVerify": False,
        "skipMetricsLookup": True,
        "caFile": _CLUSTER_CA,
    }
    return {
        "serviceLocatorMethod": {"type": "multiTenant"},
        "clusterLocatorMethods": [{"type": "config", "clusters": [cluster]}],
    }
