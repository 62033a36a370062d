# METADATA
# title: An exclusion that drops audit logs
# description: >-
#   What an exclusion drops is never stored and cannot be had later. A filter that catches audit logs, to save money
#   or by having no limits, takes away the record that an investigation starts with.
# custom:
#   id: observability/excluded-audit-log
#   severity: high
#   subject: terraform
#   remedy: 'begin the filter with `NOT logName:"cloudaudit.googleapis.com"`'
#   frameworks: [CIS GCP 2.2, NIST AU-9, PCI DSS 10.3]
#   waivable: true
package rules.observability.excluded_audit_log

import data.lib.tf

spared := `(NOT|-)\s*\(?\s*(logName|log_id|protoPayload\.@type)\s*[:=(~]+\s*"?[^"]*(cloudaudit|AuditLog)`

# The stacks with a sink that keeps them elsewhere: an exclusion is of the default bucket alone.
keeping contains sink.stack if {
	some level in ["folder", "organization", "project"]
	some sink in tf.resources(concat("", ["google_logging_", level, "_sink"]))
	catches(tf.get(sink, ["filter"], ""))
}

violation contains tf.finding(exclusion, "drops audit logs") if {
	some level in ["billing_account", "folder", "organization", "project"]
	some exclusion in tf.resources(concat("", ["google_logging_", level, "_exclusion"]))
	not tf.is_on(exclusion, ["disabled"], false)
	not exclusion.stack in keeping
	catches(tf.get(exclusion, ["filter"], ""))
}

catches(filter) if trim_space(filter) in {"", "true"}

catches(filter) if {
	regex.match(`cloudaudit|AuditLog`, filter)
	not regex.match(spared, filter)
}
