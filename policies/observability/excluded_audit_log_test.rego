package rules.observability.excluded_audit_log_test

import data.lib.example
import data.rules.observability.excluded_audit_log

type := "google_logging_project_exclusion"

test_others_are_allowed if {
	every filter in [
		`NOT logName:"cloudaudit.googleapis.com"`,
		`severity<INFO AND -logName:"cloudaudit.googleapis.com"`,
		`resource.type="k8s_container" severity=DEBUG`,
	] {
		count(excluded_audit_log.violation) == 0 with input as example.written(type, {"filter": filter})
	}
	off := {"filter": `logName:"cloudaudit"`, "disabled": true}
	count(excluded_audit_log.violation) == 0 with input as example.written(type, off)
}

test_audit_logs_are_denied if {
	every filter in [
		`logName:"cloudaudit.googleapis.com%2Fdata_access"`,
		`protoPayload.@type="type.googleapis.com/google.cloud.audit.AuditLog"`,
		"",
	] {
		count(excluded_audit_log.violation) == 1 with input as example.planned(type, {"filter": filter}, {})
	}
}

test_what_a_sink_keeps_is_allowed if {
	filter := `logName:"cloudaudit.googleapis.com"`
	exclusion := example.written(type, {"filter": filter})
	sink := {"stacks": {"acme-prod-resource": {"resource": {"google_logging_project_sink": {"it": {"filter": filter}}}}}}
	count(excluded_audit_log.violation) == 0 with input as object.union(exclusion, sink)
}
