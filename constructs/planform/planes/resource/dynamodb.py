"""Amazon DynamoDB, reached from GKE without a key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from planform.contracts.compute import Compute
from planform.contracts.identity import Identity
from planform.contracts.key_value import KeyValue, KeyValueClient, TableRef
from planform.contracts.network_policy import NetworkPolicies
from planform.planes.component import Component
from planform.planes.offline import offline
from planform.planes.record_ids import record_id
from planform.planes.resource.aws_sign_in import AUDIENCE, TOKEN_SECONDS, signed_in
from planform.planes.resource.table_form import AskedTable, check_client, check_table
from planform.spec.environment import Environment
from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Cidr
from planform.terraform.aws import (
    AwsProvider,
    DynamodbTable,
    IamOpenidConnectProvider,
    IamRole,
    IamRolePolicy,
    KmsAlias,
    KmsKey,
)
from planform.terraform.expression import Known
from planform.terraform.record import Lifecycle

__all__ = ["DynamoDb", "DynamoDbSettings"]

READS = ("BatchGetItem", "ConditionCheckItem", "DescribeTable", "GetItem", "Query", "Scan")
WRITES = ("BatchWriteItem", "DeleteItem", "DescribeTable", "PutItem", "UpdateItem")
LONGEST_ROLE = 64


class DynamoDbSettings(Settings):
    """Settings of `dynamodb`."""

    account_id: str = Field(
        pattern=r"^[0-9]{12}$", description="AWS account of the tables, quoted.", examples=["111122223333"]
    )
    region: str = Field(
        pattern=r"^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[1-9]$",
        description="AWS region of the tables; the one nearest to the cluster, as every request crosses clouds.",
        examples=["eu-central-1"],
    )
    point_in_time_days: Annotated[int, Field(ge=1, le=35)] = Field(
        default=35, description="Days back to any second of which a table can be restored, 1 to 35. Default: 35."
    )
    customer_key: bool = Field(
        default=False,
        description="Encrypt tables with a KMS key of the account's own, which can be watched and withdrawn, instead of"
        " one of AWS. Default: off.",
    )
    deletion_protection: bool | None = Field(
        default=None, description="Let no call delete a table. Default: on in production."
    )
    max_read_units: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        default=4000,
        description="Read request units a second that a table is held to, so that a program's fault costs no fortune;"
        " null for no limit. Default: 4000.",
    )
    max_write_units: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        default=2000,
        description="Write request units a second that a table is held to; null for no limit. Default: 2000.",
    )
    source_cidrs: tuple[Cidr, ...] = Field(
        default=(),
        description="Addresses that requests must come from, those of the cluster's NAT: a stolen token is then of no"
        " use elsewhere. Default: any.",
        examples=[["203.0.113.7/32"]],
    )
    egress_cidrs: tuple[Cidr, ...] = Field(
        default=(),
        description="Addresses of AWS that the namespaces of clients may reach. Default: the hosts of DynamoDB and STS"
        " in the region, which needs a network policy that knows hosts.",
    )


class DynamoDb(Component):
    """Tables in DynamoDB, and a role for each client that a pod of the cluster takes on with its own token.

    AWS trusts the cluster's public issuer; a role may be taken on by one Kubernetes service account of one namespace,
    with a token made for AWS alone that lives an hour and is renewed by the kubelet. There is no access key anywhere,
    and the SDKs of AWS need no code for it: variables and a mounted token are all.
    Tables are billed by request up to a limit, can be restored to any second, and are encrypted always.

    Whoever plans and applies the stack signs in to AWS by the usual environment variables (AWS_ROLE_ARN with
    AWS_WEB_IDENTITY_TOKEN_FILE in CI, AWS_PROFILE at a desk), into `account_id`, or the provider refuses.
    By hand, once: that role, and in it rights for DynamoDB tables, IAM roles named `<platform>-<environment>-*` and the
    OpenID provider. An account has one OpenID provider for each cluster.

    Provides: KeyValue; the engine is `dynamodb`. `identity` of a client says nothing here.
    Requires: Compute, for its issuer; NetworkPolicies, optional: the namespace of a client may then reach AWS.
    Emits: aws_dynamodb_table, aws_iam_openid_connect_provider, aws_iam_role and aws_iam_role_policy for each client,
    with `customer_key` aws_kms_key and aws_kms_alias. In production tables cannot be destroyed.
    Errors: contract/bad-name, contract/bad-value, contract/other-form, spec/name-too-long.
    Source: provider pages of hashicorp/aws 5.100.0; AWS's pages on web identity federation, on point-in-time recovery
    (1 to 35 days), on encryption at rest (kms:ViaService) and on names of tables and roles. Read 2026-11.
    """

    name = "dynamodb"
    capability = "key_value"
    provides = KeyValue
    Settings = DynamoDbSettings
    settings: DynamoDbSettings
    compute: Compute
    network_policy: NetworkPolicies | None

    @classmethod
    def check(cls, settings: Any, environment: Environment) -> Iterable[Fault]:
        longest = LONGEST_ROLE - len("-c")
        if len(environment.prefix) > longest:
            yield Fault(
                "spec/name-too-long",
                f"roles begin with `{environment.prefix}-` and may have {LONGEST_ROLE} characters",
                help="shorten the platform's or the environment's name",
            )

    def build(self) -> None:
        self._asked: dict[str, AskedTable] = {}
        self._tables: dict[str, DynamodbTable] = {}
        self._roles: dict[str, IamRole] = {}
        self._policies: dict[str, IamRolePolicy] = {}
        self._tables_of: dict[str, dict[str, list[str]]] = {}
        self._subjects: dict[str, str] = {}
        settings = self.settings
        AwsProvider(
            self,
            "aws",
            region=settings.region,
            allowed_account_ids=offline(self, judged=None, applied=[settings.account_id]),
            skip_credentials_validation=offline(self, judged=True, applied=False),
            skip_metadata_api_check=offline(self, judged="true", applied="false"),
            skip_requesting_account_id=offline(self, judged=True, applied=False),
        )
        self._trust = IamOpenidConnectProvider(
            self, "cluster", url=str(self.compute.cluster().issuer), client_id_list=[AUDIENCE], tags=self.labels
        )
        self._key = self._make_key() if settings.customer_key else None

    def table(self, name: str, *, key: str, sort_key: str = "", expires_by: str = "", team: str = "") -> TableRef:
        """The table; its name in the account begins with the environment's prefix."""
        asked = AskedTable(name, key, sort_key, expires_by)
        check_table(self, asked, self._asked)
        if name not in self._tables:
            self._asked[name] = asked
            self._tables[name] = self._make_table(asked, team)
        full, table = f"{self.environment.prefix}-{name}", self._tables[name]
        return TableRef(
            name=Known(full, table.name),
            id=Known(f"arn:aws:dynamodb:{self.settings.region}:{self.settings.account_id}:table/{full}", table.arn),
            engine="dynamodb",
        )

    def client(
        self,
        name: str,
        *,
        namespace: str,
        service_account: str,
        scope: object,
        identity: Identity | None = None,
        reads: Sequence[TableRef] = (),
        writes: Sequence[TableRef] = (),
    ) -> KeyValueClient:
        """A role for the pods of one service account, and what brings them to it."""
        check_client(self, name)
        role = f"{self.environment.prefix}-{name}"
        if len(role) > LONGEST_ROLE:
            raise self.refuse(
                "contract/bad-name",
                f"role `{role}` has {len(role)} characters, and {LONGEST_ROLE} is the most",
                help="give the client a shorter name",
            )
        subject = f"system:serviceaccount:{namespace}:{service_account}"
        if self._subjects.setdefault(name, subject) != subject:
            raise self.refuse(
                "contract/other-form",
                f"client `{name}` is `{self._subjects[name]}`, and is asked for as `{subject}`",
                help="give one of the two another name; its role is its own",
            )
        if name not in self._roles:
            self._roles[name] = self._make_role(name, role, subject)
            self._open(name, namespace, scope)
        self._allow(name, reads, writes)
        return signed_in(name, f"arn:aws:iam::{self.settings.account_id}:role/{role}", self.settings.region)

    def _make_key(self) -> KmsKey:
        key = KmsKey(
            self,
            "tables",
            description=f"DynamoDB tables of {self.environment.prefix}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            tags=self.labels,
            lifecycle=Lifecycle(prevent_destroy=True) if self.environment.production else None,
        )
        KmsAlias(self, "tables", name=f"alias/{self.environment.prefix}-tables", target_key_id=key.key_id)
        return key

    def _make_table(self, asked: AskedTable, team: str) -> DynamodbTable:
        settings, production = self.settings, self.environment.production
        protected = production if settings.deletion_protection is None else settings.deletion_protection
        keys = [field for field in (asked.key, asked.sort_key) if field]
        return DynamodbTable(
            self,
            record_id(asked.name),
            name=f"{self.environment.prefix}-{asked.name}",
            billing_mode="PAY_PER_REQUEST",
            hash_key=asked.key,
            range_key=asked.sort_key or None,
            attribute=[{"name": field, "type": "S"} for field in keys],
            on_demand_throughput=self._limits(),
            point_in_time_recovery=[{"enabled": True, "recovery_period_in_days": settings.point_in_time_days}],
            server_side_encryption=[{"enabled": True, "kms_key_arn": self._key.arn}] if self._key else None,
            ttl=[{"attribute_name": asked.expires_by, "enabled": True}] if asked.expires_by else None,
            deletion_protection_enabled=protected,
            tags={**self.labels, **({"team": team} if team else {})},
            lifecycle=Lifecycle(prevent_destroy=True) if production else None,
        )

    def _limits(self) -> list[dict[str, int | None]] | None:
        reads, writes = self.settings.max_read_units, self.settings.max_write_units
        if reads is None and writes is None:
            return None
        return [{"max_read_request_units": reads, "max_write_request_units": writes}]

    def _make_role(self, name: str, role: str, subject: str) -> IamRole:
        issuer = str(self.compute.cluster().issuer).removeprefix("https://")
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": f"arn:aws:iam::{self.settings.account_id}:oidc-provider/{issuer}"},
            "Condition": {"StringEquals": {f"{issuer}:aud": AUDIENCE, f"{issuer}:sub": subject}},
        }
        return IamRole(
            self,
            record_id(name),
            name=role,
            description=f"Taken on by {subject} of {self.environment.name}",
            assume_role_policy=_policy([trust]),
            max_session_duration=TOKEN_SECONDS,
            tags=self.labels,
            depends_on=[self._trust],
        )

    def _allow(self, name: str, reads: Sequence[TableRef], writes: Sequence[TableRef]) -> None:
        """One policy for each role, with all that was ever asked; AWS refuses one that is empty."""
        held = self._tables_of.setdefault(name, {"reads": [], "writes": []})
        for kind, tables in (("reads", reads), ("writes", writes)):
            held[kind] += [str(table.id) for table in tables if str(table.id) not in held[kind]]
        if not any(held.values()):
            return
        policy = _policy([*self._statements(held)])
        if name in self._policies:
            self._policies[name].body["policy"] = policy
        else:
            role = self._roles[name].name
            self._policies[name] = IamRolePolicy(self, record_id(name), name="tables", role=role, policy=policy)

    def _statements(self, held: Mapping[str, list[str]]) -> Iterable[dict[str, Any]]:
        where = {"Condition": {"IpAddress": {"aws:SourceIp": list(self.settings.source_cidrs)}}}
        condition: dict[str, Any] = where if self.settings.source_cidrs else {}
        for kind, actions in (("reads", READS), ("writes", WRITES)):
            tables = held[kind]
            if tables:
                yield {
                    "Sid": kind.capitalize(),
                    "Effect": "Allow",
                    "Action": [f"dynamodb:{action}" for action in actions],
                    "Resource": [each for table in tables for each in (table, f"{table}/index/*")],
                    **condition,
                }
        if self._key is not None:
            yield {
                "Sid": "Key",
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:DescribeKey"],
                "Resource": [f"arn:aws:kms:{self.settings.region}:{self.settings.account_id}:key/*"],
                "Condition": {
                    "StringEquals": {"kms:ViaService": f"dynamodb.{self.settings.region}.amazonaws.com"},
                    "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{self.environment.prefix}-tables"},
                },
            }

    def _open(self, name: str, namespace: str, scope: object) -> None:
        if self.network_policy is None:
            return
        region = self.settings.region
        hosts = (
            () if self.settings.egress_cidrs else (f"dynamodb.{region}.amazonaws.com", f"sts.{region}.amazonaws.com")
        )
        self.network_policy.allow_egress(
            namespace, f"dynamodb-{name}", scope=scope, pods={}, hosts=hosts, cidrs=self.settings.egress_cidrs
        )


def _policy(statements: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
