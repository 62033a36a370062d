package rules.delivery.broad_token_test

import data.lib.example
import data.rules.delivery.broad_token

path := "repository/.github/workflows/apply.yaml"

test_a_narrow_token_is_allowed if {
	top := {"permissions": {}, "jobs": {"apply": {"steps": []}}}
	count(broad_token.violation) == 0 with input as example.file(path, top)
	job := {"jobs": {"apply": {"permissions": {"contents": "read"}}}}
	count(broad_token.violation) == 0 with input as example.file(path, job)
}

test_a_silent_workflow_is_denied if {
	silent := {"jobs": {"apply": {"steps": []}, "plan": {"permissions": {}}}}
	count(broad_token.violation) == 1 with input as example.file(path, silent)
}

test_leave_to_write_everything_is_denied if {
	every workflow in [
		{"permissions": "write-all", "jobs": {}},
		{"permissions": {}, "jobs": {"apply": {"permissions": "write-all"}}},
	] {
		count(broad_token.violation) == 1 with input as example.file(path, workflow)
	}
}
