package rules.security.primitive_role_test

import data.lib.example
import data.rules.security.primitive_role

test_a_narrow_role_is_allowed if {
	grant := {"role": "roles/storage.objectViewer", "member": "group:a@acme.example"}
	count(primitive_role.violation) == 0 with input as example.written("google_project_iam_member", grant)
}

test_owner_is_denied if {
	grant := {"role": "roles/owner", "member": "group:a@acme.example"}
	count(primitive_role.violation) == 1 with input as example.written("google_project_iam_member", grant)
	count(primitive_role.violation) == 1 with input as example.planned("google_folder_iam_binding", grant, {})
}

test_everybody_is_denied if {
	grant := {"role": "roles/browser", "members": ["allUsers"]}
	count(primitive_role.violation) == 1 with input as example.written("google_project_iam_binding", grant)
}
