"""Kubernetes objects: what is refused, how they are written, in what order they are delivered."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from planform.blueprint.read import read_text
from planform.diagnostics import DiagnosticError
from planform.engine import App, Construct, TerraformStack
from planform.kubernetes import HelmRelease, KubernetesObject, Manifests, Step, charts, objects_of, order, parts_of
from planform.kubernetes.charts import lock
from planform.kubernetes.delivery import waves
from planform.kubernetes.writer import to_yaml
from planform.output.manifests import files_of, manifests
from planform.terraform.expression import Known
from planform.terraform.google import StorageBucket


def stack() -> TerraformStack:
    return TerraformStack(App(), "acme-dev-resource")


def refused(*arguments: Any, **body: Any) -> dict[str, str]:
    """Code to summary of what making an object raises."""
    with pytest.raises(DiagnosticError) as caught:
        KubernetesObject(stack(), *arguments, **body)
    return {each.code: each.summary for each in caught.value.diagnostics}


class Held(Construct):
    """What carries manifests as a component does."""

    def __init__(self, scope: Any, id: str) -> None:
        super().__init__(scope, id)
        self.manifests = Manifests("dev", "resource", id)


# Records


def test_an_object_is_written_as_kubernetes_reads_it() -> None:
    made = KubernetesObject(
        stack(), "v1", "ConfigMap", "settings", namespace="ml", labels={"b": "2", "a": "on"}, data={"x": "1", "y": None}
    )
    assert to_yaml(made.document) == (
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: ml\n  labels:\n    a: "on"\n'
        '    b: "2"\ndata:\n  x: "1"\n'
    )


@pytest.mark.parametrize(
    ("kind", "name", "fine"),
    [
        ("Namespace", "a" * 63, True),
        ("Namespace", "a" * 64, False),
        ("Namespace", "a.b", False),
        ("ConfigMap", "a.b-1", True),
        ("ConfigMap", "a..b", False),
        ("ConfigMap", "A", False),
        ("ConfigMap", "-a", False),
        ("ConfigMap", "a" * 253, True),
        ("ConfigMap", "a" * 254, False),
        ("ConfigMap", "", False),
    ],
)
def test_names_follow_kubernetes_rules(kind: str, name: str, fine: bool) -> None:
    if fine:
        assert KubernetesObject(stack(), "v1", kind, name).name == name
    else:
        assert set(refused("v1", kind, name)) == {"kubernetes/bad-name"}


def test_access_rules_have_freer_names() -> None:
    group = "rbac.authorization.k8s.io/v1"
    assert KubernetesObject(stack(), group, "ClusterRole", "system:reader").name == "system:reader"
    assert set(refused(group, "ClusterRole", "a/b")) == {"kubernetes/bad-name"}


@pytest.mark.parametrize(
    "labels",
    [{"a": "x" * 64}, {"a": "-x"}, {"a": "x y"}, {"A B": "x"}, {"Example.com/a": "x"}, {"/a": "x"}, {"a": 1}, {1: "a"}],
)
def test_labels_follow_kubernetes_rules(labels: Any) -> None:
    assert set(refused("v1", "Namespace", "ml", labels=labels)) == {"kubernetes/bad-label"}


def test_all_faults_of_an_object_are_told_at_once() -> None:
    found = refused("V1", "configmap", "A", namespace="B.", labels={"a": "!"}, data={"x": object()})
    assert set(found) == {"kubernetes/bad-name", "kubernetes/bad-label", "kubernetes/bad-value"}


def test_a_secret_goes_by_reference_only() -> None:
    assert set(refused("v1", "Secret", "s", stringData={"password": "x"})) == {"kubernetes/secret-with-data"}
    token = "ghp_" + "a" * 36
    assert set(refused("v1", "ConfigMap", "c", data={"x": token})) == {"kubernetes/secret-with-data"}
    assert KubernetesObject(stack(), "v1", "Secret", "s", type="Opaque").body == {"type": "Opaque"}


def test_values_of_terraform_are_refused_and_known_ones_are_text() -> None:
    scope = stack()
    bucket = StorageBucket(scope, "b", name="acme", location="EU")
    assert set(refused("v1", "ConfigMap", "c", data={"x": bucket.url})) == {"kubernetes/terraform-value"}
    made = KubernetesObject(scope, "v1", "ConfigMap", "c", data={"x": Known("acme", bucket.name), "y": "${danger}"})
    assert made.body == {"data": {"x": "acme", "y": "${danger}"}}
    assert type(made.body["data"]["x"]) is str


def test_an_object_is_there_once_in_a_stack() -> None:
    scope = stack()
    KubernetesObject(scope, "networking.k8s.io/v1", "NetworkPolicy", "deny", namespace="a")
    KubernetesObject(scope, "networking.k8s.io/v1", "NetworkPolicy", "deny", namespace="b")
    KubernetesObject(scope, "other.example/v1", "NetworkPolicy", "deny", namespace="a")
    with pytest.raises(DiagnosticError) as caught:
        KubernetesObject(scope, "networking.k8s.io/v1beta1", "NetworkPolicy", "deny", namespace="a")
    (fault,) = caught.value.diagnostics
    assert fault.code == "kubernetes/duplicate-object"
    assert "tests/test_kubernetes.py:" in fault.notes[0]
    assert len(objects_of(scope)) == 3


def test_records_need_no_terraform_stack() -> None:
    app = App()
    KubernetesObject(Held(Construct(app, "outside"), "kueue"), "v1", "Namespace", "ml")
    assert list(manifests(app)) == ["kubernetes/dev/resource/kueue/namespace-ml.yaml"]


def test_charts_come_from_the_lock_file_alone() -> None:
    release = HelmRelease(stack(), "kueue", chart="kueue", namespace="kueue-system", values={"a": None, "b": [1]})
    assert release.chart == charts()["kueue"]
    assert release.values == {"b": [1]}
    with pytest.raises(DiagnosticError, match="did you mean `kueue`"):
        HelmRelease(stack(), "kueue", chart="keue", namespace="kueue-system")


def test_the_lock_file_is_pinned_and_says_where_from() -> None:
    for chart in charts().values():
        assert chart.source.startswith("https://")
        assert chart.read > "2026"
        assert list(chart.api_groups) == sorted(set(chart.api_groups))
        assert list(chart.images) == sorted(set(chart.images))
    with pytest.raises(ValueError, match="no exact version"):
        lock(
            "a: {repository: https://x.example, chart: a, version: 1.x, api_groups: [], images: [], source: s, read: d}"
        )


# Files


def test_files_are_named_by_kind_and_name_and_told_apart() -> None:
    scope = Held(stack(), "kueue")
    for version, kind, name, namespace in (
        ("v1", "Namespace", "ml", None),
        ("v1", "ConfigMap", "c", "a"),
        ("v1", "ConfigMap", "c", "b"),
        ("x.example/v1", "Topology", "t", None),
        ("y.example/v1", "Topology", "t", None),
        ("rbac.authorization.k8s.io/v1", "Role", "a:b", "ml"),
    ):
        KubernetesObject(scope, version, kind, name, namespace=namespace)
    assert [path.removeprefix("kubernetes/dev/resource/kueue/") for path in files_of(objects_of(scope))] == [
        "configmap-c-a.yaml",
        "configmap-c-b.yaml",
        "namespace-ml.yaml",
        "role-a_b.yaml",
        "topology-t-x.example.yaml",
        "topology-t-y.example.yaml",
    ]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TRICKY = st.sampled_from(
    [
        *"ynYN~-?:,&*!|>'\"%@`#{}[]=",
        "<<",
        "yes",
        "No",
        "ON",
        "off",
        "true",
        "Null",
        "1e3",
        "1_000",
        "0o17",
        "0x1f",
        "1:30",
        "1.10",
        "+1",
        ".5",
        ".inf",
        ".nan",
        "2026-11-21",
        "a: b",
        "a #b",
        " a",
        "a ",
        "a\n",
        "\n",
        "a\n\nb",
        "a\n b\n",
        " a\nb",
        "\ta\nb",
        "a\tb\n\tc",
        "a\u2028b\nc",
        "---",
        "...",
        "- a",
        "a:",
        ":a",
        "é",
        "😀",
        "\x85",
        "\ufeff",
        "a\r\nb",
        "null",
        "nan",
        "-",
        "--flag=1",
        "12345678901234567890",
        "0123",
        "a\nb\n\n",
        "{{ .x }}",
        "${x}",
        "%{x}",
        "*/5 * * * *",
    ]
)
SCALARS = st.one_of(
    TEXT,
    TRICKY,
    st.booleans(),
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(TEXT, TRICKY), inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(st.one_of(TEXT, TRICKY), VALUES, max_size=5))
def test_written_yaml_is_read_back_the_same(value: dict[str, Any]) -> None:
    text = to_yaml(value)
    assert yaml.safe_load(text) == value
    assert same_types(yaml.safe_load(text), value)


def same_types(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return isinstance(right, dict) and all(same_types(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return isinstance(right, list) and all(map(same_types, left, right))
    return type(left) is type(right)


WORDS = st.one_of(TRICKY, st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=20))


@given(st.lists(WORDS, max_size=6))
def test_a_strict_reader_takes_every_text_for_text(texts: list[str]) -> None:
    shown = [each for each in texts if each.isprintable() or set(each) <= set("\n\tab c.")]
    (document,) = read_text(to_yaml({"texts": shown}) if shown else "texts: []\n")
    assert document.value == {"texts": shown}


# Order


def test_a_kind_comes_after_its_chart_and_a_component_after_what_it_needs() -> None:
    scope = stack()
    queue, user, policy = (Held(scope, each) for each in ("kueue", "trainer", "gatekeeper"))
    HelmRelease(queue, "kueue", chart="kueue", namespace="kueue-system")
    KubernetesObject(queue, "kueue.x-k8s.io/v1beta2", "Cohort", "ml")
    HelmRelease(policy, "gatekeeper", chart="gatekeeper", namespace="gatekeeper-system")
    KubernetesObject(policy, "v1", "ConfigMap", "c", namespace="gatekeeper-system")
    KubernetesObject(user, "kueue.x-k8s.io/v1beta2", "LocalQueue", "q", namespace="ml")
    needs = {"resource/trainer": ["resource/silent"], "resource/silent": ["resource/gatekeeper"]}
    steps = order(parts_of(objects_of(scope).delivered, needs))
    assert list(steps) == [
        Step("resource/gatekeeper"),
        Step("resource/kueue", "kueue"),
        Step("resource/gatekeeper", "gatekeeper"),
        Step("resource/kueue"),
        Step("resource/trainer"),
    ]
    assert steps[Step("resource/kueue")] == (Step("resource/kueue", "kueue"),)
    assert Step("resource/gatekeeper", "gatekeeper") in steps[Step("resource/trainer")]
    assert waves(steps)[Step("resource/trainer")] == 2


def test_a_need_gives_way_to_a_kind_that_must_be_defined_first() -> None:
    scope = stack()
    one, two = Held(scope, "one"), Held(scope, "two")
    KubernetesObject(one, "kueue.x-k8s.io/v1beta2", "Cohort", "ml")
    HelmRelease(two, "kueue", chart="kueue", namespace="kueue-system")
    steps = order(parts_of(objects_of(scope).delivered, {"resource/two": ["resource/one"]}))
    assert steps == {Step("resource/two", "kueue"): (), Step("resource/one"): (Step("resource/two", "kueue"),)}
