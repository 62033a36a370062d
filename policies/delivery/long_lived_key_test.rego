package rules.delivery.long_lived_key_test

import data.lib.example
import data.rules.delivery.long_lived_key

path := "repository/.github/workflows/apply.yaml"

workflow(step) := {"jobs": {"apply": {"steps": [step]}}}

test_a_token_of_the_run_is_allowed if {
	step := {"uses": "google-github-actions/auth@v3", "with": {"workload_identity_provider": "projects/1"}}
	count(long_lived_key.violation) == 0 with input as example.file(path, workflow(step))
}

test_a_key_is_denied if {
	step := {"uses": "google-github-actions/auth@v3", "with": {"credentials_json": "${{ secrets.KEY }}"}}
	count(long_lived_key.violation) == 1 with input as example.file(path, workflow(step))
}

test_a_key_in_a_variable_is_denied if {
	key := {"AWS_SECRET_ACCESS_KEY": "${{ secrets.KEY }}"}
	count(long_lived_key.violation) == 1 with input as example.file(path, workflow({"run": "make", "env": key}))
	count(long_lived_key.violation) == 1 with input as example.file(path, {"env": key, "jobs": {}})
	count(long_lived_key.violation) == 1 with input as example.file(path, {"jobs": {"apply": {"env": key}}})
}
