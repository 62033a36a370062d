"""Cloud rules: each probe of the fixture is accounted for, and no rule refuses what Google Cloud takes.

`tests/fixtures/probes.json` holds small wrong or odd configurations with the stage of Terraform (google 7.45.0)
that refuses each: validate, plan, or nothing. What validate refuses needs no rule. Everything else is refused by the
rule that `REFUSED` names, or is in `LEGAL` with the reason, or its type is in `OUT_OF_SCOPE`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from planform.checks import cloud, cloud_names
from planform.checks.cloud import names
from planform.checks.cloud.rule import Rule

FIXTURES = Path(__file__).parent / "fixtures"
PROBES: dict[str, dict[str, Any]] = {
    probe["probe"]: probe for probe in json.loads((FIXTURES / "probes.json").read_text("utf-8"))
}
DEFAULTS = {"project": "acme-ml-dev", "region": "us-central1"}

REFUSED = {
    "alert-duration-odd": "cloud/alert-interval",
    "alert-log-without-rate-limit": "cloud/alert-log-limit",
    "alert-no-kind": "cloud/alert-condition",
    "alert-promql-garbage": "cloud/alert-query",
    "alert-promql-interval-45": "cloud/alert-interval",
    "alert-two-kinds-in-one": "cloud/alert-condition",
    "alert-user-label-upper": "cloud/monitoring-label",
    "ar-cleanup-both": "cloud/registry-cleanup",
    "ar-cleanup-no-action": "cloud/registry-cleanup",
    "ar-format-bad": "cloud/registry-format",
    "ar-id-underscore": "cloud/name",
    "ar-remote-without-config": "cloud/registry-remote",
    "armor-bad-action": "cloud/armor-action",
    "armor-dup-priority": "cloud/armor-priority",
    "armor-no-default-rule": "cloud/armor-default-rule",
    "bucket-autoclass-and-class-rule": "cloud/bucket-autoclass",
    "bucket-hns-with-versioning": "cloud/bucket-hierarchical-namespace",
    "bucket-hns-without-ubla": "cloud/bucket-hierarchical-namespace",
    "bucket-lifecycle-delete-lower": "cloud/bucket-lifecycle",
    "bucket-lifecycle-no-class": "cloud/bucket-lifecycle",
    "bucket-name-64": "cloud/name",
    "bucket-name-goog": "cloud/name",
    "bucket-name-upper": "cloud/name",
    "bucket-pap-bad": "cloud/bucket-public-access",
    "bucket-rpo-single-region": "cloud/bucket-replication",
    "bucket-soft-delete-1h": "cloud/bucket-soft-delete",
    "budget-account-bad": "cloud/budget",
    "budget-project-id": "cloud/budget",
    "budget-two-labels": "cloud/budget",
    "channel-email-no-label": "cloud/notification-channel",
    "channel-type-bad": "cloud/notification-channel",
    "dashboard-no-layout": "cloud/dashboard-layout",
    "deletion-policy-bad": "cloud/deletion-policy",
    "deny-bare-permission": "cloud/deny-rule",
    "deny-parent-not-encoded": "cloud/deny-parent",
    "dns-no-trailing-dot": "cloud/dns-zone-name",
    "dns-record-bad-a": "cloud/dns-record-data",
    "fw-no-source": "cloud/firewall-source",
    "gke-calico-with-dpv2": "cloud/gke-datapath",
    "gke-cilium-ccnp-without-dpv2": "cloud/gke-datapath",
    "gke-encrypt-without-key": "cloud/gke-encryption-key",
    "gke-fqdn-without-dpv2": "cloud/gke-datapath",
    "gke-groups-bad": "cloud/gke-groups",
    "gke-monitoring-bad": "cloud/gke-monitoring-component",
    "gke-nap-without-limits": "cloud/gke-auto-provisioning-limits",
    "gke-no-initial-node-count": "cloud/gke-initial-node-count",
    "gke-node-version-with-remove": "cloud/gke-node-version",
    "gke-rrule-bad": "cloud/gke-recurrence",
    "gke-skip-refresh-inline-pool": "cloud/gke-skip-refresh",
    "gke-window-too-short": "cloud/gke-maintenance-window",
    "gke-workload-pool-bad": "cloud/gke-workload-pool",
    "iam-role-no-prefix": "cloud/iam-role",
    "json-duplicate-cloud-name": cloud_names.CODE,
    "kms-algorithm-bad": "cloud/kms-algorithm",
    "kms-purpose-bad": "cloud/kms-word",
    "kms-ring-short": "cloud/kms-ring",
    "kms-sign-with-rotation": "cloud/kms-rotation",
    "kms-sign-without-template": "cloud/kms-algorithm",
    "label-64-chars": "cloud/label",
    "label-value-upper-and-space": "cloud/label",
    "metric-distribution-no-extractor": "cloud/log-metric",
    "metric-label-extractor-mismatch": "cloud/log-metric",
    "nat-dynamic-and-eim": "cloud/nat-ports",
    "nat-list-without-list": "cloud/nat-subnets",
    "nat-manual-without-ips": "cloud/nat-addresses",
    "nat-ports-not-power-2": "cloud/nat-ports",
    "np-autoscaling-empty": "cloud/node-pool-limits",
    "np-boot-disk-mismatch": "cloud/node-pool-boot-disk",
    "np-count-and-autoscaling": "cloud/node-pool-count",
    "np-fast-socket-without-gvnic": "cloud/node-pool-fast-socket",
    "np-flex-and-spot": "cloud/node-pool-capacity",
    "np-flex-with-any-reservation": "cloud/node-pool-capacity",
    "np-gpu-count-zero": "cloud/gpu-machine-type",
    "np-gpu-sharing-1-client": "cloud/gpu-sharing",
    "np-gpu-sharing-bad": "cloud/gpu-sharing",
    "np-gpu-type-bad": "cloud/gpu-type",
    "np-gpu-without-accelerator": "cloud/gpu-machine-type",
    "np-label-reserved": "cloud/node-label",
    "np-max-run-7d": "cloud/node-pool-run-duration",
    "np-min-gt-max": "cloud/node-pool-limits",
    "np-mixed-limits": "cloud/node-pool-limits",
    "np-name-41": "cloud/name",
    "np-placement-bad": "cloud/node-pool-placement",
    "np-queued-without-autoscaling": "cloud/node-pool-queued",
    "np-spot-and-preemptible": "cloud/node-pool-capacity",
    "np-surge-zero-zero": "cloud/node-pool-surge",
    "orgpolicy-enforce-and-values": "cloud/org-policy-rule",
    "role-permission-bad": "cloud/iam-permission",
    "sink-destination-bad": "cloud/log-sink",
    "sm-id-dot": "cloud/name",
    "sm-rotation-no-next": "cloud/secret-rotation",
    "sm-rotation-past": "cloud/secret-rotation",
    "sm-topic-short": "cloud/secret-topic",
    "smv-secret-short": "cloud/secret-name",
    "sql-binlog-on-postgres": "cloud/sql-recovery-log",
    "sql-custom-tier-eplus": "cloud/sql-edition-tier",
    "sql-custom-tier-no-edition": "cloud/sql-edition-tier",
    "sql-disk-type-bad": "cloud/sql-word",
    "sql-ha-without-backup": "cloud/sql-backups",
    "sql-name-upper": "cloud/name",
    "sql-no-ip-at-all": "cloud/sql-unreachable",
    "sql-pitr-days-99": "cloud/sql-log-retention",
    "sql-pitr-without-backup": "cloud/sql-backups",
    "sql-tier-bad": "cloud/sql-tier",
    "sql-track-bad": "cloud/sql-word",
    "sql-user-type-bad": "cloud/sql-user-type",
    "sql-version-bad": "cloud/sql-version",
    "subnet-host-bits": "cloud/subnet-cidr",
    "subnet-no-cidr": "cloud/subnet-without-range",
    "subnet-secondary-overlap": "cloud/subnet-overlap",
    "uptime-2-regions": "cloud/uptime-check",
    "uptime-period-90": "cloud/uptime-check",
    "uptime-timeout-90": "cloud/uptime-check",
    "wif-issuer-http": "cloud/wif-issuer",
    "wif-no-condition": "cloud/wif-condition",
}

LEGAL = {
    "ar-docker-config-on-python": "no source says whether the API refuses or ignores it; only the API knows",
    "ar-format-lower": "the provider compares formats without case, as the API reads them",
    "ar-older-than-30d": "the provider's own example; it normalises days to seconds",
    "block-as-empty-list": "an empty list is no block",
    "block-as-null": "null is no block",
    "block-as-object": "a single block may be written as one object",
    "bool-as-string": 'Terraform reads "true" as a flag',
    "bucket-location-lower": "the provider writes the location in upper case",
    "budget-no-threshold": "a budget may tell nobody",
    "budget-units-number": "Terraform makes text of it",
    "control-good-bucket": "the control",
    "dns-private-no-network": "no source says that the API refuses a private zone without networks; it serves nobody",
    "fw-egress-source": "egress rules may select senders by source ranges, and only by these",
    "fw-enable-logging-deprecated": "deprecated, and still accepted; the schema check warns",
    "gke-binauthz-enabled-deprecated": "deprecated, and still accepted; the schema check warns",
    "gke-enterprise-config-deprecated": "deprecated, and still accepted; the schema check warns",
    "gke-minimal": "the control",
    "gke-private-endpoint-no-nodes": "endpoint and nodes are isolated apart; only the API knows the limits",
    "iam-member-upper": "IAM and the provider compare e-mail addresses without case",
    "iam-role-typo": "only the API knows which predefined roles exist",
    "json-ref-with-hyphen-name": "hyphens are allowed in names",
    "label-value-number": "Terraform reads the number as text",
    "np-no-cluster-location": "the location is the provider's zone or region, which the document need not know",
    "np-surge-without-values": "only 0 and 0 written out is documented as refused; left out, the API decides",
    "orgpolicy-enforce-bool": 'Terraform writes the flag as the text "true", which the API reads in either case',
    "json-prevent-destroy-string": 'Terraform reads "true" as a flag',
    "notification-topic-short": "the provider completes the topic with the project",
    "service-typo": "only the API knows which services exist",
    "smv-alias-first-apply": "legal once the version exists, which only the state tells",
    "smv-wo-no-version": "the version of a write-only value is optional; without it no change is noticed",
    "sql-flag-bad": "flags differ by engine, version and machine; only the API has the list",
    "sql-query-length-9999": "ENTERPRISE_PLUS keeps up to 100 kB; refused on ENTERPRISE, see the rule's own example",
    "sql-user-iam-full-email": "MySQL takes the whole address; refused where the document shows PostgreSQL",
    "sql-user-no-password": "MySQL allows it; refused where the document shows PostgreSQL",
    "string-as-number": "the control for a number",
}

OUT_OF_SCOPE = {
    "google_bigquery_dataset": "data",
    "google_bigquery_table": "data",
    "google_bigtable_gc_policy": "data",
    "google_bigtable_instance": "data",
    "google_cloud_run_v2_service": "serving",
    "google_dataplex_asset": "data",
    "google_dataplex_datascan": "data",
    "google_dataplex_zone": "data",
    "google_firestore_backup_schedule": "data",
    "google_firestore_database": "data",
    "google_firestore_index": "data",
    "google_gke_hub_feature": "fleet",
    "google_gke_hub_feature_membership": "fleet",
    "google_gke_hub_membership": "fleet",
    "google_managed_kafka_acl": "streaming",
    "google_managed_kafka_cluster": "streaming",
    "google_managed_kafka_connect_cluster": "streaming",
    "google_managed_kafka_connector": "streaming",
    "google_managed_kafka_topic": "streaming",
    "google_pubsub_schema": "streaming",
    "google_pubsub_subscription": "streaming",
    "google_pubsub_topic": "streaming",
    "google_vertex_ai_deployment_resource_pool": "models",
    "google_vertex_ai_endpoint": "models",
    "google_vertex_ai_feature_group": "features",
    "google_vertex_ai_feature_online_store": "features",
    "google_vertex_ai_feature_online_store_featureview": "features",
    "google_vertex_ai_schedule": "models",
    "google_workbench_instance": "notebooks",
    "google_workstations_workstation_config": "notebooks",
}


def codes(document: Mapping[str, object]) -> set[str]:
    """All codes that a document of one stack gets."""
    found = {fault.code for fault in cloud.check(document, **DEFAULTS)}
    return found | {fault.code for fault in cloud_names.duplicates({"one": document}, **DEFAULTS)}


def in_resource(type_name: str, body: Mapping[str, object], beside: Mapping[str, Mapping[str, object]]) -> Any:
    """A document with the body at `type_name.this` and the others at `*.other`."""
    others = {name: {"other": dict(one)} for name, one in beside.items()}
    return {"resource": {**others, type_name: {"this": dict(body)}}}


@pytest.mark.parametrize("name", PROBES)
def test_each_probe_is_accounted_for(name: str) -> None:
    probe = PROBES[name]
    types = tuple(probe["config"].get("resource", {}))
    if name in REFUSED:
        assert REFUSED[name] in codes(probe["config"])
    elif name in LEGAL:
        assert codes(probe["config"]) == set()
    elif probe["refused_by"] == "validate":
        assert name not in OUT_OF_SCOPE
    else:
        assert all(type_name in OUT_OF_SCOPE for type_name in types)
        assert codes(probe["config"]) == set()


def test_no_entry_of_the_tables_is_unused() -> None:
    reached = {
        type_name
        for name, probe in PROBES.items()
        if name not in REFUSED and name not in LEGAL and probe["refused_by"] != "validate"
        for type_name in probe["config"].get("resource", {})
    }
    assert set(OUT_OF_SCOPE) == reached
    assert not (set(REFUSED) | set(LEGAL)) - set(PROBES)
    assert not set(REFUSED) & set(LEGAL)
    assert not [name for name in LEGAL if PROBES[name]["refused_by"] != "nothing"]
    assert not [type_name for rule in cloud.RULES for type_name in rule.types if type_name in OUT_OF_SCOPE]


def known_good() -> dict[str, dict[str, Any]]:
    """The documents that terraform validates and plans without a warning, by name."""
    rows = json.loads(gzip.decompress((FIXTURES / "known-good" / "google.json.gz").read_bytes()))
    documents: dict[str, dict[str, Any]] = {}
    for name, kind, type_name, address, body in rows:
        documents.setdefault(name, {}).setdefault(kind, {}).setdefault(type_name, {})[address] = body
    return documents


def test_no_rule_refuses_a_known_good_document() -> None:
    documents = known_good()
    assert len(documents) > 25
    assert [fault for document in documents.values() for fault in cloud.check(document, **DEFAULTS)] == []


@pytest.mark.parametrize("rule", cloud.RULES, ids=lambda rule: str(rule.code))
def test_a_rule_refuses_its_wrong_body_and_allows_its_right_one(rule: Rule) -> None:
    wrong = list(cloud.check(in_resource(rule.types[0], rule.wrong, rule.beside), **DEFAULTS | {"project": None}))
    right = list(cloud.check(in_resource(rule.types[0], rule.right, rule.beside), **DEFAULTS | {"project": None}))
    assert {(fault.code, fault.address) for fault in wrong} >= {(rule.code, f"{rule.types[0]}.this")}
    assert [fault for fault in right if fault.address.endswith(".this")] == []


def test_codes_are_unique_and_have_pages() -> None:
    assert len(cloud.pages()) == len(cloud.RULES)
    for code, page in {**cloud.pages(), **cloud_names.PAGES}.items():
        assert code.startswith("cloud/")
        assert page.title and page.why and page.source and page.types and page.wrong != page.right
        assert page.text.startswith(f"{code}: {page.title}\n\n") and page.source.split()[0] in page.text


def test_a_page_shows_the_reason_both_bodies_and_the_source() -> None:
    rule = next(rule for rule in cloud.RULES if rule.code == "cloud/kms-ring")
    assert (
        rule.page
        == """cloud/kms-ring: a key ring named by its last part

A key names its ring by the whole resource name: the provider makes a URL of it.

Wrong:

    {
      "google_kms_crypto_key": {
        "this": {
          "name": "storage",
          "key_ring": "main"
        }
      }
    }

Right:

    {
      "google_kms_crypto_key": {
        "this": {
          "name": "storage",
          "key_ring": "projects/acme-dev/locations/europe-west4/keyRings/main"
        }
      }
    }

Source: provider 7.45.0, google_kms_crypto_key, key_ring
"""
    )


def expressions(body: object) -> object:
    """The same body with an expression for each value."""
    if isinstance(body, Mapping):
        return {key: expressions(value) for key, value in body.items()}
    return "${var.x}"


def odd_shapes(body: Mapping[str, object]) -> Iterator[object]:
    """Bodies that no schema allows: blocks as texts, texts as blocks, numbers, nulls and lists of them."""
    odds: tuple[object, ...] = (None, 0, -1.5, True, "", "x", [], [None], ["x"], {}, [{}], {"x": {"y": []}}, [[1]])
    for odd in odds:
        yield dict.fromkeys(body, odd)
        yield {name: [dict.fromkeys(first, odd)] for name, value in body.items() if (first := one(value))}
    yield from (None, 1, "x", [], ["x"], [[{}]])


def one(value: object) -> Mapping[str, object] | None:
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, Mapping) else None


@pytest.mark.parametrize("rule", cloud.RULES, ids=lambda rule: str(rule.code))
def test_a_rule_bears_odd_shapes(rule: Rule) -> None:
    for type_name in rule.types[:2]:
        for body in odd_shapes(dict(rule.wrong)):
            document = {"resource": {type_name: {"this": body}}}
            list(cloud.check(document, **DEFAULTS))
            list(cloud_names.duplicates({"one": document}, **DEFAULTS))


@pytest.mark.parametrize("rule", cloud.RULES, ids=lambda rule: str(rule.code))
def test_an_expression_is_never_a_fault(rule: Rule) -> None:
    arguments = dict.fromkeys({**rule.wrong, **rule.right}, "${var.x}")
    document = in_resource(rule.types[0], arguments, {})
    assert rule.code not in {fault.code for fault in cloud.check(document, **DEFAULTS)}


@pytest.mark.parametrize("name", names.NAMES, ids=lambda name: f"{name.type}.{name.argument}")
def test_each_row_of_the_name_table_refuses_a_name(name: names.NameRule) -> None:
    def refused(text: str) -> bool:
        found = cloud.check({"resource": {name.type: {"this": {name.argument: text}}}}, **DEFAULTS)
        return "cloud/name" in {fault.code for fault in found}

    assert refused(name.refused)
    assert not refused("platform.reader" if name.argument == "role_id" else "platform-main")
    assert not refused("${var.name}")


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("acme-models", True),
        ("acme.example.com", True),
        ("a" * 63, True),
        ("a" * 64, False),
        (".".join(["a" * 60] * 3), True),
        ("192.168.0.1", False),
        ("acme--models_1", True),
        ("acme..models", False),
        ("my-google-bucket", False),
        ("-acme", False),
        ("ab", False),
    ],
)
def test_bucket_names(name: str, fits: bool) -> None:
    assert (codes({"resource": {"google_storage_bucket": {"this": {"name": name}}}}) == set()) is fits


def test_a_fault_says_where_and_what() -> None:
    config = PROBES["sql-custom-tier-no-edition"]["config"]
    (fault,) = cloud.check(config)
    assert (fault.address, fault.argument) == ("google_sql_database_instance.x", "settings[0].tier")
    assert fault.summary == "tier db-custom-2-8192 is not of edition ENTERPRISE_PLUS"
    assert 'edition = "ENTERPRISE"' in fault.help


def test_a_block_written_as_an_object_is_judged_like_a_list() -> None:
    body = {"name": "main", "database_version": "POSTGRES_17", "settings": {"tier": "huge"}}
    assert "cloud/sql-tier" in codes({"resource": {"google_sql_database_instance": {"this": body}}})


def test_a_dynamic_block_is_unknown() -> None:
    body = {"name": "p", "cluster": "c", "autoscaling": [{}], "dynamic": {"node_config": {"for_each": "${var.x}"}}}
    pool = {**body, "queued_provisioning": [{"enabled": True}]}
    assert codes({"resource": {"google_container_node_pool": {"this": pool}}}) == {"cloud/node-pool-limits"}


@pytest.mark.parametrize(
    ("provider", "project", "refused"),
    [
        ({}, "other", False),
        ({}, "acme", True),
        ({}, None, False),
        ({"google": [{"project": "other"}]}, "acme", False),
        ({"google": [{"project": "acme"}]}, "other", True),
        ({"google": [{"project": "${var.project}"}]}, "acme", False),
    ],
)
def test_the_workload_pool_is_compared_with_the_project_of_the_provider(
    provider: Mapping[str, object], project: str | None, refused: bool
) -> None:
    body = {
        "name": "main",
        "initial_node_count": 1,
        "workload_identity_config": [{"workload_pool": "other.svc.id.goog"}],
    }
    document = {"provider": provider, "resource": {"google_container_cluster": {"this": body}}}
    found = {fault.code for fault in cloud.check(document, project=project)}
    assert found == ({"cloud/gke-workload-pool"} if refused else set())


@pytest.mark.parametrize("instance", ["main", "${google_sql_database_instance.main.name}"])
@pytest.mark.parametrize(("version", "refused"), [("POSTGRES_17", True), ("MYSQL_8_0", False)])
def test_a_user_is_judged_by_the_engine_of_its_instance(instance: str, version: str, refused: bool) -> None:
    document = {
        "resource": {
            "google_sql_database_instance": {"main": {"name": "main", "database_version": version}},
            "google_sql_user": {
                "full": {
                    "instance": instance,
                    "name": "a@p.iam.gserviceaccount.com",
                    "type": "CLOUD_IAM_SERVICE_ACCOUNT",
                }
            },
        }
    }
    assert ("cloud/sql-user-name" in codes(document)) is refused


def test_two_stacks_with_one_object_are_named_with_both_addresses() -> None:
    first = {"resource": {"google_storage_bucket": {"models": {"name": "acme-models"}}}}
    second = {"resource": {"google_storage_bucket": {"data": {"name": "acme-models"}}}}
    (fault,) = cloud_names.duplicates({"acme-dev-resource": first, "acme-dev-data": second})
    assert fault.code == "cloud/duplicate-name"
    assert fault.places == (
        ("acme-dev-data", "google_storage_bucket.data"),
        ("acme-dev-resource", "google_storage_bucket.models"),
    )
    assert fault.summary == (
        "google_storage_bucket.data in acme-dev-data is the same cloud object as google_storage_bucket.models in "
        "acme-dev-resource: name acme-models"
    )


RING = {"google_kms_key_ring": {"ring": {"name": "main", "location": "eu"}}}
ACCOUNT = {"google_service_account": {"app": {"account_id": "fraud-app"}}}
GRANT = {"project": "acme", "role": "roles/viewer"}
EMAIL = "fraud-app@acme.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(
            {"google_compute_network": {"a": {"name": "main"}}},
            {"google_compute_network": {"b": {"name": "main", "project": "acme"}}},
            True,
            id="the provider's project is filled in",
        ),
        pytest.param(
            {"google_compute_network": {"a": {"name": "main"}}},
            {"google_compute_network": {"b": {"name": "main", "project": "acme-network"}}},
            False,
            id="another project is another network",
        ),
        pytest.param(
            {"google_compute_address": {"a": {"name": "in", "region": "europe-west4"}}},
            {"google_compute_address": {"b": {"name": "in"}}},
            True,
            id="the provider's region is filled in",
        ),
        pytest.param(
            {**RING, "google_kms_crypto_key": {"a": {"name": "k", "key_ring": "${google_kms_key_ring.ring.id}"}}},
            {"google_kms_crypto_key": {"b": {"name": "k", "key_ring": "projects/acme/locations/eu/keyRings/main"}}},
            True,
            id="an id is computed from its format",
        ),
        pytest.param(
            {
                **ACCOUNT,
                "google_project_iam_member": {
                    "a": GRANT | {"member": "serviceAccount:${google_service_account.app.email}"}
                },
            },
            {"google_project_iam_member": {"b": GRANT | {"member": f"serviceAccount:{EMAIL}"}}},
            True,
            id="an e-mail address inside a text is computed",
        ),
        pytest.param(
            {"google_project_iam_member": {"a": GRANT | {"member": "group:a@acme.example"}}},
            {
                "google_project_iam_member": {
                    "b": GRANT
                    | {"member": "group:a@acme.example", "condition": [{"title": "until", "expression": "x"}]}
                }
            },
            False,
            id="a condition makes another grant",
        ),
        pytest.param(
            {"google_project_iam_member": {"a": {**GRANT, "member": "${google_x.y.z}"}}},
            {"google_project_iam_member": {"b": {**GRANT, "member": "${google_x.y.z}"}}},
            False,
            id="an unknown value differs between stacks",
        ),
        pytest.param(
            {"google_project_service": {"a": {"service": "compute.googleapis.com"}}},
            {"google_project_service": {"b": {"service": "compute.googleapis.com"}}},
            False,
            id="stacks may enable one service each",
        ),
        pytest.param(
            {"google_sql_database_instance": {"a": {"database_version": "POSTGRES_17"}}},
            {"google_sql_database_instance": {"b": {"database_version": "POSTGRES_17"}}},
            False,
            id="a name that the provider makes up is its own",
        ),
    ],
)
def test_identity(one: object, other: object, same: bool) -> None:
    found = cloud_names.duplicates(
        {"a": {"resource": one}, "b": {"resource": other}}, project="acme", region="europe-west4"
    )
    assert bool(list(found)) is same


def test_an_unknown_value_is_itself_within_its_stack() -> None:
    body = {"role": "roles/viewer", "project": "acme", "member": "${google_x.y.z}"}
    document = {"resource": {"google_project_iam_member": {"a": body, "b": dict(body)}}}
    assert [fault.address for fault in cloud_names.duplicates({"one": document})] == ["google_project_iam_member.b"]


def test_known_good_documents_are_duplicates_only_where_two_are_variants_of_one() -> None:
    documents = {name: document for name, document in known_good().items() if "fleet-git" not in name}
    assert list(cloud_names.duplicates(documents, **DEFAULTS)) == []
