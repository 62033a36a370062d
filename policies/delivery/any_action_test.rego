package rules.delivery.any_action_test

import data.lib.example
import data.rules.delivery.any_action

type := "github_actions_repository_permissions"

test_a_list_is_allowed if {
	listed := {"allowed_actions": "selected", "sha_pinning_required": true}
	count(any_action.violation) == 0 with input as example.written(type, listed)
}

test_every_action_is_denied if {
	count(any_action.violation) == 2 with input as example.written(type, {})
	unpinned := {"allowed_actions": "local_only", "sha_pinning_required": null}
	count(any_action.violation) == 1 with input as example.planned(type, unpinned, {})
}
