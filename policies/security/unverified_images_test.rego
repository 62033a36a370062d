package rules.security.unverified_images_test

import data.lib.example
import data.rules.security.unverified_images

cluster(mode) := {"binary_authorization": [{"evaluation_mode": mode}]}

test_enforcement_is_allowed if {
	enforced := cluster("PROJECT_SINGLETON_POLICY_ENFORCE")
	count(unverified_images.violation) == 0 with input as example.written("google_container_cluster", enforced)
	strict := {"default_admission_rule": [{"evaluation_mode": "REQUIRE_ATTESTATION"}]}
	count(unverified_images.violation) == 0 with input as example.written("google_binary_authorization_policy", strict)
}

test_none_is_denied_in_production if {
	none := example.written("google_container_cluster", {})
	count(unverified_images.violation) == 1 with input as none
	count(unverified_images.violation) == 0 with input as object.union(none, {"facts": example.trial})
	count(unverified_images.violation) == 1 with input as example.planned(
		"google_container_cluster",
		cluster("DISABLED"), {},
	)
	loose := {"default_admission_rule": {"evaluation_mode": "ALWAYS_ALLOW"}}
	count(unverified_images.violation) == 1 with input as example.written("google_binary_authorization_policy", loose)
}
