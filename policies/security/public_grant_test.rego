package rules.security.public_grant_test

import data.lib.example
import data.rules.security.public_grant

test_a_group_is_allowed if {
	grant := {"role": "roles/secretmanager.secretAccessor", "member": "group:a@acme.example"}
	count(public_grant.violation) == 0 with input as example.written("google_secret_manager_secret_iam_member", grant)
}

test_everybody_is_denied if {
	one := {"role": "roles/artifactregistry.reader", "member": "allUsers"}
	count(public_grant.violation) == 1 with input as example.written(
		"google_artifact_registry_repository_iam_member",
		one,
	)
	some_of := {"role": "roles/cloudkms.viewer", "members": ["group:a@acme.example", "allAuthenticatedUsers"]}
	count(public_grant.violation) == 1 with input as example.planned("google_kms_crypto_key_iam_binding", some_of, {})
}

test_what_another_rule_is_about_is_left_to_it if {
	grant := {"role": "roles/storage.objectViewer", "member": "allUsers"}
	count(public_grant.violation) == 0 with input as example.written("google_storage_bucket_iam_member", grant)
}
