"""Config Sync, Google's GitOps for GKE fleets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import Field

from planform.contracts.compute import Compute, MembershipRef
from planform.contracts.gitops import ManifestSource
from planform.contracts.identity import Identities
from planform.contracts.registry import Registry, RepositoryRef
from planform.contracts.services import Services
from planform.kubernetes.delivery import Part
from planform.kubernetes.record import SYNC
from planform.planes.delivery.gitops_tool import GitOpsTool, GitSource, OciSource
from planform.planes.delivery.root_syncs import NAMESPACE, root_syncs
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.terraform.google import (
    ArtifactRegistryRepositoryIamMember,
    GkeHubFeature,
    GkeHubFeatureMembership,
    ProjectIamMember,
)

__all__ = ["ConfigSync", "ConfigSyncSettings", "ConfigSyncSource"]

READER = "roles/artifactregistry.reader"


class ConfigSyncGit(GitSource):
    """A Git repository that Config Sync reads."""

    auth: Literal["none", "token"] = Field(
        default="none",
        description="`none` for a repository that all may read; `token` for the Secret `git-creds` (keys `username`,"
        f" `token`) in the namespace {NAMESPACE}, which a person or an ExternalSecret makes. Default: none.",
    )


class ConfigSyncSource(Settings):
    """Where the files come from: a Git repository, or an image in the platform's registry."""

    git: ConfigSyncGit | None = Field(default=None, description="A Git repository.")
    oci: OciSource | None = Field(default=None, description="An image in the platform's registry.")


class ConfigSyncSettings(Settings):
    """Settings of `config-sync`."""

    source: ConfigSyncSource = Field(
        default_factory=ConfigSyncSource,
        description="Where the files come from. Default: an image `gitops` in the platform's registry, read without"
        " any key, with the environment's name as the tag.",
    )
    prevent_drift: bool = Field(
        default=True, description="Refuse changes by hand to what is synced, by an admission webhook. Default: on."
    )


class ConfigSync(GitOpsTool):
    """Config Sync on the environment's cluster: switched on through the fleet, one RootSync for each plane.

    The fleet's own `root-sync` reads the folder `sync`, which has the namespaces and all other RootSyncs: one for
    each plane, one for each team, and one for each Helm chart at its pinned version. Order is written as
    `config.kubernetes.io/depends-on`; objects whose kind is not there yet are skipped and tried again, so a late
    chart holds nothing else up.
    From the registry the files are read by workload identity: every service account of the namespace
    config-management-system may pull from this one repository. What a person does: let CI push the folder
    `kubernetes/<environment>` as an OCI image with the environment's tag (for example by `oras push`); the identity
    that applies may.

    Provides: GitOps.
    Requires: Compute, whose cluster is in a fleet; Services; Registry for `oci`, the default; Identities, to let the
    identity that applies push.
    Emits: google_gke_hub_feature, google_gke_hub_feature_membership, google_project_iam_member for metrics,
    google_artifact_registry_repository_iam_member; Namespace and RootSync objects.
    Errors: contract/no-fleet, contract/no-source, contract/namespace-label, contract/immutable-tags,
    spec/two-sources.
    Source: provider pages of google_gke_hub_feature and google_gke_hub_feature_membership 7.45.0; Config Sync 1.22's
    RootSync CRD, read 2026-11.
    """

    name = "config-sync"
    apis = ("anthosconfigmanagement.googleapis.com", "gkehub.googleapis.com")
    Settings = ConfigSyncSettings
    settings: ConfigSyncSettings
    compute: Compute
    services: Services
    registry: Registry | None
    identity: Identities | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        if settings.source.git is not None and settings.source.oci is not None:
            yield Fault(
                "spec/two-sources",
                "a cluster follows one source, and two are written",
                ("source",),
                help="keep `git` or `oci`",
            )

    def source(self) -> ManifestSource:
        """The repository and branch, or the image and tag."""
        git = self.settings.source.git
        if git is not None:
            return self._git(git)
        oci = self.settings.source.oci or OciSource()
        return ManifestSource("oci", f"{self._repository().uri}/platform", oci.tag or self.environment.name, "")

    def home(self) -> str:
        """Where GKE runs Config Sync."""
        return NAMESPACE

    def deliver(self, parts: Sequence[Part]) -> None:
        """A RootSync for each plane, team and chart."""
        root_syncs(
            self,
            parts,
            self.source(),
            auth=self._auth,
            labels=self.labels,
        )

    @property
    def _auth(self) -> str:
        git = self.settings.source.git
        return git.auth if git is not None else "k8sserviceaccount"

    def _install(self) -> None:
        membership = self.compute.membership()
        if membership is None:
            raise self.refuse(
                "contract/no-fleet",
                "Config Sync is switched on through a fleet, and the cluster is in none",
                help="delete `fleet: false` of the cluster, or name fleet_membership of an existing one",
            )
        feature = GkeHubFeature(
            self,
            self.id,
            name="configmanagement",
            project=membership.project,
            location="global",
            labels=self.labels,
        )
        self._membership = GkeHubFeatureMembership(
            self,
            self.id,
            project=membership.project,
            location="global",
            feature=feature.name,
            membership=membership.name,
            membership_location=membership.location,
            configmanagement=[{"management": "MANAGEMENT_AUTOMATIC", "config_sync": [self._config()]}],
        )
        self._grants(membership)

    def _config(self) -> dict[str, Any]:
        source = self.source()
        folder = source.below(SYNC)
        config: dict[str, Any] = {
            "enabled": True,
            "source_format": "unstructured",
            "prevent_drift": self.settings.prevent_drift,
        }
        if source.kind == "git":
            git = {"sync_repo": source.url, "sync_branch": source.revision, "policy_dir": folder}
            return {**config, "git": [{**git, "secret_type": self._auth}]}
        image = f"{source.url}:{source.revision}"
        return {**config, "oci": [{"sync_repo": image, "policy_dir": folder, "secret_type": self._auth}]}

    def _grants(self, membership: MembershipRef) -> None:
        """Both name the clusters' workload pool, which is there once the cluster is."""
        facts = self.environment
        ProjectIamMember(
            self,
            f"{self.id}_metrics",
            project=facts.project,
            role="roles/monitoring.metricWriter",
            member=facts.kubernetes_principal("config-management-monitoring", "default"),
            depends_on=[self._membership],
        )
        if self.settings.source.git is not None:
            return
        repository = self._repository()
        _, project, _, location, *_ = str(repository.id).split("/")
        ArtifactRegistryRepositoryIamMember(
            self,
            f"{self.id}_reader",
            project=project,
            location=location,
            repository=repository.name,
            role=READER,
            member=self._every_reconciler(),
            depends_on=[self._membership],
        )

    def _every_reconciler(self) -> str:
        facts = self.environment
        pool = f"projects/{facts.project_number}/locations/global/workloadIdentityPools/{facts.project}.svc.id.goog"
        return f"principalSet://iam.googleapis.com/{pool}/namespace/{NAMESPACE}"

    def _repository(self) -> RepositoryRef:
        oci = self.settings.source.oci or OciSource()
        if self.registry is None:
            raise self.refuse(
                "contract/no-source",
                "nothing says where Config Sync finds its files: no registry is filled, and no repository named",
                path=("source",),
                help="write `source: {git: {repository: https://...}}`, or fill `registry`",
            )
        applies = self.identity.apply() if self.identity is not None else None
        writers = [applies.identity.member] if applies is not None else []
        return self.registry.repository(oci.repository, writers=writers, moving_tags=True)
