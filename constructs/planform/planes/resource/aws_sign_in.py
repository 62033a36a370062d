"""How a pod of GKE signs in to AWS: its own token, made for AWS, and the variables that every SDK reads."""

from __future__ import annotations

from planform.contracts.key_value import KeyValueClient

__all__ = ["AUDIENCE", "TOKEN_SECONDS", "signed_in"]

AUDIENCE = "sts.amazonaws.com"
TOKEN_SECONDS = 3600
_FOLDER = "/var/run/secrets/aws"


def signed_in(client: str, role: str, region: str) -> KeyValueClient:
    """What the pods of a client need to take on a role.

    Source: AWS's reference of the variables that its SDKs share; Kubernetes' page on projected volumes. Read 2026-11.
    """
    token = {"audience": AUDIENCE, "expirationSeconds": TOKEN_SECONDS, "path": "token"}
    return KeyValueClient(
        variables={
            "AWS_REGION": region,
            "AWS_ROLE_ARN": role,
            "AWS_ROLE_SESSION_NAME": client,
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_WEB_IDENTITY_TOKEN_FILE": f"{_FOLDER}/token",
        },
        volumes=({"name": "aws-token", "projected": {"sources": [{"serviceAccountToken": token}]}},),
        mounts=({"name": "aws-token", "mountPath": _FOLDER, "readOnly": True},),
    )
