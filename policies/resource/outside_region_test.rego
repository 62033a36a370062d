package rules.resource.outside_region_test

import data.lib.example
import data.rules.resource.outside_region

test_the_region_and_its_zones_are_allowed if {
	every place in ["europe-west4", "EUROPE-WEST4", "europe-west4-a", "global", "${google_container_cluster.c.location}"] {
		count(outside_region.violation) == 0 with input as example.written("google_x", {"location": place})
	}
}

test_elsewhere_is_denied if {
	every place in ["us-central1", "US-CENTRAL1", "europe-west40", "us-central1-a"] {
		count(outside_region.violation) == 1 with input as example.written("google_x", {"location": place})
		count(outside_region.violation) == 1 with input as example.planned("google_x", {"region": place}, {})
	}
}
