package rules.security.unconfined_pod_test

import data.lib.example
import data.rules.security.unconfined_pod

pod(whole, part) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"securityContext": whole, "containers": [{"name": "main", "securityContext": part}]},
}

confined := {"seccompProfile": {"type": "RuntimeDefault"}}

unconfined := {"seccompProfile": {"type": "Unconfined"}}

test_a_profile_is_allowed if {
	every object in [pod(confined, {}), pod({}, confined), pod(unconfined, confined)] {
		count(unconfined_pod.violation) == 0 with input as example.objects([object])
	}
}

test_none_is_denied if {
	every object in [pod({}, {}), pod(confined, unconfined)] {
		count(unconfined_pod.violation) == 1 with input as example.objects([object])
		count(unconfined_pod.violation) == 1 with input as example.review(object)
	}
}
