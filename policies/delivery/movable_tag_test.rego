package rules.delivery.movable_tag_test

import data.lib.example
import data.rules.delivery.movable_tag

image := "europe-west4-docker.pkg.dev/acme-prod/acme-prod-images/churn:1.2.0"

pod(name) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [{"name": "main", "image": name}]},
}

repository(settings) := object.union({"repository_id": "acme-prod-images", "project": "acme-prod"}, settings)

platform(name, settings) := object.union(
	example.written("google_artifact_registry_repository", repository(settings)),
	{"objects": example.objects([pod(name)]).objects},
)

test_a_tag_that_stays_is_allowed if {
	every form in [[{"immutable_tags": true}], {"immutable_tags": true}] {
		count(movable_tag.violation) == 0 with input as platform(image, {"docker_config": form})
	}
}

test_a_digest_is_allowed if {
	count(movable_tag.violation) == 0 with input as platform(concat("@", [image, "sha256:00"]), {})
}

test_what_is_kept_elsewhere_is_allowed if {
	every other in ["ghcr.io/acme/churn:1.2.0", "europe-west4-docker.pkg.dev/other/acme-prod-images/churn:1.2.0"] {
		count(movable_tag.violation) == 0 with input as platform(other, {})
	}
	count(movable_tag.violation) == 0 with input as platform(image, {"mode": "REMOTE_REPOSITORY"})
}

test_a_tag_that_moves_is_denied if {
	every settings in [{}, {"docker_config": [{"immutable_tags": false}]}, {"docker_config": {}}] {
		count(movable_tag.violation) == 1 with input as platform(image, settings)
	}
}

test_trying_is_allowed if {
	tried := object.union(platform(image, {}), {"facts": example.trial})
	count(movable_tag.violation) == 0 with input as tried
}
