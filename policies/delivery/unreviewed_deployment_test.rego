package rules.delivery.unreviewed_deployment_test

import data.lib.example
import data.rules.delivery.unreviewed_deployment

type := "github_repository_environment"

reviewed := {"reviewers": [{"teams": [1]}], "prevent_self_review": true, "can_admins_bypass": false}

test_a_reviewed_one_is_allowed if {
	count(unreviewed_deployment.violation) == 0 with input as example.written(type, reviewed)
	planned := object.union(reviewed, {"reviewers": [{}], "can_admins_bypass": null})
	count(unreviewed_deployment.violation) == 0 with input as example.planned(type, planned, {})
}

test_outside_of_production_is_allowed if {
	tried := object.union(example.written(type, {}), {"facts": example.trial})
	count(unreviewed_deployment.violation) == 0 with input as tried
}

test_one_person_is_denied if {
	count(unreviewed_deployment.violation) == 3 with input as example.written(type, {})
	alone := object.remove(reviewed, ["reviewers"])
	count(unreviewed_deployment.violation) == 1 with input as example.planned(type, alone, {})
}
