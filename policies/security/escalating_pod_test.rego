package rules.security.escalating_pod_test

import data.lib.example
import data.rules.security.escalating_pod

pod(context) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [object.union({"name": "main"}, context)]},
}

test_a_container_that_stays_as_it_is_is_allowed if {
	stays := pod({"securityContext": {"allowPrivilegeEscalation": false}})
	count(escalating_pod.violation) == 0 with input as example.objects([stays])
}

test_one_that_may_gain_rights_is_denied if {
	every context in [{}, {"securityContext": {}}, {"securityContext": {"allowPrivilegeEscalation": true}}] {
		count(escalating_pod.violation) == 1 with input as example.objects([pod(context)])
		count(escalating_pod.violation) == 1 with input as example.review(pod(context))
	}
}
