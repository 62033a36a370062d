package rules.observability.unrecorded_access_test

import data.lib.example
import data.rules.observability.unrecorded_access

type := "google_project_iam_audit_config"

config(logs) := {"service": "allServices", "audit_log_config": logs}

all_kinds := [{"log_type": "DATA_READ"}, {"log_type": "DATA_WRITE", "exempted_members": null}]

test_all_kinds_are_allowed if {
	count(unrecorded_access.violation) == 0 with input as example.written(type, config(all_kinds))
}

test_more_of_one_service_is_allowed if {
	one := {"service": "storage.googleapis.com", "audit_log_config": {"log_type": "DATA_READ"}}
	count(unrecorded_access.violation) == 0 with input as example.written(type, one)
}

test_outside_of_production_is_allowed if {
	tried := object.union(example.written(type, config([])), {"facts": example.trial})
	count(unrecorded_access.violation) == 0 with input as tried
}

test_a_missing_kind_is_denied if {
	count(unrecorded_access.violation) == 1 with input as example.planned(type, config([all_kinds[0]]), {})
}

test_an_exemption_is_denied if {
	exempt := [all_kinds[0], {"log_type": "DATA_WRITE", "exempted_members": ["user:a@acme.example"]}]
	count(unrecorded_access.violation) == 1 with input as example.written(type, config(exempt))
}
