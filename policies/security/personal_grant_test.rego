package rules.security.personal_grant_test

import data.lib.example
import data.rules.security.personal_grant

to(member) := {"role": "roles/logging.viewer", "member": member}

test_a_group_is_allowed if {
	count(personal_grant.violation) == 0 with input as example.written(
		"google_project_iam_member",
		to("group:a@acme.example"),
	)
}

test_a_person_warns_in_production if {
	grant := example.planned("google_project_iam_member", to("user:ada@acme.example"), {})
	count(personal_grant.violation) == 1 with input as grant
	count(personal_grant.violation) == 0 with input as object.union(grant, {"facts": example.trial})
}
