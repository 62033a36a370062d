package rules.delivery.writable_default_token_test

import data.lib.example
import data.rules.delivery.writable_default_token

type := "github_workflow_repository_permissions"

test_reading_is_allowed if {
	count(writable_default_token.violation) == 0 with input as example.written(
		type,
		{"default_workflow_permissions": "read", "can_approve_pull_request_reviews": false},
	)
}

test_writing_is_denied if {
	every body in [{"default_workflow_permissions": "write"}, {"can_approve_pull_request_reviews": true}] {
		count(writable_default_token.violation) == 1 with input as example.planned(type, body, {})
	}
}
