package rules.delivery.unreviewed_change_test

import data.lib.example
import data.rules.delivery.unreviewed_change

ruleset(enforcement, rules) := {"target": "branch", "enforcement": enforcement, "rules": [rules]}

reviewed := {"non_fast_forward": true, "pull_request": [{"required_approving_review_count": 1}]}

test_a_reviewed_branch_is_allowed if {
	body := ruleset("active", reviewed)
	count(unreviewed_change.violation) == 0 with input as example.written("github_repository_ruleset", body)
}

test_a_ruleset_of_other_things_is_allowed if {
	tags := {"target": "tag", "enforcement": "evaluate", "rules": [{"deletion": true}]}
	count(unreviewed_change.violation) == 0 with input as example.written("github_repository_ruleset", tags)
	signed := ruleset("active", {"required_signatures": true})
	count(unreviewed_change.violation) == 0 with input as example.written("github_repository_ruleset", signed)
}

test_a_branch_without_review_is_denied if {
	every body in [
		ruleset("evaluate", reviewed),
		ruleset("active", {"non_fast_forward": true}),
		ruleset("active", object.union(reviewed, {"pull_request": [{"required_approving_review_count": 0}]})),
		ruleset("active", object.union(reviewed, {"non_fast_forward": null})),
	] {
		count(unreviewed_change.violation) == 1 with input as example.planned("github_repository_ruleset", body, {})
	}
}

test_pushes_that_rewrite_history_are_denied if {
	forced := {"allows_force_pushes": true}
	count(unreviewed_change.violation) == 1 with input as example.written("github_branch_protection", forced)
}
