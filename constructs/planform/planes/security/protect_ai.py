"""Protect AI's Guardian, which judges models by the organisation's security policies."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from pydantic import Field

from planform.contracts.model_scanning import ModelScanning, ScanGate
from planform.contracts.secrets import Secrets
from planform.files import File
from planform.planes.component import Component
from planform.planes.gate_script import gate_command, gate_dockerfile, gate_text
from planform.planes.security.image_name import ImageName
from planform.planes.step_secrets import in_step
from planform.spec.settings import Settings

__all__ = ["ProtectAi", "ProtectAiSettings"]

CREDENTIALS = {
    "GUARDIAN_API_CLIENT_ID": ("guardian-client-id", "Client id of Guardian's API, for the scans of models"),
    "GUARDIAN_API_CLIENT_SECRET": (
        "guardian-client-secret",
        "Client secret of Guardian's API, for the scans of models",
    ),
}
PACKAGES = ("guardian-client==2.1.0",)


class ProtectAiSettings(Settings):
    """Settings of `protect-ai`."""

    endpoint: str = Field(
        pattern=r"^https://[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(/[A-Za-z0-9._~-]+)*$",
        description="Address of Guardian's API, which Protect AI gives with an account.",
        examples=["https://acme.guardian.example/guardian"],
    )
    security_group: str = Field(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="UUID of the security group, which holds the rules that a model is judged by.",
        examples=["b6e0c35b-9f9b-4d3a-bd79-741dc99484c5"],
    )
    wait_minutes: int = Field(
        default=60, ge=1, le=600, description="Minutes to wait for a scan; then it is an error. Default: 60."
    )
    image: ImageName | None = Field(
        default=None,
        description="Image with Python and guardian-client, such as one built from the Dockerfile beside the gate."
        " Default: Python's own, in which a step installs the client first.",
        examples=["europe-west4-docker.pkg.dev/acme-ai-dev/platform/guardian-gate:2.1.0"],
    )


class ProtectAi(Component):
    """Guardian: a scan by Protect AI's service before a model is registered, and a verdict as a file.

    The gate runs the vendor's client and lets only the outcome PASS through: the client alone ends with 0 for a scan
    that ended in an error. Guardian reads the model from its address, so it must be let into the bucket by an
    arrangement with the vendor, and `{model}` is the folder's `gs://` address, not a local path.
    Protect AI belongs to Palo Alto Networks since July 2025, and the product is sold as Prisma AIRS AI Model Security,
    whose client (its own index, other credentials) is another one; this component is for accounts of Guardian.
    By hand: an account with a security group, an API client, and its id and secret put into the two secrets.

    Provides: ModelScanning; no format passes unseen.
    Requires: Secrets.
    Emits: a Dockerfile and the gate's program as files; the secrets guardian-client-id and guardian-client-secret,
    empty, in the store.
    Errors: contract/workflow.
    Source: package guardian-client 2.1.0 (exit codes 0 passed, 1 against policy, 2 error; --block-on-errors; the names
    of its variables), read 2026-11.
    """

    name = "protect-ai"
    capability = "model_scanning"
    provides = ModelScanning
    files_only = True
    Settings = ProtectAiSettings
    settings: ProtectAiSettings
    secrets: Secrets

    def build(self) -> None:
        self._secrets = {
            variable: self.secrets.secret(name, purpose=purpose) for variable, (name, purpose) in CREDENTIALS.items()
        }
        File(self, "guardian_gate.py", gate_text("guardian_gate"))
        File(self, "Dockerfile", gate_dockerfile(self, self.image("python"), PACKAGES))

    def gate(self) -> ScanGate:
        """A scan by the service."""
        settings = self.settings
        return ScanGate(
            image=settings.image or self.image("python"),
            command=gate_command(
                "guardian_gate", "--group", settings.security_group, "--minutes", str(settings.wait_minutes)
            ),
            packages=PACKAGES,
            variables={"GUARDIAN_API_ENDPOINT": settings.endpoint},
            secrets={variable: in_step(self, held) for variable, held in self._secrets.items()},
            hosts=(urlsplit(settings.endpoint).netloc,),
        )

    def safe_formats(self) -> Sequence[str]:
        """None: the service knows the formats, and its rules say what may pass."""
        return ()
