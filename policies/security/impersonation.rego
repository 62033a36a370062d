# METADATA
# title: A grant to act as every service account of a project
# description: >-
#   Granted on the project, the role reaches each account that is in it or ever will be, so that whoever has it has the
#   rights of the mightiest.
# custom:
#   id: security/impersonation
#   severity: high
#   subject: terraform
#   remedy: grant the role on the one service account that is meant, with `google_service_account_iam_member`
#   frameworks: [CIS GCP 1.6, NIST AC-6]
#   waivable: true
package rules.security.impersonation

import data.lib.tf

# Each makes tokens of any account.
tokens := {
	"roles/iam.serviceAccountOpenIdTokenCreator",
	"roles/iam.serviceAccountTokenCreator",
	"roles/iam.workloadIdentityUser",
}

granting := [type |
	some level in ["project", "folder", "organization"]
	some form in ["member", "binding"]
	type := concat("_", ["google", level, "iam", form])
]

violation contains tf.finding(grant, concat(" ", ["grants", role, "on all service accounts"])) if {
	some type in granting
	some grant in tf.resources(type)
	role := tf.get(grant, ["role"], "")
	role in tokens
}

# Who applies Terraform has to attach accounts to machines; no person has to.
violation contains tf.finding(grant, concat(" ", ["lets", member, "use all service accounts"])) if {
	some type in granting
	some grant in tf.resources(type)
	tf.get(grant, ["role"], "") == "roles/iam.serviceAccountUser"
	some member in tf.members(grant)
	regex.match(`^(user|group|domain):`, member)
}
