# METADATA
# title: A grant of owner or editor, or to everybody
# description: >-
#   The primitive roles hold thousands of permissions in every service, so that one stolen credential opens all of
#   the project.
# custom:
#   id: security/primitive-role
#   severity: critical
#   subject: terraform
#   remedy: grant the predefined roles that the work needs, to a group or a service account
#   frameworks: [CIS GCP 1.5, NIST AC-6]
#   waivable: false
package rules.security.primitive_role

import data.lib.tf

granting := [type |
	some level in ["project", "folder", "organization"]
	some form in ["member", "binding"]
	type := concat("_", ["google", level, "iam", form])
]

violation contains tf.finding(grant, concat(" ", ["grants", role])) if {
	some type in granting
	some grant in tf.resources(type)
	role := tf.get(grant, ["role"], "")

	# `roles/viewer` reads and changes nothing: it is what a plan of the whole project needs.
	role in {"roles/owner", "roles/editor"}
}

violation contains tf.finding(grant, concat(" ", ["grants a role to", member])) if {
	some type in granting
	some grant in tf.resources(type)
	some member in tf.members(grant)
	member in {"allUsers", "allAuthenticatedUsers"}
}
