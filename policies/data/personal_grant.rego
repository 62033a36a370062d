# METADATA
# title: Data in production that is granted to one person
# description: >-
#   A group has an owner and is looked through; a person's own grant stays when they change teams, and is found when
#   their account is.
# custom:
#   id: data/personal-grant
#   severity: medium
#   subject: terraform
#   facts: [production]
#   remedy: grant the role to a group that the person is in
#   frameworks: [NIST AC-2, NIST AC-6, ISO 27001 A.5.18]
#   waivable: true
package rules.data.personal_grant

import data.lib.facts
import data.lib.tf

violation contains tf.finding(grant, concat(" ", ["grants", tf.get(grant, ["role"], "a role"), "to", member])) if {
	some type in tf.types
	regex.match(`^google_(biglake|bigquery|pubsub|spanner|storage)_.*_iam_(member|binding)$`, type)
	some grant in tf.resources(type)
	facts.of(grant).production
	some member in array.concat([tf.get(grant, ["member"], "")], tf.get(grant, ["members"], []))
	startswith(member, "user:")
}
