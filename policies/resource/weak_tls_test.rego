package rules.resource.weak_tls_test

import data.lib.example
import data.rules.resource.weak_tls

test_a_strict_policy_is_allowed if {
	strict := {"min_tls_version": "TLS_1_2", "profile": "MODERN"}
	count(weak_tls.violation) == 0 with input as example.written("google_compute_ssl_policy", strict)
	count(weak_tls.violation) == 0 with input as example.planned(
		"google_compute_target_https_proxy",
		{}, {"ssl_policy": true},
	)
}

test_no_policy_is_denied if {
	count(weak_tls.violation) == 1 with input as example.written("google_compute_target_https_proxy", {})
	count(weak_tls.violation) == 1 with input as example.planned("google_compute_region_target_https_proxy", {}, {})
}

test_a_loose_policy_is_denied if {
	count(weak_tls.violation) == 2 with input as example.written("google_compute_ssl_policy", {})
	loose := {"min_tls_version": "TLS_1_1", "profile": "MODERN"}
	count(weak_tls.violation) == 1 with input as example.planned("google_compute_region_ssl_policy", loose, {})
}
