package rules.delivery.untrusted_checkout_test

import data.lib.example
import data.rules.delivery.untrusted_checkout

path := "repository/.github/workflows/label.yaml"

head := {"uses": "actions/checkout@v5", "with": {"ref": "${{ github.event.pull_request.head.sha }}"}}

workflow(on, step) := {"on": on, "jobs": {"label": {"steps": [step]}}}

test_the_merged_code_is_allowed if {
	on := workflow({"pull_request_target": {}}, {"uses": "actions/checkout@v5"})
	count(untrusted_checkout.violation) == 0 with input as example.file(path, on)
}

test_the_proposed_code_without_rights_is_allowed if {
	count(untrusted_checkout.violation) == 0 with input as example.file(path, workflow("pull_request", head))
}

test_the_proposed_code_with_rights_is_denied if {
	every on in ["pull_request_target", ["push", "workflow_run"], {"issue_comment": null}] {
		count(untrusted_checkout.violation) == 1 with input as example.file(path, workflow(on, head))
	}
	yaml := {"true": "pull_request_target", "jobs": {"label": {"steps": [{"run": "gh pr checkout 1"}]}}}
	count(untrusted_checkout.violation) == 1 with input as example.file(path, yaml)
}
