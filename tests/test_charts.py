"""The values of charts are what the charts themselves take: rendered by Helm, the same twice, valid for Kubernetes.

Charts come from the Go modules that carry them; those of others are named here and go unrendered.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate as judge
import pytest
import yaml

from planform.kubernetes import to_yaml
from planform.kubernetes.record import HelmRelease, holders
from planform.pipeline import build, specs_of
from tests.admission import images_of, is_let_in
from tests.tools import go_module, tool

ROOT = Path(__file__).resolve().parent.parent
KUBERNETES = "1.35"
CHARTS = {
    "external-secrets": ("github.com/external-secrets/external-secrets@v1.3.2", "deploy/charts/external-secrets"),
    "gatekeeper": ("github.com/open-policy-agent/gatekeeper/v3@v3.23.1", "charts/gatekeeper"),
    "kubeflow-trainer": ("github.com/kubeflow/trainer/v2@v2.3.0", "charts/kubeflow-trainer"),
    "kueue": ("sigs.k8s.io/kueue@v0.19.2", "charts/kueue"),
}
"""Chart to the Go module and the folder in it that has the chart: the newest that the module proxy has of each."""
NOT_HERE = {
    "argo-workflows",
    "backstage",
    "jupyterhub",
    "keda",
    "kuberay-operator",
    "opentelemetry-collector",
    "sonarqube",
    "strimzi-kafka-operator",
}
"""Charts of the reference that no package registry of ours has."""
STAGING, RELEASED = "us-central1-docker.pkg.dev/k8s-staging-images/", "registry.k8s.io/"
"""Where the sources of a chart of Kubernetes' own name images, and where a released chart does."""
pytestmark = pytest.mark.go


@functools.cache
def releases() -> tuple[HelmRelease, ...]:
    """What the reference installs, in every environment."""
    app = build(specs_of(ROOT / "blueprints" / "reference"))
    return tuple(release for _, objects in holders(app) for release in objects.releases)


def chart(name: str, work: Path) -> Path:
    """A copy of a chart without the charts that it depends on, which are not beside it."""
    module, path = CHARTS[name]
    place = work / name
    shutil.copytree(go_module(module) / path, place, copy_function=shutil.copyfile)
    for each in (place, *place.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
    facts = yaml.safe_load((place / "Chart.yaml").read_text())
    facts.pop("dependencies", None)
    (place / "Chart.yaml").write_text(yaml.safe_dump(facts))
    return place


def render(release: HelmRelease, place: Path, work: Path) -> subprocess.CompletedProcess[str]:
    values = work / "values.yaml"
    values.write_text(to_yaml(release.values))
    command = [tool("helm"), "template", release.name, place, "--namespace", release.namespace, "-f", values]
    command += ["--kube-version", f"{KUBERNETES}.0", "--api-versions", "policy/v1/PodDisruptionBudget"]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=60)


def documents(text: str) -> Iterator[dict[str, Any]]:
    yield from (each for each in yaml.safe_load_all(text) if each)


@pytest.mark.parametrize("name", CHARTS)
def test_values_render_alike_twice_and_are_valid(name: str, tmp_path: Path) -> None:
    place = chart(name, tmp_path)
    found = [release for release in releases() if release.chart.name == name]
    assert found
    for release in found:
        first, second = render(release, place, tmp_path), render(release, place, tmp_path)
        assert first.returncode == 0, first.stderr
        assert first.stdout == second.stdout
        made = list(documents(first.stdout))
        assert len(made) > 3
        for each in made:
            try:
                judge.validate(each, KUBERNETES)
            except judge.SchemaNotFoundError:
                continue  # a custom resource, or its definition
        images = {image.replace(STAGING, RELEASED) for each in made for image in images_of(each)}
        assert {image for image in images if not is_let_in(image, release.chart.images)} == set()


def test_helm_refuses_values_that_the_chart_does_not_take(tmp_path: Path) -> None:
    place = chart("kueue", tmp_path)
    (release,) = [each for each in releases() if each.chart.name == "kueue"][:1]
    release.values = {**release.values, "controllerManager": "none"}
    assert render(release, place, tmp_path).returncode != 0
    releases.cache_clear()


def test_every_chart_is_rendered_or_known_not_to_be_here() -> None:
    used = {release.chart.name for release in releases()}
    assert used == CHARTS.keys() | NOT_HERE
