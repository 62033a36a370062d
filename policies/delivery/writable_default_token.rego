# METADATA
# title: A repository whose workflows may write by default
# description: >-
#   The default is what a workflow gets that says nothing. Leave to write lets it push; leave to approve lets it review
#   its own pull request.
# custom:
#   id: delivery/writable-default-token
#   severity: high
#   subject: terraform
#   remedy: set `default_workflow_permissions` to `read`, and leave approval of pull requests to people
#   frameworks: [OWASP CICD-SEC-1, OWASP CICD-SEC-5, NIST AC-6]
#   waivable: true
package rules.delivery.writable_default_token

import data.lib.tf

violation contains tf.finding(settings, "gives workflows leave to write") if {
	some settings in tf.resources("github_workflow_repository_permissions")
	tf.get(settings, ["default_workflow_permissions"], "") == "write"
}

violation contains tf.finding(settings, "lets workflows approve pull requests") if {
	some settings in tf.resources("github_workflow_repository_permissions")
	tf.is_on(settings, ["can_approve_pull_request_reviews"], false)
}
