package rules.delivery.any_branch_deployment_test

import data.lib.example
import data.rules.delivery.any_branch_deployment

type := "github_repository_environment"

test_named_branches_are_allowed if {
	named := {"deployment_branch_policy": [{"custom_branch_policies": true, "protected_branches": false}]}
	count(any_branch_deployment.violation) == 0 with input as example.written(type, named)
}

test_every_branch_is_denied if {
	count(any_branch_deployment.violation) == 1 with input as example.written(type, {})
	count(any_branch_deployment.violation) == 1 with input as example.planned(type, {"deployment_branch_policy": []}, {})
}
