# METADATA
# title: A repository that runs every action there is
# description: >-
#   An action is a stranger's program with the job's token. A list of those that somebody looked at, named by commit,
#   keeps the next one from arriving in a pull request that is about something else.
# custom:
#   id: delivery/any-action
#   severity: medium
#   subject: terraform
#   remedy: set `allowed_actions` to `selected` or `local_only`, and `sha_pinning_required` on
#   frameworks: [OWASP CICD-SEC-8, NIST CM-7]
#   waivable: true
package rules.delivery.any_action

import data.lib.tf

violation contains tf.finding(settings, "allows all actions") if {
	some type in ["github_actions_organization_permissions", "github_actions_repository_permissions"]
	some settings in tf.resources(type)
	tf.get(settings, ["allowed_actions"], "all") == "all"
}

violation contains tf.finding(settings, "allows actions without a commit") if {
	some settings in tf.resources("github_actions_repository_permissions")
	not tf.is_on(settings, ["sha_pinning_required"], false)
}
