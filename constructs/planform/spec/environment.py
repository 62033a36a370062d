"""The facts of one environment that every name and formula is made from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Environment", "Organization"]


class Organization(BaseModel):
    """The Google Cloud organisation that the platform belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    domain: str = Field(
        description="Primary domain of the organisation; groups and users of this domain may be given access.",
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
        examples=["acme.example"],
    )
    organization_id: str | None = Field(
        default=None,
        description="Numeric id of the organisation, quoted. Without it, nothing at organisation level is made.",
        pattern=r"^[0-9]{4,19}$",
        examples=["123456789012"],
    )
    billing_account: str | None = Field(
        default=None,
        description="Billing account that budgets are set on. Without it, no budget is made.",
        pattern=r"^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$",
        examples=["000000-AAAAAA-BBBBBB"],
    )


class Environment(BaseModel):
    """One environment of a platform: a cloud project, its region, and the labels on everything in it.

    Contract values are computed from these facts alone, so they are known at compile time and every
    stack plans offline. The project number cannot be derived from the id and is therefore an input. `charts` and
    `images` are the versions that differ from planform's own, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    platform: str
    name: str
    project: str
    project_number: str
    region: str
    organization: Organization | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    production: bool = False
    charts: dict[str, str] = Field(default_factory=dict)
    images: dict[str, str] = Field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """Start of every cloud name that is unique within a project: `acme-ai-dev`."""
        return f"{self.platform}-{self.name}"

    def service_account(self, account_id: str) -> str:
        """E-mail of a service account of this project."""
        return f"{account_id}@{self.project}.iam.gserviceaccount.com"

    def service_agent(self, service: str) -> str:
        """IAM member of a Google service agent: `gcp-sa-cloud-sql`, `container-engine-robot`, ..."""
        return f"serviceAccount:service-{self.project_number}@{service}.iam.gserviceaccount.com"

    @property
    def bigquery_agent(self) -> str:
        """IAM member by which BigQuery uses keys of this project."""
        return f"serviceAccount:bq-{self.project_number}@bigquery-encryption.iam.gserviceaccount.com"

    def kubernetes_principal(self, namespace: str, service_account: str) -> str:
        """IAM member of a Kubernetes service account of any GKE cluster of this project, without a key."""
        pool = f"projects/{self.project_number}/locations/global/workloadIdentityPools"
        return (
            f"principal://iam.googleapis.com/{pool}/{self.project}.svc.id.goog"
            f"/subject/ns/{namespace}/sa/{service_account}"
        )
