"""The real terraform for tests: where its providers are, and what it says of a stack.

Providers are looked for where Terraform itself looks, and in plugin mirrors that machines keep for everybody; what
is found is named in a CLI configuration of our own, so that nothing is ever downloaded.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.tools import REQUIRED, absent

PROVIDERS = {
    "aws": ("hashicorp", "5.100.0"),
    "github": ("integrations", "6.12.1"),
    "google": ("hashicorp", "7.45.0"),
    "honeycombio": ("honeycombio", "0.51.0"),
    "humanitec": ("humanitec", "1.9.1"),
    "sonarqube": ("jdamata", "0.16.21"),
}
"""Namespace and version of the providers that judge."""
EVERYWHERE = ("aws",)
"""Those that must be there where every tier is required: a new machine can get the others from no package registry."""


def _mirrors() -> Iterator[Path]:
    """Folders that hold `registry.terraform.io/...`."""
    homes = [Path.home() / ".terraform.d" / "plugins", Path("/usr/local/share/terraform/plugins")]
    homes += [Path("/usr/share/terraform/plugins")]
    cache = os.environ.get("TF_PLUGIN_CACHE_DIR")
    homes += [Path(cache)] if cache else []
    for top in ("/opt", "/usr/local/share", "/usr/share"):
        homes += [path.parent for path in Path(top).glob("*/registry.terraform.io")]
    yield from (home for home in dict.fromkeys(homes) if home.is_dir())


@functools.cache
def configuration() -> Path:
    """A CLI configuration that installs from every mirror of this machine and from nowhere else."""
    blocks = [f'  filesystem_mirror {{ path = "{mirror}" }}' for mirror in _mirrors()]
    path = Path(tempfile.mkdtemp(prefix="planform-terraform-")) / "cli.tfrc"
    path.write_text("provider_installation {\n" + "\n".join(blocks) + "\n}\n")
    return path


@functools.cache
def opentofu_configuration() -> Path:
    """The same for OpenTofu, whose registry has the same providers under its own name."""
    folder = Path(tempfile.mkdtemp(prefix="planform-opentofu-"))
    for mirror in _mirrors():
        registry = mirror / "registry.terraform.io"
        for package in registry.glob("*/*/*/*"):
            place = folder / "registry.opentofu.org" / package.relative_to(registry)
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.symlink_to(package)
    path = folder / "cli.tfrc"
    path.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{folder}" }}\n}}\n')
    return path


def environment() -> dict[str, str]:
    """Variables that let providers plan without credentials or network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "GOOGLE_", "AWS_"))}
    return {
        **kept,
        "TF_CLI_CONFIG_FILE": str(configuration()),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "GOOGLE_OAUTH_ACCESS_TOKEN": "x",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "HONEYCOMB_API_KEY": "x",
        "HONEYCOMB_KEY_ID": "x",
        "HONEYCOMB_KEY_SECRET": "x",
        "HUMANITEC_TOKEN": "x",
        "HUMANITEC_ORG": "acme",
        "SONAR_TOKEN": "x",
        "TF_VAR_offline": "true",
    }


def terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run terraform in a folder."""
    return subprocess.run(
        ["terraform", *arguments], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )


@functools.cache
def provider_is_here(name: str) -> bool:
    """Whether `terraform init` finds a provider in the pinned version."""
    if shutil.which("terraform") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        namespace, version = PROVIDERS[name]
        required = {name: {"source": f"{namespace}/{name}", "version": version}}
        (Path(folder) / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
        return terraform(Path(folder), "init", "-input=false").returncode == 0


def need(*providers: str) -> None:
    """Skip, by name, where terraform or a provider is not here; where every tier is required, one may have to be."""
    if shutil.which("terraform") is None:
        absent("terraform is not on PATH")
    for name in providers:
        if not provider_is_here(name):
            reason = f"the provider {PROVIDERS[name][0]}/{name} {PROVIDERS[name][1]} is not on this machine"
            absent(reason) if name in EVERYWHERE else pytest.skip(reason)


@dataclass(frozen=True)
class Verdict:
    """What validate and plan said: problems of any severity, and how many resources the plan would create."""

    problems: tuple[str, ...]
    created: int


def judgeable(documents: Mapping[str, str]) -> dict[str, str]:
    """Those whose every provider is on this machine; what is left out is named."""
    kept = {}
    for name, text in documents.items():
        lacking = [each for each in json.loads(text)["terraform"]["required_providers"] if not provider_is_here(each)]
        if lacking:
            warnings.warn(f"{name} is not judged: {', '.join(lacking)} not on this machine", stacklevel=2)
            if REQUIRED:
                need(*(each for each in lacking if each in EVERYWHERE))
        else:
            kept[name] = text
    return kept


def judge(documents: Mapping[str, str], work: Path) -> dict[str, Verdict]:
    """Validate and plan documents one after another in one initialised folder, with state kept locally."""
    verdicts = {}
    (work / "backend_override.tf.json").write_text(json.dumps({"terraform": {"backend": {"local": {}}}}))
    for name, text in documents.items():
        (work / "cdk.tf.json").write_text(text)
        verdicts[name] = _judge(work)
    return verdicts


def plan(document: str, work: Path) -> dict[str, Any]:
    """The real plan of one document, as `terraform show -json` has it."""
    (work / "backend_override.tf.json").write_text(json.dumps({"terraform": {"backend": {"local": {}}}}))
    (work / "cdk.tf.json").write_text(document)
    offline = ("-input=false", "-lock=false", "-refresh=false", "-out=plan.bin")
    for arguments in (("init", "-input=false", "-reconfigure"), ("plan", *offline)):
        done = terraform(work, *arguments)
        assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(terraform(work, "show", "-json", "plan.bin").stdout)
    return found


def _judge(work: Path) -> Verdict:
    started = terraform(work, "init", "-input=false", "-reconfigure")
    if started.returncode:
        return Verdict((f"init: {started.stderr}",), 0)
    validated = json.loads(terraform(work, "validate", "-json").stdout)
    problems = [_text("validate", each) for each in validated["diagnostics"]]
    if not validated["valid"]:
        return Verdict(tuple(problems), 0)
    planned = terraform(work, "plan", "-input=false", "-lock=false", "-refresh=false", "-json")
    messages = [json.loads(line) for line in planned.stdout.splitlines() if line.startswith("{")]
    problems += [_text("plan", each["diagnostic"]) for each in messages if each.get("type") == "diagnostic"]
    created = sum(each["changes"]["add"] for each in messages if each.get("type") == "change_summary")
    return Verdict(tuple(problems), created)


def _text(stage: str, diagnostic: Mapping[str, Any]) -> str:
    return f"{stage}: {diagnostic['severity']}: {diagnostic['summary']}: {diagnostic.get('detail', '')}"
