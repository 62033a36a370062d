"""Flexera One: the billing export and a keyless reader for it, budgets, and what its people are given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from planform.contracts.finops import FinOps
from planform.contracts.identity import Identities, Identity
from planform.contracts.keys import Keys
from planform.contracts.object_store import BucketRef, ObjectStore
from planform.contracts.services import Services
from planform.files import File
from planform.planes.component import Component
from planform.planes.month_budget import month_budget
from planform.planes.observability.cost_labels import cost_labels, write_taxonomy
from planform.planes.observability.cost_views import export_table, of_platform, of_team
from planform.planes.observability.notification_channels import EMAIL
from planform.planes.once import OnceSettings, makes_shared
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import UsdPerMonth
from planform.terraform.google import (
    BigqueryDataset,
    BigqueryDatasetAccess,
    BigqueryDatasetIamMember,
    BigqueryTable,
    BigqueryTableIamMember,
    IamWorkloadIdentityPool,
    IamWorkloadIdentityPoolProvider,
    MonitoringNotificationChannel,
    ServiceAccountIamMember,
)
from planform.terraform.record import Lifecycle

__all__ = ["Flexera", "FlexeraSettings"]

EXPORTER = "serviceAccount:billing-export-bigquery@system.gserviceaccount.com"
EXPORT, REPORTS = "billing_export", "cost_reports"
READER = "flexera-reader"
ZONES = {"us": "flexera.com", "eu": "flexera.eu", "apac": "flexera.au"}
POLICIES: Mapping[str, Mapping[str, Any]] = {
    "cost/flexera/cco/budget_report_alerts": {},
    "cost/flexera/cco/cloud_cost_anomaly_alerts": {},
    "cost/google/cud_recommendations": {},
    "cost/google/idle_vertex_ai_endpoints": {"param_stats_lookback": 14, "param_min_requests": 0},
    "cost/google/rightsize_cloudsql_instances": {},
    "cost/google/rightsize_vm_instances": {},
    "cost/google/unused_disks": {},
}
"""Templates of the public catalogue that a platform begins with, and parameters that differ from their own."""
LABELLED = "compliance/google/unlabeled_resources"


_ACCESS: Any = BigqueryDatasetAccess
"""The resource; its name in the type stubs is that of a block of the dataset."""


class AwsReader(Settings):
    """The role at Amazon by which the vendor signs in, without a key."""

    account: str = Field(
        pattern=r"^[0-9]{12}$", description="Number of the account, quoted.", examples=["123456789012"]
    )
    role: str = Field(
        pattern=r"^[A-Za-z0-9+=,.@_-]{1,64}$", description="Name of the role.", examples=["finops-collector"]
    )


class FlexeraSettings(OnceSettings):
    """Settings of `flexera`."""

    organization_id: str = Field(
        pattern=r"^[1-9][0-9]{0,11}$",
        description="Number of the organisation in Flexera One, quoted.",
        examples=["35123"],
    )
    zone: Literal["us", "eu", "apac"] = Field(
        default="eu", description="Where the organisation is in Flexera One. Default: eu."
    )
    budget_usd_month: UsdPerMonth | None = Field(
        default=None, description="What the environment may cost, in US dollars a month. Default: no budget."
    )
    budget_percents: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(
        default=(50, 90, 100),
        min_length=1,
        description="Shares of the budget at which somebody is told, in percent; the last also when it is foreseen."
        " Default: 50, 90 and 100.",
    )
    emails: tuple[Annotated[str, StringConstraints(pattern=EMAIL)], ...] = Field(
        default=(),
        max_length=5,
        description="Who is told of the budget, 5 at most. Default: administrators of the billing account.",
        examples=[["finops@acme.example"]],
    )
    location: str | None = Field(
        default=None,
        pattern=r"^(EU|US|[a-z]+-[a-z]+[0-9]+)$",
        description="Where the export is kept; it can never change. Default: EU for environments in Europe, else US.",
    )
    reader: AwsReader | None = Field(
        default=None,
        description="The vendor's role that reads the export without a key. Default: none; a service account that a"
        " person gives a key to.",
    )
    export_is_on: bool = Field(
        default=False,
        description="Whether the export's table is there, so that views over it can be made. Default: off; the"
        " queries are files.",
    )


class Flexera(Component):
    """Flexera One reads the detailed billing export of the account; planform prepares all of it but the switch.

    The export exists once for a billing account: the environment that makes what is shared has its dataset, a bucket,
    the reader and the views. Each environment has its own budget. GKE's cost allocation is on in the cluster itself.
    What a person does once, of which `onboarding.md` has the details: turn on the detailed usage cost export in the
    console; connect the bill with bill-connect.json; apply the policies of policies.yaml. Flexera's bill connection
    takes the key of a service account; where the organisation has keyless sign-in from Amazon with the vendor,
    `reader` needs no key.
    Whoever applies a budget needs roles/billing.costsManager on the account, which planform does not grant.

    Provides: FinOps; a team's costs are a query, and with `export_is_on` a view that its owners may read. The team's
    budget itself is made with the team.
    Requires: Services, Identities, ObjectStore; Keys, if they are there, for the datasets.
    Emits: google_bigquery_dataset, google_bigquery_dataset_iam_member, google_bigquery_dataset_access,
    google_bigquery_table, google_bigquery_table_iam_member, google_billing_budget,
    google_monitoring_notification_channel, google_iam_workload_identity_pool and its provider; files.
    Errors: spec/no-billing-account.
    Source: Flexera's pages on Google detailed billing and its API finops-onboarding/v1; its public policy templates;
    Google's pages on billing export and budgets; provider 7.45.0; read 2026-11.
    """

    name = "flexera"
    capability = "finops"
    provides = FinOps
    apis = ("bigquery.googleapis.com", "billingbudgets.googleapis.com", "monitoring.googleapis.com")
    Settings = FlexeraSettings
    settings: FlexeraSettings
    services: Services
    identity: Identities
    object_store: ObjectStore
    keys: Keys | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if environment.organization is None or environment.organization.billing_account is None:
            yield Fault(
                "spec/no-billing-account",
                "the billing account is not named, and its export and budgets hang on it",
                help="add `billing_account` to `organization`",
            )

    def build(self) -> None:
        assert self.environment.organization is not None
        self._account = str(self.environment.organization.billing_account)
        self._teams: set[str] = set()
        self._reports: BigqueryDataset | None = None
        write_taxonomy(self)
        policies = {**POLICIES, LABELLED: {"param_label_key": list(self.cost_labels())}}
        File(self, "policies.yaml", {"policies": [_policy(*each) for each in policies.items()]})
        if self.settings.budget_usd_month is not None:
            self._budget(self.settings.budget_usd_month)
        self._shared = makes_shared(self.settings, self.environment)
        if self._shared:
            self._export()

    def cost_labels(self) -> Sequence[str]:
        """planform's own labels, and those that the blueprint puts on everything."""
        return cost_labels(self.environment)

    def team(self, name: str, *, namespace: str, owners: Sequence[str], budget_usd_month: float | None = None) -> None:
        """The team's costs in all environments, for the environment that has the export."""
        if not self._shared or name in self._teams:
            return
        self._teams.add(name)
        query = of_team(self._table, name, namespace, budget_usd_month)
        File(self, f"cost_of_team_{name}.sql", query)
        view = self._view(f"team_{name}", query)
        for owner in owners if view is not None else ():
            assert view is not None
            BigqueryTableIamMember(
                self,
                record_id("team", name, principal_id(owner, self.environment)),
                project=self.environment.project,
                dataset_id=view.dataset_id,
                table_id=view.table_id,
                role="roles/bigquery.dataViewer",
                member=owner,
            )

    @property
    def _location(self) -> str:
        europe = self.environment.region.startswith("europe-")
        return self.settings.location or ("EU" if europe else "US")

    @property
    def _table(self) -> str:
        return f"{self.environment.project}.{EXPORT}.{export_table(self._account)}"

    def _export(self) -> None:
        dataset = self._dataset(EXPORT, "Detailed billing export")
        reader = self.identity.service_account(
            READER, roles=("roles/bigquery.jobUser",), purpose="Flexera One reads the billing export"
        )
        for noun, role, member in (
            ("exporter", "roles/bigquery.dataEditor", EXPORTER),
            ("reader", "roles/bigquery.dataViewer", reader.member),
        ):
            BigqueryDatasetIamMember(
                self,
                record_id(EXPORT, noun),
                project=self.environment.project,
                dataset_id=dataset.dataset_id,
                role=role,
                member=member,
            )
        if self.settings.reader is not None:
            self._keyless(self.settings.reader, reader)
        bucket = self.object_store.bucket("flexera-export", writers=[str(reader.member)])
        self._onboarding(reader, bucket)
        query = of_platform(self._table)
        File(self, "cost_of_platform.sql", query)
        if self.settings.export_is_on:
            self._reports = self._dataset(REPORTS, "Costs by team, plane and component")
            self._authorize(dataset, self._reports)
        self._view("platform", query)

    def _dataset(self, dataset_id: str, title: str) -> BigqueryDataset:
        production = self.environment.production
        return BigqueryDataset(
            self,
            dataset_id,
            project=self.environment.project,
            dataset_id=dataset_id,
            friendly_name=title,
            description=f"{title} of {self._account}",
            location=self._location,
            delete_contents_on_destroy=False,
            default_encryption_configuration=self._encryption(),
            labels=self.labels,
            lifecycle=Lifecycle(prevent_destroy=True) if production else None,
        )

    def _encryption(self) -> list[dict[str, str]] | None:
        """BigQuery encrypts what is written, whoever writes it, so the exporter needs nothing of the key."""
        if self.keys is None:
            return None
        key = self.keys.key("cost-data", users=[self.environment.bigquery_agent], location=self._location)
        return [{"kms_key_name": key.id}]

    def _authorize(self, export: BigqueryDataset, reports: BigqueryDataset) -> None:
        """Views of the reports may read the export, so that their readers need not."""
        target = {"project_id": self.environment.project, "dataset_id": reports.dataset_id}
        _ACCESS(
            self,
            record_id(EXPORT, "reports"),
            project=self.environment.project,
            dataset_id=export.dataset_id,
            dataset=[{"dataset": [target], "target_types": ["VIEWS"]}],
        )

    def _view(self, name: str, query: str) -> BigqueryTable | None:
        if self._reports is None:
            return None
        return BigqueryTable(
            self,
            record_id("cost_of", name),
            project=self.environment.project,
            dataset_id=self._reports.dataset_id,
            table_id=record_id(name),
            description=f"Costs of {name.replace('_', ' ')}",
            view=[{"query": query, "use_legacy_sql": False}],
            deletion_protection=False,  # a view holds no data
            labels=self.labels,
        )

    def _keyless(self, role: AwsReader, reader: Identity) -> None:
        arn = f"arn:aws:sts::{role.account}:assumed-role/{role.role}"
        before, after = "assertion.arn.extract('{arn}assumed-role/')", "assertion.arn.extract('assumed-role/{role}/')"
        taken = f"{before} + 'assumed-role/' + {after}"
        project, pool_id = self.environment.project, "flexera"
        pool = IamWorkloadIdentityPool(
            self,
            pool_id,
            project=project,
            workload_identity_pool_id=pool_id,
            display_name="Flexera One",
            description="Flexera One reads the billing export without a key",
            origin=self.at("reader"),
        )
        provider = IamWorkloadIdentityPoolProvider(
            self,
            pool_id,
            project=project,
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="flexera-aws",
            display_name="Flexera One at AWS",
            aws=[{"account_id": role.account}],
            attribute_mapping={
                "google.subject": "assertion.arn",
                "attribute.aws_role": f"assertion.arn.contains('assumed-role') ? {taken} : assertion.arn",
            },
            attribute_condition=f"attribute.aws_role == '{arn}'",
            origin=self.at("reader"),
        )
        path = f"projects/{self.environment.project_number}/locations/global/workloadIdentityPools/{pool_id}"
        ServiceAccountIamMember(
            self,
            pool_id,
            service_account_id=reader.id,
            role="roles/iam.workloadIdentityUser",
            member=f"principalSet://iam.googleapis.com/{path}/attribute.aws_role/{arn}",
            depends_on=[provider],
            origin=self.at("reader"),
        )

    def _budget(self, amount: float) -> None:
        percents = sorted(set(self.settings.budget_percents))
        thresholds = [(each / 100, "CURRENT_SPEND") for each in percents]
        thresholds.append((percents[-1] / 100, "FORECASTED_SPEND"))
        channels = [self._channel(index, each).name for index, each in enumerate(self.settings.emails, start=1)]
        told = {"monitoring_notification_channels": channels, "disable_default_iam_recipients": True}
        month_budget(
            self,
            "environment",
            self.environment,
            account=self._account,
            title="environment",
            usd=amount,
            thresholds=thresholds,
            all_updates_rule=[told] if channels else None,
            origin=self.at("budget_usd_month"),
        )

    def _channel(self, index: int, email: str) -> MonitoringNotificationChannel:
        return MonitoringNotificationChannel(
            self,
            f"finops_budget_{index}",
            project=self.environment.project,
            type="email",
            display_name=f"{self.environment.prefix} budget {index}",
            labels={"email_address": email},
            user_labels=self.labels,
            origin=self.at("emails"),
        )

    def _onboarding(self, reader: Identity, bucket: BucketRef) -> None:
        project = self.environment.project
        body = {
            "billingAccountId": self._account,
            "projectId": project,
            "bigQueryDataset": EXPORT,
            "gcsExportUri": f"{bucket.uri}/bills",
            "credentials": {
                "type": "service_account",
                "clientEmail": str(reader.email),
                "projectId": project,
                "tokenUri": "https://oauth2.googleapis.com/token",
            },
        }
        File(self, "bill-connect.json", json.dumps(body, indent=2, sort_keys=True) + "\n")
        url = f"https://api.{ZONES[self.settings.zone]}/finops-onboarding/v1/orgs/{self.settings.organization_id}"
        facts = {"url": f"{url}/bill-connects/gcp", "project": project, "dataset": EXPORT, "account": self._account}
        File(self, "onboarding.md", _STEPS.format(**facts, location=self._location, reader=str(reader.email)))


def _policy(template: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "template": f"https://github.com/flexera-public/policy_templates/tree/master/{template}",
        "parameters": dict(parameters),
    }


_STEPS = """\
# Connect the billing account {account} to Flexera One

1. In the console, Billing, Billing export, turn on *Detailed usage cost* into the project `{project}`, dataset
   `{dataset}` ({location}). Whoever does so is Billing Account Administrator or Costs Manager, and BigQuery User on the
   project. The first rows come within a day; then set `export_is_on: true`.
2. Send `bill-connect.json` with POST to {url},
   with the key of `{reader}` as `credentials.privateKey`.
   The key is made for this call, is kept nowhere, and is renewed with PATCH; with keyless sign-in there is none.
3. POST the same to `/validation` below that address, and wait for a verdict without faults.
4. In Flexera One, make tag dimensions of the labels in `labels.yaml`, and apply the policies of `policies.yaml`.
"""
