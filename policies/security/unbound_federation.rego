# METADATA
# title: A federation that takes the tokens of strangers
# description: >-
#   GitHub and its like sign tokens for everybody from one address. A provider that does not look at whose repository a
#   token is from lets every repository in the world sign in.
# custom:
#   id: security/unbound-federation
#   severity: critical
#   subject: terraform
#   remedy: write an `attribute_condition` that compares the owner's or the repository's number, such as `assertion.repository_owner_id == '1234567'`
#   frameworks: [NIST AC-3, NIST IA-8, OWASP CICD-SEC-2]
#   waivable: false
package rules.security.unbound_federation

import data.lib.tf

# By issuer that is shared by many what a condition has to look at.
claims := {
	"https://agent.buildkite.com": `organization_`,
	"https://app.terraform.io": `organization_id|organization_name|workspace_id`,
	"https://gitlab.com": `namespace_|project_`,
	"https://idtoken.humanitec.io": `sub`,
	"https://token.actions.githubusercontent.com": `repository`,
}

violation contains tf.finding(provider, concat(" ", ["takes every token of", issuer])) if {
	some provider in tf.resources("google_iam_workload_identity_pool_provider")
	issuer := trim_suffix(tf.get(provider, ["oidc", "issuer_uri"], ""), "/")
	some shared, claim in claims
	startswith(issuer, shared)
	not is_bound(provider, claim)
}

is_bound(provider, claim) if regex.match(claim, tf.get(provider, ["attribute_condition"], ""))

# It is known only after apply.
is_bound(provider, _) if {
	tf.is_set(provider, ["attribute_condition"])
	tf.get(provider, ["attribute_condition"], "") == ""
}
