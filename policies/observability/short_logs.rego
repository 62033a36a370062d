# METADATA
# title: Logs of production that are gone before the month is
# description: >-
#   Most intrusions, and many slow leaks, are noticed after weeks. What they did is in logs that still have to be there.
# custom:
#   id: observability/short-logs
#   severity: medium
#   subject: terraform
#   facts: [production]
#   remedy: keep the bucket's logs for 30 days at least, with `retention_days`
#   frameworks: [NIST AU-11, ISO 27001 A.8.15]
#   waivable: true
package rules.observability.short_logs

import data.lib.facts
import data.lib.tf

# The provider's own where nothing is written.
month := 30

violation contains tf.finding(bucket, concat(" ", ["keeps logs for", format_int(days, 10), "days"])) if {
	some level in ["billing_account", "folder", "organization", "project"]
	some bucket in tf.resources(concat("", ["google_logging_", level, "_bucket_config"]))
	facts.of(bucket).production
	days := tf.get(bucket, ["retention_days"], month)
	days < month
}
