package rules.security.impersonation_test

import data.lib.example
import data.rules.security.impersonation

test_one_account_is_allowed if {
	grant := {"role": "roles/iam.serviceAccountTokenCreator", "member": "group:a@acme.example"}
	count(impersonation.violation) == 0 with input as example.written("google_service_account_iam_member", grant)
}

test_whoever_applies_may_attach_accounts if {
	grant := {"role": "roles/iam.serviceAccountUser", "member": "serviceAccount:apply@acme.iam.gserviceaccount.com"}
	count(impersonation.violation) == 0 with input as example.written("google_project_iam_member", grant)
}

test_all_accounts_are_denied if {
	token := {"role": "roles/iam.serviceAccountTokenCreator", "member": null}
	count(impersonation.violation) == 1 with input as example.planned(
		"google_project_iam_member",
		token, {"member": true},
	)
	person := {"role": "roles/iam.serviceAccountUser", "members": ["group:a@acme.example"]}
	count(impersonation.violation) == 1 with input as example.written("google_folder_iam_binding", person)
}
