package rules.control.public_service_test

import data.lib.example
import data.rules.control.public_service

service(type, annotations) := {
	"apiVersion": "v1",
	"kind": "Service",
	"metadata": {"name": "it", "namespace": "portal", "annotations": annotations},
	"spec": {"type": type},
}

test_a_cluster_service_is_allowed if {
	count(public_service.violation) == 0 with input as example.objects([service("ClusterIP", {})])
}

test_an_internal_one_is_allowed if {
	internal := service("LoadBalancer", {"networking.gke.io/load-balancer-type": "Internal"})
	count(public_service.violation) == 0 with input as example.review(internal)
}

test_a_public_one_is_denied if {
	count(public_service.violation) == 1 with input as example.objects([service("LoadBalancer", {})])
	count(public_service.violation) == 1 with input as example.review(service("LoadBalancer", {}))
}
