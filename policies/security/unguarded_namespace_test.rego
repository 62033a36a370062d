package rules.security.unguarded_namespace_test

import data.lib.example
import data.rules.security.unguarded_namespace

namespace(name, labels) := {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}

level(name) := {"pod-security.kubernetes.io/enforce": name}

test_a_standard_is_allowed if {
	count(unguarded_namespace.violation) == 0 with input as example.objects([
		namespace("fraud", level("baseline")),
		namespace("kafka", level("restricted")),
		namespace("log-collector", level("privileged")),
	])
}

test_none_is_denied if {
	every object in [
		namespace("kafka", {}),
		namespace("fraud", level("privileged")),
		{"kind": "Namespace", "metadata": {"name": "bare"}},
	] {
		count(unguarded_namespace.violation) == 1 with input as example.objects([object])
	}
}
