"""What a blueprint may say about Backstage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from planform.spec.fault import Fault
from planform.spec.settings import Settings
from planform.spec.units import Cidr, ImageReference, KebabName

__all__ = ["BackstageSettings", "GatewaySettings", "address_faults"]

Host = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", max_length=253)
]


class GatewaySettings(Settings):
    """The Gateway that people reach the portal through."""

    proxy_cidr: Cidr = Field(
        description="Range that the load balancer's proxies call from: the network's proxy-only subnetwork.",
        examples=["10.0.16.0/23"],
    )
    certificate: KebabName | None = Field(
        default=None,
        description="Certificate of Certificate Manager in the environment's region, for the host; an internal Gateway"
        " is then made for the portal. Default: none, so `name` says which Gateway there is.",
        examples=["portal"],
    )
    name: KebabName | None = Field(
        default=None, description="A Gateway that is in the cluster already. Default: none, one is made.",
        examples=["internal"],
    )  # fmt: skip
    namespace: KebabName = Field(
        default="gateway-system",
        description="Namespace of that Gateway, which must take routes of the namespace backstage."
        " Default: gateway-system.",
    )
    listener: KebabName = Field(default="https", description="Name of its listener. Default: https.")


class BackstageSettings(Settings):
    """Settings of `backstage`."""

    host: Host = Field(description="Host name that people open the portal by.", examples=["portal.acme.example"])
    title: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,&'-]{0,63}$",
        description="What the portal calls itself. Default: the platform's name.",
        examples=["Acme AI"],
    )
    image: ImageReference | None = Field(
        default=None,
        description="The platform's own build of Backstage. Default: `backstage` at `version` in the repository"
        " `portal` of the platform's registry.",
    )
    version: str = Field(
        default="1.47.0",
        pattern=r"^[0-9A-Za-z_][0-9A-Za-z._-]{0,127}$",
        description="Tag of the image in the platform's registry. Default: 1.47.0, a release of Backstage.",
    )
    sign_in: Literal["github", "iap"] = Field(
        default="github",
        description="How people sign in: `github` by OAuth, `iap` by the Identity-Aware Proxy in front of the Gateway."
        " Default: github.",
    )
    iap_audience: str | None = Field(
        default=None,
        pattern=r"^/projects/[0-9]+/(global|locations/[a-z0-9-]+)/backendServices/[0-9]+$",
        description="For iap: the audience that the proxy signs for, which has the number of the backend service."
        " Default: none; `gcloud compute backend-services list` has it once the Gateway is up.",
        examples=["/projects/111111111111/global/backendServices/4815162342"],
    )
    github_organization: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?$",
        description="GitHub organisation whose members are the portal's users and whose repositories are searched for"
        " catalog-info.yaml. Default: the owner of the platform's repository, where `version_control` knows it.",
        examples=["acme"],
    )
    github_cidrs: tuple[Cidr, ...] = Field(
        default=(),
        description="Address ranges of GitHub that the portal may reach, for network policies that know no host names."
        " Default: none; it may reach GitHub by its host names.",
        examples=[["140.82.112.0/20"]],
    )
    teams_from_github: bool = Field(
        default=False,
        description="Whether groups are the GitHub teams of the same names, with their members, and planform writes"
        " none. Default: off.",
    )
    catalog_url: str | None = Field(
        default=None,
        pattern=r"^https://[a-z0-9.-]+(/[A-Za-z0-9._~@+-]+)+$",
        description="Where the portal reads the catalog that planform writes. Default:"
        " `portal/<environment>/catalog-info.yaml` in the platform's repository on GitHub, as `version_control` or"
        " `gitops` knows it.",
        examples=["https://github.com/acme/ai-platform/blob/main/portal/dev/catalog-info.yaml"],
    )
    gateway: GatewaySettings | None = Field(
        default=None,
        description="How people reach the portal. Default: not at all from outside of the cluster; `kubectl"
        " port-forward` shows it.",
    )
    metrics_port: int = Field(
        default=9464,
        ge=1024,
        le=65535,
        description="Port of the image's Prometheus exporter, scraped where the platform has monitoring. Default: 9464,"
        " OpenTelemetry's own.",
    )


def address_faults(settings: BackstageSettings) -> Iterator[Fault]:
    """What cannot be reached as it is written."""
    gateway = settings.gateway
    if gateway is not None and gateway.name is None and gateway.certificate is None:
        yield Fault(
            "spec/portal-address",
            "a Gateway of the portal's own has no certificate",
            ("gateway",),
            help="add `certificate:` with the name of a certificate, or `name:` with that of a Gateway that is there",
        )
    if gateway is not None and gateway.name is not None and gateway.certificate is not None:
        yield Fault(
            "spec/unused-setting",
            "a Gateway that is there brings its own certificate",
            ("gateway", "certificate"),
            help="delete the line, or `name`",
        )
    if settings.sign_in == "iap" and (gateway is None or settings.iap_audience is None):
        missing = "`iap_audience`" if gateway is not None else "`gateway`"
        yield Fault(
            "spec/portal-address",
            f"people sign in by Identity-Aware Proxy, and {missing} is not written",
            ("sign_in",),
            help=f"add {missing}, or delete the line to sign in by GitHub",
        )
    if settings.sign_in == "github" and settings.iap_audience is not None:
        yield Fault(
            "spec/unused-setting",
            "`iap_audience` says nothing where people sign in by GitHub",
            ("iap_audience",),
            help="delete the line, or write `sign_in: iap`",
        )
