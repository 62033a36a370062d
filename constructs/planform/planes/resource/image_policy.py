"""Which images a cluster runs: the Binary Authorization policy of its project.

Allowed are the environment's own registry, what planform's components and charts run, Google's own system images, and
what the blueprint adds. All else is denied, in production; elsewhere it runs and stands in the audit log.
Source: provider page of google_binary_authorization_policy 7.45.0; Google's policy YAML reference, read 2026-11-26:
a pattern matches the image as the pod names it, `*` no further than the next slash and `**` below it, at the end only.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from planform.engine import Construct
from planform.kubernetes.charts import charts
from planform.kubernetes.images import images
from planform.spec.environment import Environment
from planform.spec.settings import Settings
from planform.terraform.google import BinaryAuthorizationPolicy

__all__ = ["ImagePattern", "ImagePolicy", "image_policy"]

ImagePattern = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*/([A-Za-z0-9._:@-]+\*{0,2}|\*{1,2})$", max_length=400
    ),
    Field(examples=["ghcr.io/acme/**"]),
]


class ImagePolicy(Settings):
    """What the project's Binary Authorization policy says; a project has one."""

    managed: bool = Field(
        default=True, description="Write the policy; off where somebody else writes the project's. Default: on."
    )
    allow: tuple[ImagePattern, ...] = Field(
        default=(),
        description="Images to run besides those of the environment's registry, of Google's system and of planform's"
        " own components and charts; `*` at the end stands for what has no slash, `**` for all below. Default: none.",
    )
    enforce: bool | None = Field(
        default=None,
        description="Refuse all other images, instead of only telling of them in the audit log."
        " Default: in production.",
    )


def image_policy(scope: Construct, id: str, settings: ImagePolicy, environment: Environment) -> None:
    """The policy. Deleted, it would let every image in: in production it stays when Terraform lets go of it."""
    enforce = environment.production if settings.enforce is None else settings.enforce
    arguments: dict[str, Any] = {}
    if environment.production:
        arguments["deletion_policy"] = "ABANDON"
    BinaryAuthorizationPolicy(
        scope,
        id,
        description="Images of the platform's registry, and of the publishers that its components come from",
        global_policy_evaluation_mode="ENABLE",
        admission_whitelist_patterns=[{"name_pattern": each} for each in _patterns(settings, environment)],
        default_admission_rule=[
            {
                "evaluation_mode": "ALWAYS_DENY",
                "enforcement_mode": "ENFORCED_BLOCK_AND_AUDIT_LOG" if enforce else "DRYRUN_AUDIT_LOG_ONLY",
            }
        ],
        **arguments,
    )


def _patterns(settings: ImagePolicy, environment: Environment) -> list[str]:
    """Of the whole catalogue, not of what is installed: a swapped component leaves the cluster's stack as it is."""
    own = f"{environment.region}-docker.pkg.dev/{environment.project}/**"
    named = {f"{each.repository}*" for each in images().values()}
    published = {pattern for chart in charts().values() for pattern in chart.images}
    return list(dict.fromkeys((own, *settings.allow, *sorted(named | published))))
