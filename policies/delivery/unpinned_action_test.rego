package rules.delivery.unpinned_action_test

import data.lib.example
import data.rules.delivery.unpinned_action

path := "repository/.github/workflows/plan.yaml"

steps(uses) := {"jobs": {"plan": {"steps": [{"uses": uses}, {"run": "true"}]}}}

commit := "actions/checkout@0123456789abcdef0123456789abcdef01234567"

test_a_commit_is_allowed if {
	every uses in [commit, "./.github/actions/own"] {
		count(unpinned_action.violation) == 0 with input as example.file(path, steps(uses))
	}
}

test_a_tag_is_denied if {
	every uses in ["actions/checkout@v5", "actions/checkout", "docker://alpine:3"] {
		count(unpinned_action.violation) == 1 with input as example.file(path, steps(uses))
	}
}

test_a_called_workflow_is_denied if {
	called := {"jobs": {"plan": {"uses": "acme/shared/.github/workflows/plan.yaml@main"}}}
	count(unpinned_action.violation) == 1 with input as example.file(path, called)
}

test_other_files_are_allowed if {
	count(unpinned_action.violation) == 0 with input as example.file("repository/steps.yaml", steps("a/b@v1"))
}
