package rules.security.root_pod_test

import data.lib.example
import data.rules.security.root_pod

pod(whole, part) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"securityContext": whole, "containers": [{"name": "main", "securityContext": part}]},
}

test_another_user_is_allowed if {
	every object in [
		pod({"runAsNonRoot": true}, {}),
		pod({}, {"runAsNonRoot": true}),
		pod({"runAsNonRoot": false}, {"runAsNonRoot": true}),
		pod({"runAsUser": 1000}, {}),
	] {
		count(root_pod.violation) == 0 with input as example.objects([object])
		count(root_pod.violation) == 0 with input as example.review(object)
	}
}

test_root_is_denied if {
	every object in [
		pod({}, {}),
		pod({"runAsNonRoot": true}, {"runAsNonRoot": false}),
		pod({"runAsUser": 1000}, {"runAsUser": 0}),
	] {
		count(root_pod.violation) == 1 with input as example.objects([object])
		count(root_pod.violation) == 1 with input as example.review(object)
	}
}

test_a_pod_that_says_nothing_is_denied if {
	silent := {"kind": "Pod", "metadata": {"name": "it"}, "spec": {"containers": [{"name": "main"}]}}
	count(root_pod.violation) == 1 with input as example.objects([silent])
}
