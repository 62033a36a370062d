package rules.delivery.mutable_image_test

import data.lib.example
import data.rules.delivery.mutable_image

pod(image) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [{"name": "main", "image": image}]},
}

chart(image) := {
	"apiVersion": "configsync.gke.io/v1beta1",
	"kind": "RootSync",
	"metadata": {"name": "it"},
	"spec": {"helm": {"chart": "keda", "version": "1.0.0", "values": {"server": {"image": image}}}},
}

test_a_version_is_allowed if {
	every image in ["ghcr.io/a/b:1.2.0", "localhost:5000/a/b@sha256:00", "a/b:latest@sha256:00", "a/b:3f0d1c"] {
		count(mutable_image.violation) == 0 with input as example.objects([pod(image)])
	}
}

test_what_moves_is_denied if {
	every image in ["nginx", "localhost:5000/a/b", "ghcr.io/a/b:latest", "ghcr.io/a/b:stable", "ghcr.io/a/b:prod"] {
		count(mutable_image.violation) == 1 with input as example.objects([pod(image)])
		count(mutable_image.violation) == 1 with input as example.review(pod(image))
	}
}

test_the_environments_own_tag_is_for_trying if {
	tried := object.union(
		example.objects([pod("ghcr.io/a/b:prod")]),
		{"facts": {"environments": {"prod": {"production": false}}}},
	)
	count(mutable_image.violation) == 0 with input as tried
	moving := object.union(tried, example.objects([pod("ghcr.io/a/b:dev")]))
	count(mutable_image.violation) == 1 with input as moving
}

test_what_a_chart_is_told_is_judged if {
	every image in [{"repository": "a/b", "tag": "1.2.0"}, {"name": "a/b", "tag": "main", "digest": "sha256:00"}, {"name": "b"}] {
		count(mutable_image.violation) == 0 with input as example.objects([chart(image)])
	}
	every image in [{"repository": "a/b", "tag": "latest"}, {"name": "a/b", "tag": "main"}] {
		count(mutable_image.violation) == 1 with input as example.objects([chart(image)])
	}
}
