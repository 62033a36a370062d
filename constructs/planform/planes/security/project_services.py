"""The Google APIs of a project, one record each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from planform.contracts.services import Services
from planform.diagnostics import Location, suggest
from planform.planes.component import Component
from planform.planes.record_ids import record_id
from planform.spec.settings import Settings
from planform.terraform.google import ProjectService
from planform.terraform.record import Resource

__all__ = ["Api", "ProjectServices", "ProjectServicesSettings", "api_fault"]

DOMAIN = ".googleapis.com"
ALWAYS = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")
_COMMON = (
    "accesscontextmanager aiplatform alloydb anthos anthosconfigmanagement anthospolicycontroller apikeys"
    " artifactregistry assuredworkloads backupdr batch bigquery bigqueryconnection bigquerydatapolicy"
    " bigquerydatatransfer bigquerymigration bigqueryreservation bigquerystorage bigtable bigtableadmin"
    " billingbudgets binaryauthorization certificatemanager cloudasset cloudbilling cloudbuild clouddeploy"
    " cloudfunctions cloudidentity cloudkms cloudquotas cloudresourcemanager cloudscheduler cloudtasks cloudtrace"
    " composer compute config connectgateway container containeranalysis containerfilesystem containerscanning"
    " containersecurity datacatalog dataflow dataform datafusion datalineage datamigration dataplex dataproc"
    " datastream developerconnect dialogflow discoveryengine dlp dns documentai essentialcontacts eventarc"
    " file firestore gkebackup gkeconnect gkehub healthcare iam iamcredentials iap identitytoolkit ids"
    " integrations language logging lustre managedidentities managedkafka memcache memorystore mesh"
    " modelarmor monitoring multiclusteringress netapp networkconnectivity networkmanagement networksecurity"
    " networkservices notebooks ondemandscanning orgpolicy osconfig oslogin parallelstore parametermanager"
    " policyanalyzer policysimulator policytroubleshooter privateca privilegedaccessmanager pubsub"
    " recommender redis retail run secretmanager securesourcemanager securitycenter servicecontrol"
    " servicedirectory servicehealth servicemanagement servicenetworking serviceusage source spanner speech"
    " sqladmin storage storageinsights storagetransfer sts telemetry texttospeech tpu trafficdirector"
    " transcoder translate videointelligence vision vpcaccess websecurityscanner workflowexecutions"
    " workflows workloadmanager workstations"
)
KNOWN = tuple(_COMMON.split())


def api_fault(api: str) -> tuple[str, str] | None:
    """What is wrong with an API's name and what to write instead; None when it may be one.

    A name is only suspected of a slip when it is nearly that of a common API: new APIs appear every month.
    """
    label = api.removesuffix(DOMAIN)
    if label == api or not label or not label.replace("-", "").isalnum() or label != label.lower():
        near = f"{label}{DOMAIN}" if label in KNOWN else f"container{DOMAIN}"
        return f"`{api}` is not the full name of a Google API", f"write its domain, for example {near}"
    near_miss = suggest(label, KNOWN) if label not in KNOWN and len(label) > 5 else None
    if near_miss is not None and _one_slip(label, near_miss):
        return f"there is no Google API `{api}`", f"write {near_miss}{DOMAIN}"
    return None


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter more, one less, one different, or two exchanged make one word the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[start:], other[start:]
    return one[1:] == other or one == other[1:] or one[1:] == other[1:] or (
        one[:2] == other[1::-1] and one[2:] == other[2:]
    )  # fmt: skip


def _api(text: str) -> str:
    fault = api_fault(text)
    if fault is not None:
        raise PydanticCustomError("spec/api-name", "{summary}", {"summary": fault[0], "help": fault[1]})
    return text


Api = Annotated[str, AfterValidator(_api), Field(examples=["container.googleapis.com"])]


class ProjectServicesSettings(Settings):
    """Which Google APIs are on besides those that components ask for."""

    extra: tuple[Api, ...] = Field(
        default=(),
        description="APIs to switch on that no component needs, by their full domain."
        " Default: none, as every component asks for its own.",
        examples=[["dlp.googleapis.com"]],
    )


class ProjectServices(Component):
    """Google APIs, switched on as components ask for them.

    Provides: Services; `enable` returns the record of each API, for others to wait for.
    Requires: nothing; `serviceusage.googleapis.com` must be on before the first apply, as it is in new projects.
    Emits: google_project_service for each API; destroying one leaves the API on, as others may use it.
    Errors: spec/api-name, contract/api-name.
    Source: provider page of google_project_service. The provider asks for many APIs in one request, but an API may
    take minutes to work in all places after it is on: the stacks of other planes are applied after this one.
    An API's service agent may not exist before the API's first use, and the provider has no resource in its general
    version that makes one: `gcloud beta services identity create --service=API` does, where a first grant fails.
    """

    name = "project-services"
    capability = "services"
    provides = Services
    Settings = ProjectServicesSettings
    settings: ProjectServicesSettings

    def build(self) -> None:
        self._enabled: dict[str, ProjectService] = {}
        self.enable(*ALWAYS)
        for index, api in enumerate(self.settings.extra):
            self._enable(api, self.at("extra", index))

    def enable(self, *apis: str) -> Sequence[Resource]:
        """Switch APIs on; the records to wait for."""
        for api in apis:
            fault = api_fault(api)
            if fault is not None:
                raise self.refuse("contract/api-name", fault[0], help=fault[1])
        return tuple(self._enable(api, self.origin) for api in apis)

    def _enable(self, api: str, origin: Location | None) -> ProjectService:
        if api not in self._enabled:
            self._enabled[api] = ProjectService(
                self,
                record_id(api.removesuffix(DOMAIN)),
                project=self.environment.project,
                service=api,
                disable_on_destroy=False,
                disable_dependent_services=False,
                origin=origin,
            )
        return self._enabled[api]
