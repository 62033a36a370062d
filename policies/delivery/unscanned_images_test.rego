package rules.delivery.unscanned_images_test

import data.lib.example
import data.rules.delivery.unscanned_images

type := "google_artifact_registry_repository"

repository(format, scanning) := {
	"format": format,
	"vulnerability_scanning_config": [{"enablement_config": scanning}],
}

test_scanned_is_allowed if {
	count(unscanned_images.violation) == 0 with input as example.written(type, repository("DOCKER", "INHERITED"))
}

test_what_holds_no_images_is_allowed if {
	virtual := object.union(repository("DOCKER", "DISABLED"), {"mode": "VIRTUAL_REPOSITORY"})
	count(unscanned_images.violation) == 0 with input as example.written(type, virtual)
	count(unscanned_images.violation) == 0 with input as example.written(type, repository("KFP", "DISABLED"))
}

test_unscanned_is_denied if {
	count(unscanned_images.violation) == 1 with input as example.planned(type, repository("DOCKER", "DISABLED"), {})
}
