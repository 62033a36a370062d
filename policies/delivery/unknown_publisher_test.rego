package rules.delivery.unknown_publisher_test

import data.lib.example
import data.rules.delivery.unknown_publisher

pod(image) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [{"name": "main", "image": image}]},
}

test_what_was_chosen_is_allowed if {
	every image in [
		"europe-west4-docker.pkg.dev/acme/images/it:1",
		"registry.acme.example:5000/it:1",
		"ghcr.io/mlflow/mlflow:v3",
		"nginx:1.29",
	] {
		count(unknown_publisher.violation) == 0 with input as example.objects([pod(image)])
	}
}

test_others_are_denied if {
	every image in ["mlf1ow/mlflow:v3", "docker.io/own/it:1", "ghcr.io/kubef1ow/kfp-api-server:2.17.0"] {
		count(unknown_publisher.violation) == 1 with input as example.objects([pod(image)])
		count(unknown_publisher.violation) == 1 with input as example.review(pod(image))
	}
}
