"""A new rule and its test, complete enough to be loaded, tested and described."""

from __future__ import annotations

__all__ = ["rule_text", "test_text"]

_IMPORTS = {"terraform": "tf", "kubernetes": "k8s", "file": "text"}
_BODIES = {
    "terraform": """violation contains tf.finding(bucket, "has no versions") if {
	some bucket in tf.resources("google_storage_bucket")
	not tf.is_on(bucket, ["versioning", "enabled"], false)
}
""",
    "kubernetes": """violation contains k8s.finding(pod.entry, "runs as root") if {
	some pod in k8s.pods
	object.get(pod.spec, ["securityContext", "runAsNonRoot"], false) != true
}
""",
    "file": """violation contains text.finding(file, "has no name") if {
	some file in text.workflows
	not file.content.name
}
""",
}
_TESTS = {
    "terraform": (
        'example.written("google_storage_bucket", {"versioning": [{"enabled": true}]})',
        'example.written("google_storage_bucket", {})',
    ),
    "kubernetes": (
        'example.objects([{"kind": "Pod", "metadata": {"name": "it"},'
        ' "spec": {"securityContext": {"runAsNonRoot": true}}}])',
        'example.objects([{"kind": "Pod", "metadata": {"name": "it"}, "spec": {}}])',
    ),
    "file": (
        'example.file("repository/.github/workflows/it.yaml", {"name": "it"})',
        'example.file("repository/.github/workflows/it.yaml", {"jobs": {}})',
    ),
}


def rule_text(id: str, subject: str) -> str:
    """The Rego of a rule; what it denies stands in for what is to be denied."""
    match = "#   match: workloads\n" if subject == "kubernetes" else ""
    return f"""# METADATA
# title: What is wrong, in a few words
# description: >-
#   Why it matters, in a sentence or two that somebody who was denied can use.
# custom:
#   id: {id}
#   severity: high
#   subject: {subject}
{match}#   remedy: the change to make, as one tells it to a colleague
#   frameworks: []
#   waivable: true
package rules.{_package(id)}

import data.lib.{_IMPORTS[subject]}

{_BODIES[subject]}"""


def test_text(id: str, subject: str) -> str:
    """The Rego of its test."""
    name = _package(id).rpartition(".")[2]
    passing, failing = _TESTS[subject]
    return f"""package rules.{_package(id)}_test

import data.lib.example
import data.rules.{_package(id)}

test_what_is_right_is_allowed if {{
	count({name}.violation) == 0 with input as {passing}
}}

test_what_is_wrong_is_denied if {{
	count({name}.violation) == 1 with input as {failing}
}}
"""


def _package(id: str) -> str:
    return id.replace("/", ".").replace("-", "_")
