# METADATA
# title: Data in production that is read without a trace
# description: >-
#   Google records by itself who changed a setting, and not who read a table or an object. Whoever is exempt from the
#   record is the one whose key will be used.
# custom:
#   id: observability/unrecorded-access
#   severity: high
#   subject: terraform
#   facts: [production]
#   remedy: record `DATA_READ` and `DATA_WRITE` of `allServices`, and exempt nobody
#   frameworks: [CIS GCP 2.1, NIST AU-2, HIPAA 164.312(b)]
#   waivable: true
package rules.observability.unrecorded_access

import data.lib.facts
import data.lib.tf

configs contains config if {
	some config in tf.resources("google_project_iam_audit_config")
	facts.of(config).production
}

violation contains tf.finding(config, concat(" ", ["does not record", missing])) if {
	some config in configs
	tf.get(config, ["service"], "") == "allServices"
	recorded := {log.log_type | some log in tf.blocks(config.body, "audit_log_config")}
	some missing in ({"DATA_READ", "DATA_WRITE"} - recorded)
}

violation contains tf.finding(config, concat(" ", ["does not record", member])) if {
	some config in configs
	some log in tf.blocks(config.body, "audit_log_config")
	some member in log.exempted_members
}
