"""IAM: roles, workload identity federation, deny policies, organisation policies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule

_ROLE = re.compile(r"(?:(?:projects|organizations)/[^/\s]+/)?roles/[A-Za-z0-9_.]+")
_PERMISSION = re.compile(r"[a-z][A-Za-z0-9-]*\.[A-Za-z][A-Za-z0-9-]*\.[A-Za-z][A-Za-z0-9]*")
_DENY_PERMISSION = re.compile(r"[a-z0-9.-]+\.googleapis\.com/(?:\*|[A-Za-z0-9-]+\.(?:\*|[A-Za-z0-9]+))")
_ATTACHMENT = re.compile(r"cloudresourcemanager\.googleapis\.com%2[Ff](?:projects|folders|organizations)%2[Ff][^/%]+")
_POLICY_NAME = re.compile(r"(?:projects|folders|organizations)/[^/]+/policies/[A-Za-z0-9.]+")
_SHARED_ISSUERS = ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io")
_KINDS = ("values", "allow_all", "deny_all", "enforce")

_MEMBER_TYPES = tuple(
    f"google_{what}_iam_{kind}"
    for what in (
        "artifact_registry_repository",
        "compute_subnetwork",
        "dns_managed_zone",
        "folder",
        "kms_crypto_key",
        "kms_key_ring",
        "organization",
        "project",
        "secret_manager_secret",
        "service_account",
        "storage_bucket",
        "storage_managed_folder",
    )
    for kind in ("member", "binding")
)


def _role(body: Block, _: Context) -> Iterator[Finding]:
    """A role is written in full: `roles/...`, or with the project or organisation that a custom role belongs to."""
    text = body.text("role")
    if text and not _ROLE.fullmatch(text):
        yield Finding("role", f"`{text}` is no role name", "write roles/NAME or projects/PROJECT/roles/NAME")


def _permissions(body: Block, _: Context) -> Iterator[Finding]:
    """A permission is SERVICE.RESOURCE.VERB, such as storage.objects.get."""
    for index, text in enumerate(body.texts("permissions")):
        if not _PERMISSION.fullmatch(text):
            yield Finding(f"permissions[{index}]", f"`{text}` is no permission", "write SERVICE.RESOURCE.VERB")


def _issuer(body: Block, _: Context) -> Iterator[Finding]:
    """An OIDC issuer is an https URL: its keys are fetched from there."""
    for oidc in body.blocks("oidc"):
        text = oidc.text("issuer_uri")
        if text and not text.startswith("https://"):
            yield Finding(oidc.at("issuer_uri"), f"`{text}` is no https URL", "use the issuer's https URL")


def _condition(body: Block, _: Context) -> Iterator[Finding]:
    """GitHub, GitLab and HCP Terraform sign the tokens of all their customers with one issuer.

    A provider that trusts such an issuer has to say whose tokens it means, or the API refuses it with `The
    attribute condition must reference one of the provider's claims`. Numeric owner ids cannot be taken over by
    others, names can.
    """
    issuer = body.block("oidc").text("issuer_uri") or ""
    host = issuer.removeprefix("https://").rstrip("/")
    if host in _SHARED_ISSUERS and body.absent("attribute_condition"):
        yield Finding(
            "attribute_condition",
            f"every customer of {host} is trusted",
            'set attribute_condition, for GitHub assertion.repository_owner_id == "NUMBER"',
        )


def _mapping(body: Block, _: Context) -> Iterator[Finding]:
    """Each identity of an OIDC provider needs a subject, so the mapping has `google.subject`; AWS has a default."""
    if body.blocks("oidc") and not body.unknown("attribute_mapping"):
        value = body.value.get("attribute_mapping")
        if not isinstance(value, dict) or "google.subject" not in value:
            yield Finding(
                "attribute_mapping",
                "no mapping for google.subject",
                'add "google.subject" = "assertion.sub"',
            )


def _deny_parent(body: Block, _: Context) -> Iterator[Finding]:
    """A deny policy is attached to a resource whose full name is part of the URL, with its slashes encoded."""
    text = body.text("parent")
    if text and not _ATTACHMENT.fullmatch(text):
        yield Finding(
            "parent",
            f"`{text}` is no attachment point",
            "write cloudresourcemanager.googleapis.com%2Fprojects%2FPROJECT",
        )


def _deny_rule(body: Block, _: Context) -> Iterator[Finding]:
    """Deny policies have their own permission names, SERVICE.googleapis.com/RESOURCE.VERB, and principals.

    Everybody is `principalSet://goog/public:all`; the members of allow policies are refused.
    """
    for rule in body.blocks("rules"):
        for deny in rule.blocks("deny_rule"):
            for argument in ("denied_permissions", "exception_permissions"):
                for text in deny.texts(argument):
                    if not _DENY_PERMISSION.fullmatch(text):
                        yield Finding(
                            deny.at(argument),
                            f"`{text}` is no permission of a deny policy",
                            "write SERVICE.googleapis.com/RESOURCE.VERB",
                        )
            for argument in ("denied_principals", "exception_principals"):
                for text in deny.texts(argument):
                    if not text.startswith(("principal://", "principalSet://", "deleted:principal://")):
                        yield Finding(
                            deny.at(argument),
                            f"`{text}` is no principal of a deny policy",
                            "everybody is principalSet://goog/public:all, a user principal://goog/subject/EMAIL",
                        )


def _policy_rules(body: Block, _: Context) -> Iterator[Finding]:
    """A rule of an organisation policy does one thing: it enforces, allows all, denies all, or lists values."""
    for spec in (*body.blocks("spec"), *body.blocks("dry_run_spec")):
        for rule in spec.blocks("rules"):
            given = [kind for kind in _KINDS if rule.given(kind)]
            if len(given) > 1:
                yield Finding(
                    rule.at(given[-1]),
                    f"a rule with {' and '.join(f'`{kind}`' for kind in given)}",
                    "keep one: `enforce` for a boolean constraint, the others for a list constraint",
                )
        if spec.flag("reset") and spec.blocks("rules"):
            yield Finding(spec.at("rules"), "`reset` together with rules", "keep one of the two")


def _policy_name(body: Block, _: Context) -> Iterator[Finding]:
    """A policy's name says where it applies, as its parent does: projects/PROJECT/policies/CONSTRAINT."""
    name, parent = body.text("name"), body.text("parent")
    if name and not _POLICY_NAME.fullmatch(name):
        yield Finding("name", f"`{name}` is no policy name", "write PARENT/policies/CONSTRAINT, without constraints/")
    elif name and parent and name.rpartition("/policies/")[0] != parent:
        yield Finding("parent", f"parent `{parent}` of a policy called `{name}`", "let the two agree")


_POOL_PROVIDER = ("google_iam_workload_identity_pool_provider",)
_DENY = ("google_iam_deny_policy",)
_ORG_POLICY = ("google_org_policy_policy",)
_OIDC: dict[str, object] = {
    "workload_identity_pool_id": "delivery",
    "workload_identity_pool_provider_id": "github",
    "attribute_mapping": {"google.subject": "assertion.sub"},
    "attribute_condition": 'assertion.repository_owner_id == "1234567"',
    "oidc": [{"issuer_uri": "https://token.actions.githubusercontent.com"}],
}


def _denying(
    permission: str = "iam.googleapis.com/serviceAccountKeys.create",
    parent: str = "cloudresourcemanager.googleapis.com%2Fprojects%2Facme-dev",
) -> dict[str, object]:
    rule = {"denied_principals": ["principalSet://goog/public:all"], "denied_permissions": [permission]}
    return {"name": "no-keys", "parent": parent, "rules": [{"deny_rule": [rule]}]}


def _policy(name: str = "projects/acme-dev/policies/compute.requireOsLogin", **rule: object) -> dict[str, object]:
    return {"name": name, "parent": "projects/acme-dev", "spec": [{"rules": [{"enforce": "TRUE"} | rule]}]}


_DENY_SOURCE = "IAM, deny policies; permissions supported in deny policies; API v2, policies (2026-08)"
_WIF_SOURCE = "IAM, workload identity federation with deployment pipelines; API v1, workloadIdentityPools.providers"
_ORG_SOURCE = "Organization Policy API v2, PolicySpec and PolicyRule (2026-08)"

RULES = (
    Rule(
        code="cloud/iam-role",
        types=_MEMBER_TYPES,
        title="a role that is not written in full",
        judge=_role,
        source="IAM API v1, roles; Resource Manager API v3, Binding.role (2026-08)",
        wrong={"repository": "images", "role": "artifactregistry.reader", "member": "group:ml@acme.example"},
        right={"repository": "images", "role": "roles/artifactregistry.reader", "member": "group:ml@acme.example"},
    ),
    Rule(
        code="cloud/iam-permission",
        types=("google_project_iam_custom_role", "google_organization_iam_custom_role"),
        title="a permission that has no such form",
        judge=_permissions,
        source="IAM, permissions reference; API v1, Role.includedPermissions (2026-08)",
        wrong={"role_id": "reader", "title": "Reader", "permissions": ["read objects"]},
        right={"role_id": "reader", "title": "Reader", "permissions": ["storage.objects.get"]},
    ),
    Rule(
        code="cloud/wif-issuer",
        types=_POOL_PROVIDER,
        title="an issuer without https",
        judge=_issuer,
        source=_WIF_SOURCE,
        wrong=_OIDC | {"oidc": [{"issuer_uri": "http://issuer.acme.example"}]},
        right=_OIDC,
    ),
    Rule(
        code="cloud/wif-condition",
        types=_POOL_PROVIDER,
        title="a shared issuer without a condition",
        judge=_condition,
        source=_WIF_SOURCE,
        wrong={name: value for name, value in _OIDC.items() if name != "attribute_condition"},
        right=_OIDC,
    ),
    Rule(
        code="cloud/wif-mapping",
        types=_POOL_PROVIDER,
        title="identities without a subject",
        judge=_mapping,
        source="provider 7.45.0, attribute_mapping: OIDC providers must include google.subject",
        wrong=_OIDC | {"attribute_mapping": {"attribute.actor": "assertion.actor"}},
        right=_OIDC,
    ),
    Rule(
        code="cloud/deny-parent",
        types=_DENY,
        title="a deny policy whose attachment point is not encoded",
        judge=_deny_parent,
        source=_DENY_SOURCE,
        wrong=_denying(parent="cloudresourcemanager.googleapis.com/projects/acme-dev"),
        right=_denying(),
    ),
    Rule(
        code="cloud/deny-rule",
        types=_DENY,
        title="a deny rule with the words of allow policies",
        judge=_deny_rule,
        source=_DENY_SOURCE,
        wrong=_denying("iam.serviceAccountKeys.create"),
        right=_denying(),
    ),
    Rule(
        code="cloud/org-policy-rule",
        types=_ORG_POLICY,
        title="an organisation policy rule that does two things",
        judge=_policy_rules,
        source=_ORG_SOURCE,
        wrong=_policy(values=[{"allowed_values": ["in:eu-locations"]}]),
        right=_policy(),
    ),
    Rule(
        code="cloud/org-policy-name",
        types=_ORG_POLICY,
        title="an organisation policy whose name does not fit its parent",
        judge=_policy_name,
        source=_ORG_SOURCE,
        wrong=_policy("projects/acme-prod/policies/compute.requireOsLogin"),
        right=_policy(),
    ),
)
