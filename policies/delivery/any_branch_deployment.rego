# METADATA
# title: A deployment from any branch
# description: >-
#   Whoever can push a branch can put a workflow on it that asks for the environment's identity. Only branches that
#   are protected, or named, keep the review in front of the credentials.
# custom:
#   id: delivery/any-branch-deployment
#   severity: high
#   subject: terraform
#   remedy: give the environment a `deployment_branch_policy`, of protected branches or of named ones
#   frameworks: [OWASP CICD-SEC-4, NIST CM-5]
#   waivable: true
package rules.delivery.any_branch_deployment

import data.lib.tf

violation contains tf.finding(environment, "deploys from every branch") if {
	some environment in tf.resources("github_repository_environment")
	not is_fenced(environment)
}

is_fenced(environment) if {
	some flag in ["custom_branch_policies", "protected_branches"]
	tf.is_on(environment, ["deployment_branch_policy", flag], false)
}
