package rules.security.every_secret_test

import data.lib.example
import data.rules.security.every_secret

accessor := {"role": "roles/secretmanager.secretAccessor", "member": "group:a@acme.example"}

test_one_secret_is_allowed if {
	count(every_secret.violation) == 0 with input as example.written("google_secret_manager_secret_iam_member", accessor)
}

test_a_condition_is_allowed if {
	some_of := object.union(accessor, {"condition": [{"expression": "resource.name.startsWith('a')"}]})
	count(every_secret.violation) == 0 with input as example.written("google_project_iam_member", some_of)
}

test_all_of_them_are_denied if {
	count(every_secret.violation) == 1 with input as example.written("google_project_iam_member", accessor)
	keys := {"role": "roles/cloudkms.cryptoKeyDecrypter", "condition": []}
	count(every_secret.violation) == 1 with input as example.planned("google_folder_iam_binding", keys, {})
}
