package rules.resource.open_cache_test

import data.lib.example
import data.rules.resource.open_cache

test_a_closed_cache_is_allowed if {
	redis := {"auth_enabled": true, "transit_encryption_mode": "SERVER_AUTHENTICATION"}
	count(open_cache.violation) == 0 with input as example.written("google_redis_instance", redis)
	valkey := {"authorization_mode": "IAM_AUTH", "transit_encryption_mode": "SERVER_AUTHENTICATION"}
	count(open_cache.violation) == 0 with input as example.planned("google_memorystore_instance", valkey, {})
}

test_an_open_cache_is_denied if {
	count(open_cache.violation) == 2 with input as example.written("google_redis_instance", {})
	count(open_cache.violation) == 1 with input as example.planned(
		"google_redis_instance",
		{"auth_enabled": null, "transit_encryption_mode": "SERVER_AUTHENTICATION"}, {},
	)
	open := {"authorization_mode": "AUTH_MODE_DISABLED"}
	count(open_cache.violation) == 2 with input as example.written("google_redis_cluster", open)
}
