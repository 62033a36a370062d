package rules.resource.unsigned_zone_test

import data.lib.example
import data.rules.resource.unsigned_zone

signed(algorithm) := {"dnssec_config": [{"state": "on", "default_key_specs": [{"algorithm": algorithm}]}]}

test_a_signed_zone_is_allowed if {
	count(unsigned_zone.violation) == 0 with input as example.written("google_dns_managed_zone", signed("rsasha256"))
}

test_a_private_zone_is_allowed if {
	private := {"visibility": "private"}
	count(unsigned_zone.violation) == 0 with input as example.written("google_dns_managed_zone", private)
}

test_an_unsigned_zone_is_denied if {
	count(unsigned_zone.violation) == 1 with input as example.written("google_dns_managed_zone", {})
	count(unsigned_zone.violation) == 1 with input as example.planned(
		"google_dns_managed_zone",
		{"visibility": "public", "dnssec_config": [{"state": "transfer"}]}, {},
	)
	count(unsigned_zone.violation) == 1 with input as example.written("google_dns_managed_zone", signed("rsasha1"))
}
