# METADATA
# title: A repository that everybody may read
# description: >-
#   Pipelines name projects, identities and tables, and their history holds what was deleted since. The provider makes
#   a repository public when nothing says otherwise.
# custom:
#   id: delivery/public-repository
#   severity: high
#   subject: terraform
#   remedy: set `visibility` to `private` or `internal`
#   frameworks: [OWASP CICD-SEC-7, NIST AC-3]
#   waivable: true
package rules.delivery.public_repository

import data.lib.tf

violation contains tf.finding(repository, "is public") if {
	some repository in tf.resources("github_repository")
	visibility := tf.get(repository, ["visibility"], "public")
	visibility == "public"
	not tf.is_on(repository, ["private"], false)
}

violation contains tf.finding(project, "is public") if {
	some project in tf.resources("gitlab_project")
	tf.get(project, ["visibility_level"], "private") == "public"
}
