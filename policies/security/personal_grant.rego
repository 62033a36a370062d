# METADATA
# title: A grant in production to one person
# description: >-
#   Whoever leaves a group loses what it may do on the same day. A grant to a person stays until somebody reads
#   Terraform for it, and nobody does.
# custom:
#   id: security/personal-grant
#   severity: low
#   subject: terraform
#   facts: [production]
#   remedy: grant the role to a group that the person is in
#   frameworks: [NIST AC-2, ISO 27001 A.5.18]
#   waivable: true
package rules.security.personal_grant

import data.lib.facts
import data.lib.tf

# What is granted on data is for data/personal-grant.
things := ["folder", "kms_crypto_key", "kms_key_ring", "organization", "project", "secret_manager_secret", "service_account"]

violation contains tf.finding(grant, concat(" ", ["grants a role to", member])) if {
	some thing in things
	some form in ["member", "binding"]
	some grant in tf.resources(concat("_", ["google", thing, "iam", form]))
	facts.of(grant).production
	some member in tf.members(grant)
	startswith(member, "user:")
}
