# METADATA
# title: A deployment to production that one person decides
# description: >-
#   The environment's reviewers are the last people between a merge and production. Without them, or where who asked may
#   also approve or an administrator may skip it, one account is enough.
# custom:
#   id: delivery/unreviewed-deployment
#   severity: high
#   subject: terraform
#   facts: [production]
#   remedy: name reviewers, prevent self-review and turn the bypass of administrators off
#   frameworks: [OWASP CICD-SEC-1, NIST CM-5, SOC 2 CC8.1]
#   waivable: true
package rules.delivery.unreviewed_deployment

import data.lib.facts
import data.lib.tf

environments := [environment |
	some environment in tf.resources("github_repository_environment")
	facts.of(environment).production
]

violation contains tf.finding(environment, "has no reviewers") if {
	some environment in environments
	not tf.is_set(environment, ["reviewers"])
}

violation contains tf.finding(environment, "lets people approve what they asked for") if {
	some environment in environments
	not tf.is_on(environment, ["prevent_self_review"], false)
}

violation contains tf.finding(environment, "may be bypassed by administrators") if {
	some environment in environments
	tf.is_on(environment, ["can_admins_bypass"], true)
}
