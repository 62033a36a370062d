# METADATA
# title: An organisation policy that is lifted for a project
# description: >-
#   Organisation policies refuse what no project should do, such as keys of service accounts or public buckets. One that
#   is lifted in a project is lifted for everybody who works in it.
# custom:
#   id: security/lifted-guard-rail
#   severity: high
#   subject: terraform
#   remedy: leave the policy as the organisation has it; if one thing needs an exception, give the rule a `condition` on a tag
#   frameworks: [NIST CM-6, NIST CM-7]
#   waivable: true
package rules.security.lifted_guard_rail

import data.lib.tf

violation contains tf.finding(policy, "is not enforced") if {
	some [policy, rule] in rules
	rule.enforce == "FALSE"
}

violation contains tf.finding(policy, "allows every value") if {
	some [policy, rule] in rules
	rule.allow_all == "TRUE"
}

violation contains tf.finding(policy, "takes back what the organisation set") if {
	some policy in tf.resources("google_org_policy_policy")
	tf.is_on(policy, ["spec", "reset"], false)
}

# The rules that hold without a condition.
rules contains [policy, rule] if {
	some policy in tf.resources("google_org_policy_policy")
	some spec in tf.blocks(policy.body, "spec")
	some rule in tf.blocks(spec, "rules")
	count(tf.blocks(rule, "condition")) == 0
}
