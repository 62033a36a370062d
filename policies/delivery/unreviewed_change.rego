# METADATA
# title: A branch that takes changes nobody else saw
# description: >-
#   What is merged is applied. A rule that is only evaluated, asks for no approval or lets history be rewritten leaves
#   one account, or one stolen token, alone with production.
# custom:
#   id: delivery/unreviewed-change
#   severity: high
#   subject: terraform
#   remedy: put the ruleset in force, with a pull request of at least one approval and no pushes that rewrite history
#   frameworks: [OWASP CICD-SEC-1, CIS Software Supply Chain 1.1, NIST CM-3, SOC 2 CC8.1]
#   waivable: true
package rules.delivery.unreviewed_change

import data.lib.tf

branch_rulesets := [ruleset |
	some ruleset in tf.resources("github_repository_ruleset")
	tf.get(ruleset, ["target"], "") == "branch"
]

# Rulesets add up: one that keeps history is the one that protects the branch.
protecting := [ruleset |
	some ruleset in branch_rulesets
	protects(ruleset)
]

protects(ruleset) if {
	some flag in ["deletion", "non_fast_forward"]
	tf.is_on(ruleset, ["rules", flag], false)
}

protects(ruleset) if tf.is_set(ruleset, ["rules", "pull_request"])

violation contains tf.finding(ruleset, "is not in force") if {
	some ruleset in branch_rulesets
	tf.get(ruleset, ["enforcement"], "") != "active"
}

violation contains tf.finding(ruleset, "asks for no approval") if {
	some ruleset in protecting
	tf.get(ruleset, ["rules", "pull_request", "required_approving_review_count"], 0) < 1
}

violation contains tf.finding(ruleset, "lets history be rewritten") if {
	some ruleset in protecting
	not tf.is_on(ruleset, ["rules", "non_fast_forward"], false)
}

violation contains tf.finding(protection, "lets history be rewritten") if {
	some type, flag in {
		"github_branch_protection": "allows_force_pushes",
		"gitlab_branch_protection": "allow_force_push",
	}
	some protection in tf.resources(type)
	tf.is_on(protection, [flag], false)
}
