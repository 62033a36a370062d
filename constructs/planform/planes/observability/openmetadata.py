"""OpenMetadata, an open catalog of data in the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform.contracts.database import Database, DatabaseRef
from planform.contracts.identity import Identities
from planform.contracts.lineage_catalog import CatalogEntry, LineageCatalog
from planform.contracts.monitoring import Monitoring, Panel
from planform.contracts.secrets import Secrets
from planform.files import File
from planform.kubernetes.writer import to_yaml
from planform.planes.cluster_component import ClusterComponent
from planform.planes.database_proxy import PORT, PRIVATE_RANGES, database_port, database_proxy
from planform.planes.observability.classifications import (
    ClassificationSettings,
    classification_faults,
    refuse_classification,
)
from planform.planes.observability.data_address import Table, data_address
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings

__all__ = ["Openmetadata", "OpenmetadataSettings", "SearchSettings"]

NAME = "openmetadata"
SERVER_PORT, ADMIN_PORT = 8585, 8586
KEYS = "/etc/openmetadata/keys"
SECRETS = {
    "database-password": "Any text: the chart wants a password, and the database never asks for one",
    "fernet-key": "Key that OpenMetadata encrypts credentials with: 32 random bytes in base64",
    "jwt-private": "RSA key, PKCS8 DER, that OpenMetadata signs the tokens of bots with",
    "jwt-public": "Its public half, DER",
}
HOST = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"
SOURCE = "BigQuery"
TAGS = "Sensitivity"


class SearchSettings(Settings):
    """The OpenSearch or Elasticsearch that others run, reached at a private address without a password."""

    host: str = Field(pattern=HOST, description="Its host name.", examples=["opensearch.search.svc"])
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default=9200, description="Its port. Default: 9200.")
    scheme: Literal["http", "https"] = Field(default="https", description="How it is spoken to. Default: https.")
    kind: Literal["opensearch", "elasticsearch"] = Field(default="opensearch", description="Default: opensearch.")
    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")] | None = Field(
        default=None, description="Its namespace, where it runs in the same cluster. Default: it runs elsewhere."
    )


class OpenmetadataSettings(ClassificationSettings):
    """Settings of `openmetadata`."""

    host: str = Field(pattern=HOST, description="Host name that people open.", examples=["openmetadata.acme.example"])
    client_id: str = Field(
        pattern=r"^[0-9]+-[a-z0-9]+\.apps\.googleusercontent\.com$",
        description="Id of the OAuth client that people sign in by, made in the console for this host; no secret.",
        examples=["111111111111-abc123.apps.googleusercontent.com"],
    )
    admins: Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]+$")], ...], Field(min_length=1)] = (
        Field(description="Administrators: what stands before the @ of their addresses.", examples=[["eve"]])
    )
    search: SearchSettings = Field(description="Where the search index is; the chart brings none.")


class Openmetadata(ClusterComponent):
    """OpenMetadata: a server with its data in the platform's database, signed in to by Google accounts.

    It needs a search engine that somebody runs, as `search` says: planform has none. The server runs no pipelines that
    read sources; ingestion/bigquery.yaml is what `metadata ingest -c` takes, wherever it runs with leave to read
    BigQuery and with a bot's token in OPENMETADATA_TOKEN. What the platform knows of its datasets (team,
    classification, origin) is in datasets.yaml, and the classifications are in classifications.json, as requests to
    the API.
    By hand: the OAuth client; four secrets openmetadata-*; a route for the host to the service openmetadata, port
    8585; a bot and its token; running the ingestion; sending classifications.json.

    Provides: LineageCatalog; an entry's id is its fully qualified name.
    Requires: Compute, GitOps, Database, Identities, Secrets; NetworkPolicies and Policies, optional; Monitoring,
    optional.
    Emits: the Helm release openmetadata in a closed namespace, ingestion and catalog as files.
    Errors: spec/classification, spec/no-organization, contract/classification, contract/data-address.
    Source: values and templates of the chart openmetadata 1.13.1, whose own keys for tokens are public and therefore
    replaced; OpenMetadata's page on the BigQuery connector; read 2026-11.
    """

    name = NAME
    capability = "lineage_catalog"
    provides = LineageCatalog
    Settings = OpenmetadataSettings
    settings: OpenmetadataSettings
    database: Database
    identity: Identities
    secrets: Secrets
    monitoring: Monitoring | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        yield from classification_faults(settings, "classifications", ())

    def build(self) -> None:
        self._datasets: dict[str, dict[str, Any]] = {}
        self._tables: dict[str, Table] = {}
        self._server()
        self._ingestion = File(self, "ingestion/bigquery.yaml", self._ingestion_text())
        self._catalog = File(self, "datasets.yaml", {"datasets": []})
        File(self, "classifications.json", json.dumps(self._tags(), indent=2) + "\n")

    def dataset(
        self,
        name: str,
        *,
        uri: str,
        team: str,
        classification: str,
        description: str = "",
        columns: Mapping[str, str] | None = None,
        sources: Sequence[str] = (),
    ) -> CatalogEntry:
        """The dataset in the files; a table of BigQuery is read by the ingestion."""
        refuse_classification(self, name, classification, self.settings.classifications)
        address = data_address(self, uri)
        table = isinstance(address, Table)
        full = f"{SOURCE}.{address.project}.{address.dataset}.{address.name}" if isinstance(address, Table) else uri
        if isinstance(address, Table):
            self._tables[name] = address
        self._datasets[name] = {
            "name": name,
            "uri": uri,
            "entity": full,
            "owner": team,
            "tag": f"{TAGS}.{classification}",
            "description": description or None,
            "columns": dict(columns or {}) or None,
            "sources": list(sources) or None,
        }
        self._ingestion.write(self._ingestion_text())
        self._catalog.write({"datasets": [_kept(each) for _, each in sorted(self._datasets.items())]})
        kind = "table" if table else "container"
        return CatalogEntry(full, f"https://{self.settings.host}/{kind}/{full}")

    def classifications(self) -> Sequence[str]:
        """The organisation's."""
        return self.settings.classifications

    def _server(self) -> None:
        identity = self.identity.service_account(NAME, purpose="OpenMetadata, at its database")
        database = self.database.database(NAME, users=[identity])
        ports = (database_port(database.connection_name), self.settings.search.port)
        namespace = self.application_namespace(NAME, cidrs=PRIVATE_RANGES, ports=ports)
        self.service_account(namespace, NAME, identity)
        self.secret(NAME, SECRETS, namespace)
        self._search(namespace)
        self.chart(NAME, namespace, self._values(database))
        if self.monitoring is not None:
            self._watch(self.monitoring, namespace)

    def _search(self, namespace: str) -> None:
        """The way to a search engine in the same cluster; whoever runs it lets this namespace in."""
        other = self.settings.search.namespace
        if other is None or self.network_policy is None:
            return
        ports = (self.settings.search.port,)
        self.network_policy.allow_egress(namespace, other, scope=self, pods={}, namespaces=[other], ports=ports)

    def _values(self, database: DatabaseRef) -> dict[str, Any]:
        drop = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        return {
            "fullnameOverride": NAME,
            "replicaCount": self.replicas,
            "image": {"pullPolicy": "IfNotPresent"},
            "serviceAccount": {"create": False, "name": NAME},
            "automountServiceAccountToken": False,
            "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, **drop},
            "preMigrateInitContainers": [database_proxy(self, database.connection_name)],
            "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"memory": "2Gi"}},
            "podDisruptionBudget": {"enabled": self.replicas > 1, "config": {"minAvailable": "1"}},
            "commonLabels": self.labels,
            "extraVolumes": [{"name": "keys", "secret": {"secretName": NAME}}],
            "extraVolumeMounts": [{"name": "keys", "mountPath": KEYS, "readOnly": True}],
            "openmetadata": {"config": self._config(database)},
        }

    def _config(self, database: DatabaseRef) -> dict[str, Any]:
        search = self.settings.search
        return {
            "clusterName": self.environment.prefix,
            "deployPipelinesConfig": {"enabled": False},
            "pipelineServiceClientConfig": {"enabled": False},
            "database": {
                "host": "127.0.0.1",
                "port": PORT,
                "driverClass": "org.postgresql.Driver",
                "dbScheme": "postgresql",
                "databaseName": str(database.database),
                "dbParams": "sslmode=disable",  # the proxy on the same pod encrypts
                "auth": {
                    "username": database.users[0],
                    "password": {"secretRef": NAME, "secretKey": "database-password"},
                },
            },
            "elasticsearch": {
                "host": search.host,
                "port": search.port,
                "scheme": search.scheme,
                "searchType": search.kind,
            },
            "authentication": self._sign_in(),
            "authorizer": self._authorizer(),
            "jwtTokenConfiguration": {
                "rsapublicKeyFilePath": f"{KEYS}/jwt-public",
                "rsaprivateKeyFilePath": f"{KEYS}/jwt-private",
                "keyId": self.environment.prefix,
            },
            "fernetkey": {"value": "", "secretRef": NAME, "secretKey": "fernet-key"},
        }

    def _sign_in(self) -> dict[str, Any]:
        return {
            "provider": "google",
            "authority": "https://accounts.google.com",
            "clientId": self.settings.client_id,
            "callbackUrl": f"https://{self.settings.host}/callback",
            "publicKeys": [
                "https://www.googleapis.com/oauth2/v3/certs",
                f"http://{NAME}:{SERVER_PORT}/api/v1/system/config/jwks",
            ],
        }

    def _authorizer(self) -> dict[str, Any]:
        organization = self.environment.organization
        if organization is None:
            raise self.refuse(
                "spec/no-organization",
                "whoever has a Google account could sign in to OpenMetadata, as the organisation's domain is not known",
                help="write `organization: {domain: ...}` at the top of the platform",
            )
        return {
            "initialAdmins": list(self.settings.admins),
            "principalDomain": organization.domain,
            "enforcePrincipalDomain": True,
            "allowedEmailRegistrationDomains": [organization.domain],
        }

    def _watch(self, monitoring: Monitoring, namespace: str) -> None:
        up = f'up{{namespace="{namespace}"}}'
        pods = {"app.kubernetes.io/name": NAME}
        monitoring.scrape(NAME, namespace=namespace, scope=self, pods=pods, port=ADMIN_PORT, path="/prometheus")
        panels = [Panel("Up", f"sum({up})")]
        monitoring.dashboard(NAME, title="OpenMetadata", panels=panels, team=self.place.team)
        monitoring.alert(
            "openmetadata-down",
            title="OpenMetadata is down",
            query=f"absent({up}) or sum({up}) < 1",
            minutes=30,
            team=self.place.team,
            runbook=f"kubectl -n {namespace} describe pod -l app.kubernetes.io/name={NAME}",
        )

    def _ingestion_text(self) -> str:
        """What `metadata ingest` reads: the tables of BigQuery that the platform knows of, and no others."""
        tables = list(self._tables.values())
        schemas = sorted({f"^{table.dataset}$" for table in tables})
        names = sorted({f"^{table.name}$" for table in tables})
        project = self.environment.project
        adc = {"gcpConfig": {"type": "gcp_adc", "projectId": project}}
        return to_yaml(
            {
                "source": {
                    "type": "bigquery",
                    "serviceName": SOURCE,
                    "serviceConnection": {"config": {"type": "BigQuery", "credentials": adc}},
                    "sourceConfig": {
                        "config": {
                            "type": "DatabaseMetadata",
                            "schemaFilterPattern": {"includes": schemas},
                            "tableFilterPattern": {"includes": names},
                        }
                    },
                },
                "sink": {"type": "metadata-rest", "config": {}},
                "workflowConfig": {
                    "openMetadataServerConfig": {
                        "hostPort": f"https://{self.settings.host}/api",
                        "authProvider": "openmetadata",
                        "securityConfig": {"jwtToken": "${OPENMETADATA_TOKEN}"},
                    }
                },
            }
        )

    def _tags(self) -> dict[str, Any]:
        classification = {"name": TAGS, "description": "How sensitive data is.", "mutuallyExclusive": True}
        tags = [
            {"name": each, "classification": TAGS, "description": f"Data classified {each}."}
            for each in self.settings.classifications
        ]
        return {"PUT /api/v1/classifications": classification, "PUT /api/v1/tags": tags}


def _kept(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}
