package rules.resource.objects_in_state_test

import data.lib.example
import data.rules.resource.objects_in_state

test_other_resources_are_allowed if {
	count(objects_in_state.violation) == 0 with input as example.written("google_container_cluster", {})
}

test_objects_and_charts_are_denied if {
	every type in ["kubernetes_manifest", "kubernetes_namespace_v1", "helm_release", "kubectl_manifest"] {
		count(objects_in_state.violation) == 1 with input as example.written(type, {})
		count(objects_in_state.violation) == 1 with input as example.planned(type, {}, {})
	}
}
