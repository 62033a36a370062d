package rules.resource.unbounded_pod_test

import data.lib.example
import data.rules.resource.unbounded_pod

pod(resources) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [{"name": "main", "resources": resources}]},
}

bounded := {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}

test_bounded_is_allowed if {
	count(unbounded_pod.violation) == 0 with input as example.objects([pod(bounded)])
}

test_unbounded_is_denied_everywhere if {
	count(unbounded_pod.violation) == 3 with input as example.objects([pod({})])
	count(unbounded_pod.violation) == 3 with input as example.review(pod({}))
}
