"""Cloud Storage buckets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field

from planform.contracts.keys import Keys
from planform.contracts.object_store import BucketRef, ObjectStore
from planform.contracts.services import Services
from planform.planes.component import Component
from planform.planes.record_ids import principal_id, record_id
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Days, Principal, Region
from planform.terraform.expression import Known, template
from planform.terraform.google import StorageBucket, StorageBucketIamMember
from planform.terraform.record import Lifecycle

__all__ = ["BucketSettings", "Gcs", "GcsSettings"]

BucketName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", examples=["artifacts"])]
FullName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")]
StorageClass = Literal["standard", "nearline", "coldline", "archive"]
ColderClass = Literal["nearline", "coldline", "archive"]
Location = Annotated[
    str, Field(pattern=r"^([A-Za-z]+-[A-Za-z]+[0-9]+|[A-Za-z]+[0-9]*)$", examples=["europe-west4", "eu"])
]

CLASSES = ("standard", "nearline", "coldline", "archive")
COLDER: tuple[ColderClass, ...] = ("nearline", "coldline", "archive")
MULTI_REGIONS = ("us", "eu", "asia")
DUAL_REGIONS = ("asia1", "eur4", "eur5", "eur7", "eur8", "nam4")
CONTINENTS = {"us": ("us-",), "eu": ("europe-",), "asia": ("asia-",)}
LOG_WRITER = "group:cloud-storage-analytics@google.com"
EVERYBODY = ("allUsers", "allAuthenticatedUsers")
SECONDS_OF_A_DAY = 86_400
UNFINISHED_UPLOAD_DAYS = 7


class BucketSettings(Settings):
    """One bucket. It is private and stays private: there is no setting that opens it to the public."""

    name: FullName | None = Field(
        default=None,
        description="Name in the cloud, for a bucket that had another short name before; unique in the world, so an"
        " environment says it. Default: the project's id, a hyphen and the short name.",
        examples=["acme-ai-dev-events"],
    )
    location: Location | None = Field(
        default=None,
        description="Region, multi-region (`us`, `eu`, `asia`) or dual-region (`eur4`, `nam4`, `asia1`, ...)."
        " Fixed once made. Default: the environment's region.",
    )
    data_locations: tuple[Region, ...] = Field(
        default=(),
        max_length=2,
        description="The two regions of a dual-region of one's own, within the multi-region that `location` names."
        " Default: none.",
        examples=[["europe-west4", "europe-west1"]],
    )
    turbo_replication: bool = Field(
        default=False,
        description="Whether a dual-region's second copy is there within 15 minutes, at a price. Default: false.",
    )
    storage_class: StorageClass = Field(
        default="standard",
        description="Class of new objects; colder is cheaper to keep, dearer to read. Default: standard.",
    )
    autoclass: Literal["nearline", "archive"] | None = Field(
        default=None,
        description="Let Cloud Storage move each object by how it is read, down to this class."
        " Default: objects stay in their class.",
    )
    colder_after_days: dict[ColderClass, Days] = Field(
        default_factory=dict,
        description="Move objects to a colder class at an age in days. Default: never.",
        examples=[{"nearline": 90, "archive": 365}],
    )
    delete_after_days: Days | None = Field(
        default=None, description="Delete objects at this age, in days. Default: never."
    )
    delete_prefixes_after_days: dict[Annotated[str, Field(min_length=1, max_length=1024)], Days] = Field(
        default_factory=dict,
        description="Delete objects whose names begin so at an age in days. Default: none.",
        examples=[{"tmp/": 30}],
    )
    versioning: bool | None = Field(
        default=None,
        description="Whether an overwritten or deleted object stays as an old version."
        " Default: true, but false with a retention period or folders.",
    )
    old_versions: int = Field(
        default=3, ge=1, le=100, description="Newer versions after which an old one may go, 1 to 100. Default: 3."
    )
    old_versions_days: Days = Field(default=30, description="Days that an old version stays at least. Default: 30.")
    soft_delete_days: int = Field(
        default=7,
        ge=0,
        le=90,
        description="Days that deleted objects can be restored: 0, or 7 to 90. Default: 7.",
        json_schema_extra={"unit": "days"},
    )
    retention_days: int | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="Days during which nobody can delete or replace an object; not locked. Default: none.",
        json_schema_extra={"unit": "days"},
    )
    hierarchical_namespace: bool = Field(
        default=False,
        description="Whether it has real folders, for checkpoints and other renames of many files."
        " Fixed once made; excludes versions and retention. Default: false.",
    )
    access_logs: BucketName | None = Field(
        default=None,
        description="Bucket of this component that usage logs are written to. Default: none, as Cloud Audit Logs"
        " are there already.",
    )
    readers: tuple[Principal, ...] = Field(default=(), description="People and accounts that may read. Default: none.")
    writers: tuple[Principal, ...] = Field(
        default=(), description="People and accounts that may read, write and delete. Default: none."
    )

    @property
    def versioned(self) -> bool:
        """Whether old versions are kept, with the default filled in."""
        if self.versioning is None:
            return not self.hierarchical_namespace and self.retention_days is None
        return self.versioning


class GcsSettings(Settings):
    """Buckets of the platform. A bucket that something asks for and that is not written here gets the defaults."""

    buckets: dict[BucketName, BucketSettings] = Field(
        default_factory=dict,
        description="Buckets by short name; the project's id goes before it. Default: those that components ask for.",
        examples=[{"datasets": {"autoclass": "archive"}, "artifacts": {"delete_prefixes_after_days": {"tmp/": 30}}}],
    )


class Gcs(Component):
    """Buckets on Cloud Storage: uniform access, no public access, versions, soft deletion, customer-managed keys.

    Provides: ObjectStore; the bucket `artifacts` is `gs://<project>-artifacts`. Readers get
    roles/storage.objectViewer, writers roles/storage.objectUser.
    Requires: nothing. With keys each bucket is encrypted with a customer-managed key of its location, and
    objects under other keys are refused.
    Emits: google_storage_bucket, google_storage_bucket_iam_member.
    Cleaning up is part of every bucket: old versions go once `old_versions` newer ones exist and
    `old_versions_days` have passed, parts of uploads that were never finished go after 7 days.
    Usage logs are written by group:cloud-storage-analytics@google.com, which an organisation policy on allowed
    domains must let in.
    Errors: spec/bucket-name, spec/bucket-location, spec/bucket-class, spec/bucket-lifecycle, spec/bucket-mix,
    spec/bucket-soft-delete, spec/bucket-logs, contract/bad-name,
    contract/public-access.
    Source: provider page of google_storage_bucket; Cloud Storage's pages on bucket names (at most 63 characters,
    no "google"), locations, Autoclass, soft delete (0 or 7 to 90 days), hierarchical namespace and Bucket Lock.
    """

    name = "gcs"
    capability = "object_store"
    provides = ObjectStore
    apis = ("storage.googleapis.com",)
    Settings = GcsSettings

    settings: GcsSettings
    services: Services
    keys: Keys | None

    @classmethod
    def check(cls, settings: GcsSettings, environment: Environment) -> Iterable[Fault]:
        for name, bucket in settings.buckets.items():
            path = ("buckets", name)
            problem = _name_problem(name, environment, bucket.name)
            if problem:
                yield Fault("spec/bucket-name", problem, path, help="choose another short name", of_key=True)
            for fault in _bucket_faults(bucket, environment):
                yield Fault(fault.code, fault.summary, (*path, *fault.path), fault.help, fault.label)
            if bucket.access_logs:
                yield from _log_faults(name, bucket.access_logs, settings)

    def build(self) -> None:
        self._buckets: dict[str, StorageBucket] = {}
        self._members: set[tuple[str, str, str]] = set()
        for name, bucket in self.settings.buckets.items():
            self.bucket(name, readers=bucket.readers, writers=bucket.writers)

    def bucket(self, name: str, *, readers: Sequence[str] = (), writers: Sequence[str] = ()) -> BucketRef:
        """The bucket, open to readers and writers."""
        bucket = self._bucket(name)
        for member in writers:
            self._member(name, "writer", "roles/storage.objectUser", member)
        for member in readers:
            if (name, "writer", member) not in self._members:
                self._member(name, "reader", "roles/storage.objectViewer", member)
        full = self._full_name(name)
        return BucketRef(Known(full, bucket.name), Known(f"gs://{full}", template("gs://{}", bucket.name)))

    def _bucket(self, name: str) -> StorageBucket:
        if name in self._buckets:
            return self._buckets[name]
        written = self.settings.buckets.get(name)
        problem = None if written else _name_problem(name, self.environment)
        if problem:
            raise self.refuse("contract/bad-name", problem, help="ask for a bucket by another name")
        settings = written or BucketSettings()
        logs = self._log_bucket(settings.access_logs)
        self._buckets[name] = self._make(name, settings, logs)
        return self._buckets[name]

    def _make(self, name: str, settings: BucketSettings, logs: StorageBucket | None) -> StorageBucket:
        production = self.environment.production
        location = _location(settings, self.environment)
        return StorageBucket(
            self,
            record_id(name),
            name=self._full_name(name),
            project=self.environment.project,
            location=location.upper(),
            storage_class=settings.storage_class.upper(),
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            deletion_policy="PREVENT" if production else "DELETE",
            labels=self.labels,
            versioning=None if settings.hierarchical_namespace else [{"enabled": settings.versioned}],
            soft_delete_policy=[{"retention_duration_seconds": settings.soft_delete_days * SECONDS_OF_A_DAY}],
            lifecycle_rule=list(_lifecycle_rules(settings)),
            encryption=self._encryption(settings, location),
            logging=[{"log_bucket": logs.name, "log_object_prefix": name}] if logs else None,
            **_optional_blocks(settings),
            origin=self.at("buckets", name) if name in self.settings.buckets else None,
            lifecycle=Lifecycle(prevent_destroy=True) if production else None,
        )

    def _full_name(self, name: str) -> str:
        written = self.settings.buckets.get(name)
        return (written and written.name) or _full_name(name, self.environment)

    def _encryption(self, settings: BucketSettings, location: str) -> list[dict[str, Any]] | None:
        if self.keys is None:
            return None
        agent = self.environment.service_agent("gs-project-accounts")
        key = self.keys.key("object-store", users=[agent], location=location.lower())
        refused, allowed = [{"restriction_mode": "FullyRestricted"}], [{"restriction_mode": "NotRestricted"}]
        return [
            {
                "default_kms_key_name": key.id,
                "google_managed_encryption_enforcement_config": refused,
                "customer_supplied_encryption_enforcement_config": refused,
                "customer_managed_encryption_enforcement_config": allowed,
            }
        ]

    def _log_bucket(self, name: str | None) -> StorageBucket | None:
        if name is None:
            return None
        bucket = self._bucket(name)
        self._member(name, "log_writer", "roles/storage.objectCreator", LOG_WRITER)
        return bucket

    def _member(self, name: str, kind: str, role: str, member: str) -> None:
        if (name, kind, member) in self._members:
            return
        if member in EVERYBODY:
            raise self.refuse(
                "contract/public-access",
                f"`{member}` cannot have access to the bucket `{name}`, which stays private",
                help="name groups, users and service accounts",
            )
        self._members.add((name, kind, member))
        who = "" if member == LOG_WRITER else principal_id(member, self.environment)
        StorageBucketIamMember(
            self,
            record_id(name, kind, who),
            bucket=self._buckets[name].name,
            role=role,
            member=member,
            origin=self.at("buckets", name) if name in self.settings.buckets else None,
        )


def _full_name(name: str, environment: Environment) -> str:
    return f"{environment.project}-{name}"


def _name_problem(name: str, environment: Environment, written: str | None = None) -> str:
    full = written or _full_name(name, environment)
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name):
        return f"`{name}` cannot be part of a bucket's name: lower case letters, digits and inner hyphens only"
    if len(full) > 63:
        return f"bucket name `{full}` has {len(full)} characters, and 63 is the most"
    if full.startswith("goog") or re.search(r"g[o0]{2}gle", full):
        return f"bucket name `{full}` begins with `goog` or holds a spelling of `google`, which Google keeps to itself"
    return ""


def _location(settings: BucketSettings, environment: Environment) -> str:
    return settings.location or environment.region


def _lifecycle_rules(settings: BucketSettings) -> Iterator[dict[str, Any]]:
    if settings.versioned:
        yield _rule(
            "Delete",
            num_newer_versions=settings.old_versions,
            days_since_noncurrent_time=settings.old_versions_days,
            with_state="ARCHIVED",
        )
    state = {"with_state": "LIVE"} if settings.versioned else {}
    for colder in COLDER:
        if colder in settings.colder_after_days:
            classes = [each.upper() for each in CLASSES[: CLASSES.index(colder)]]
            age = settings.colder_after_days[colder]
            rule = _rule("SetStorageClass", age=age, matches_storage_class=classes)
            rule["action"][0]["storage_class"] = colder.upper()
            yield rule
    for prefix, days in settings.delete_prefixes_after_days.items():
        yield _rule("Delete", age=days, matches_prefix=[prefix], **state)
    if settings.delete_after_days:
        yield _rule("Delete", age=settings.delete_after_days, **state)
    yield _rule("AbortIncompleteMultipartUpload", age=UNFINISHED_UPLOAD_DAYS)


def _rule(action: str, **condition: Any) -> dict[str, Any]:
    return {"action": [{"type": action}], "condition": [condition]}


def _optional_blocks(settings: BucketSettings) -> Mapping[str, Any]:
    blocks: dict[str, Any] = {}
    if settings.data_locations:
        blocks["custom_placement_config"] = [{"data_locations": [each.upper() for each in settings.data_locations]}]
    if settings.turbo_replication:
        blocks["rpo"] = "ASYNC_TURBO"
    if settings.autoclass:
        blocks["autoclass"] = [{"enabled": True, "terminal_storage_class": settings.autoclass.upper()}]
    if settings.hierarchical_namespace:
        blocks["hierarchical_namespace"] = [{"enabled": True}]
    if settings.retention_days:
        period = settings.retention_days * SECONDS_OF_A_DAY
        blocks["retention_policy"] = [{"retention_period": str(period), "is_locked": False}]
    return blocks


def _bucket_faults(bucket: BucketSettings, environment: Environment) -> Iterator[Fault]:
    yield from _location_faults(bucket, environment)
    yield from _class_faults(bucket)
    yield from _age_faults(bucket)
    yield from _mix_faults(bucket)
    if 0 < bucket.soft_delete_days < 7:
        yield Fault(
            "spec/bucket-soft-delete",
            f"deleted objects cannot be kept for {bucket.soft_delete_days} days",
            ("soft_delete_days",),
            help="write 0 for none, or 7 to 90",
        )


def _location_faults(bucket: BucketSettings, environment: Environment) -> Iterator[Fault]:
    place = _location(bucket, environment).lower()
    multi, region = place in MULTI_REGIONS, "-" in place
    if not (multi or region or place in DUAL_REGIONS):
        yield Fault(
            "spec/bucket-location",
            f"there is no bucket location `{bucket.location}`",
            ("location",),
            help=f"write a region, one of {', '.join(MULTI_REGIONS)}, or one of {', '.join(DUAL_REGIONS)}",
        )
        return
    pair = bucket.data_locations
    if pair and not (multi and len(set(pair)) == 2):
        yield Fault(
            "spec/bucket-location",
            "`data_locations` are two different regions of the multi-region that `location` names",
            ("data_locations",),
            help="write `location: us`, `eu` or `asia`, and two regions of it",
        )
    elif pair and not all(each.startswith(CONTINENTS[place]) for each in pair):
        yield Fault(
            "spec/bucket-location",
            f"`{pair[0]}` and `{pair[1]}` are not both in `{place}`",
            ("data_locations",),
            help=f"write regions whose names begin with {CONTINENTS[place][0]}",
        )
    if bucket.turbo_replication and not (pair or place in DUAL_REGIONS):
        yield Fault(
            "spec/bucket-location",
            f"`{place}` is no dual-region, and only those have turbo replication",
            ("turbo_replication",),
            help="delete the line, or give it two `data_locations`",
        )


def _class_faults(bucket: BucketSettings) -> Iterator[Fault]:
    if bucket.autoclass and (bucket.storage_class != "standard" or bucket.colder_after_days):
        field = "colder_after_days" if bucket.colder_after_days else "storage_class"
        yield Fault(
            "spec/bucket-class",
            f"with Autoclass objects begin as standard and move by themselves, so `{field}` has no place",
            (field,),
            help=f"delete `{field}`, or `autoclass`",
        )
    ages = [(each, bucket.colder_after_days[each]) for each in COLDER if each in bucket.colder_after_days]
    for (warmer, first), (colder, then) in pairwise(ages):
        if then <= first:
            yield Fault(
                "spec/bucket-class",
                f"objects would become {colder} after {then} days and {warmer} only after {first}",
                ("colder_after_days", colder),
                help=f"write more than {first} days for {colder}",
            )
    for colder, _ in ages:
        if CLASSES.index(colder) <= CLASSES.index(bucket.storage_class):
            yield Fault(
                "spec/bucket-class",
                f"objects of class {bucket.storage_class} cannot become {colder}, which is not colder",
                ("colder_after_days", colder),
                help="delete the line, or begin with a warmer `storage_class`",
            )


def _age_faults(bucket: BucketSettings) -> Iterator[Fault]:
    end = bucket.delete_after_days
    for colder, days in bucket.colder_after_days.items():
        if end and days >= end:
            yield Fault(
                "spec/bucket-lifecycle",
                f"objects are deleted after {end} days and never get to be {colder}",
                ("colder_after_days", colder),
                help=f"write less than {end} days, or delete the line",
            )
    if bucket.retention_days is None:
        return
    ages: dict[tuple[str, ...], int] = {
        ("delete_prefixes_after_days", prefix): days for prefix, days in bucket.delete_prefixes_after_days.items()
    }
    if end:
        ages["delete_after_days",] = end
    for path, days in ages.items():
        if days < bucket.retention_days:
            yield Fault(
                "spec/bucket-lifecycle",
                f"nothing can be deleted after {days} days that must be kept for {bucket.retention_days}",
                path,
                help=f"write {bucket.retention_days} days or more",
            )


def _mix_faults(bucket: BucketSettings) -> Iterator[Fault]:
    if bucket.hierarchical_namespace:
        for field in ("versioning", "retention_days"):
            if getattr(bucket, field):
                yield Fault(
                    "spec/bucket-mix",
                    f"a bucket with a hierarchical namespace cannot have `{field}`",
                    (field,),
                    help=f"delete `{field}`, or `hierarchical_namespace`",
                )


def _log_faults(name: str, logs: str, settings: GcsSettings) -> Iterator[Fault]:
    path = ("buckets", name, "access_logs")
    if logs not in settings.buckets:
        yield Fault(
            "spec/bucket-logs",
            f"there is no bucket `{logs}` here to write logs to",
            path,
            help=f"add `{logs}: {{delete_after_days: 400}}` to `buckets`",
        )
    elif logs == name or settings.buckets[logs].access_logs:
        yield Fault(
            "spec/bucket-logs",
            f"bucket `{logs}` would log its own logs",
            path,
            help="let the bucket of the logs have no `access_logs`",
        )
