package rules.delivery.script_injection_test

import data.lib.example
import data.rules.delivery.script_injection

path := "repository/.github/workflows/greet.yaml"

workflow(step) := {"jobs": {"greet": {"steps": [step]}}}

test_a_variable_is_allowed if {
	step := {"run": "echo \"$TITLE\"", "env": {"TITLE": "${{ github.event.issue.title }}"}}
	count(script_injection.violation) == 0 with input as example.file(path, workflow(step))
}

test_what_nobody_outside_writes_is_allowed if {
	step := {"run": "echo ${{ github.sha }} ${{ github.event.pull_request.base.ref }} ${{ matrix.stack }}"}
	count(script_injection.violation) == 0 with input as example.file(path, workflow(step))
}

test_a_strangers_text_is_denied if {
	every text in [
		"github.event.issue.title",
		"github.head_ref",
		"github.event.commits[0].message",
		"format('{0}', github.event.comment.body)",
	] {
		run := {"run": concat("", ["echo ${{ ", text, " }}"])}
		count(script_injection.violation) == 1 with input as example.file(path, workflow(run))
	}
	script := {"uses": "actions/github-script@v8", "with": {"script": "log('${{ github.event.review.body }}')"}}
	count(script_injection.violation) == 1 with input as example.file(path, workflow(script))
}
