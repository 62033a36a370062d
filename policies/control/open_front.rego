# METADATA
# title: A tool that everybody may open
# description: >-
#   Identity-Aware Proxy and workstations ask who somebody is, then whether they may come in. A grant to everybody, or
#   to all who have a Google account, takes the second question back.
# custom:
#   id: control/open-front
#   severity: critical
#   subject: terraform
#   remedy: grant the role to groups of the organisation
#   frameworks: [NIST AC-3, NIST AC-6, ISO 27001 A.5.15]
#   waivable: false
package rules.control.open_front

import data.lib.tf

violation contains tf.finding(grant, concat(" ", ["lets", member, "in"])) if {
	some type in tf.types
	regex.match(`^google_(iap|notebooks|workbench|workstations)_.*iam_(member|binding)$`, type)
	some grant in tf.resources(type)
	some member in array.concat([tf.get(grant, ["member"], "")], tf.get(grant, ["members"], []))
	member in {"allUsers", "allAuthenticatedUsers"}
}
