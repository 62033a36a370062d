package rules.delivery.mutable_image_test

import data.lib.example
import data.rules.delivery.mutable_image

pod(image) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [{"name": "main", "image": image}]},
}

test_a_version_is_allowed if {
	every image in ["ghcr.io/a/b:1.2.0", "localhost:5000/a/b@sha256:00", "a/b:latest@sha256:00"] {
		count(mutable_image.violation) == 0 with input as example.objects([pod(image)])
	}
}

test_what_moves_is_denied if {
	every image in ["nginx", "localhost:5000/a/b", "ghcr.io/a/b:latest"] {
		count(mutable_image.violation) == 1 with input as example.objects([pod(image)])
		count(mutable_image.violation) == 1 with input as example.review(pod(image))
	}
}
