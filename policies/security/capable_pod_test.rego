package rules.security.capable_pod_test

import data.lib.example
import data.rules.security.capable_pod

pod(capabilities) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [{"name": "main", "securityContext": {"capabilities": capabilities}}]},
}

test_none_is_allowed if {
	every capabilities in [{"drop": ["ALL"]}, {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}] {
		count(capable_pod.violation) == 0 with input as example.objects([pod(capabilities)])
	}
}

test_what_is_kept_or_added_is_denied if {
	every capabilities in [{}, {"drop": ["NET_RAW"]}, {"drop": ["ALL"], "add": ["SYS_ADMIN"]}] {
		count(capable_pod.violation) == 1 with input as example.objects([pod(capabilities)])
		count(capable_pod.violation) == 1 with input as example.review(pod(capabilities))
	}
}
