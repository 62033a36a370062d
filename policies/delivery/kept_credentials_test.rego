package rules.delivery.kept_credentials_test

import data.lib.example
import data.rules.delivery.kept_credentials

path := "repository/.github/workflows/plan.yaml"

workflow(inputs, permissions) := {"jobs": {"plan": {
	"permissions": permissions,
	"steps": [{"uses": "actions/checkout@v5", "with": inputs}],
}}}

test_a_checkout_without_is_allowed if {
	every value in [false, "false"] {
		inputs := {"persist-credentials": value}
		count(kept_credentials.violation) == 0 with input as example.file(path, workflow(inputs, {}))
	}
}

test_a_job_that_pushes_is_allowed if {
	count(kept_credentials.violation) == 0 with input as example.file(path, workflow({}, {"contents": "write"}))
}

test_a_workflow_that_pushes_is_allowed if {
	job := {"jobs": {"plan": {"steps": [{"uses": "actions/checkout@v5"}]}}}
	every permissions in ["write-all", {"contents": "write"}] {
		workflow := object.union(job, {"permissions": permissions})
		count(kept_credentials.violation) == 0 with input as example.file(path, workflow)
	}
}

test_a_checkout_that_keeps_it_is_denied if {
	count(kept_credentials.violation) == 1 with input as example.file(path, workflow({}, {"contents": "read"}))
}
