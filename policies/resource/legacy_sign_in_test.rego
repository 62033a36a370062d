package rules.resource.legacy_sign_in_test

import data.lib.example
import data.rules.resource.legacy_sign_in

test_the_defaults_are_allowed if {
	count(legacy_sign_in.violation) == 0 with input as example.written("google_container_cluster", {})
	off := {"enable_legacy_abac": null, "master_auth": [{"client_certificate_config": [{"issue_client_certificate": null}]}]}
	count(legacy_sign_in.violation) == 0 with input as example.planned("google_container_cluster", off, {})
}

test_each_old_way_in_is_denied if {
	every cluster in [
		{"enable_legacy_abac": true},
		{"master_auth": [{"client_certificate_config": [{"issue_client_certificate": true}]}]},
		{"rbac_binding_config": {"enable_insecure_binding_system_unauthenticated": true}},
	] {
		count(legacy_sign_in.violation) == 1 with input as example.written("google_container_cluster", cluster)
		count(legacy_sign_in.violation) == 1 with input as example.planned("google_container_cluster", cluster, {})
	}
}
