package rules.security.wandering_secret_test

import data.lib.example
import data.rules.security.wandering_secret

type := "google_secret_manager_secret"

held(locations) := {"replication": [{"user_managed": [{"replicas": [{"location": place} | some place in locations]}]}]}

test_the_region_of_the_environment_is_allowed if {
	count(wandering_secret.violation) == 0 with input as example.written(type, held(["europe-west4"]))
}

test_other_places_are_denied if {
	abroad := held(["europe-west4", "us-east1"])
	count(wandering_secret.violation) == 1 with input as example.planned(type, abroad, {})
	count(wandering_secret.violation) == 1 with input as example.written(type, {"replication": {"auto": {}}})
	count(wandering_secret.violation) == 1 with input as example.planned(type, {"replication": [{"auto": [{}]}]}, {})
}
