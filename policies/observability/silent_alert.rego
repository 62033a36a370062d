# METADATA
# title: An alert in production that nobody hears
# description: >-
#   A condition that is met without a channel, or that is switched off, shows on a page that nobody has open at night.
# custom:
#   id: observability/silent-alert
#   severity: high
#   subject: terraform
#   facts: [production]
#   remedy: give the alert a channel in `notification_channels`, and leave it enabled
#   frameworks: [NIST SI-4, SOC 2 CC7.2]
#   waivable: true
package rules.observability.silent_alert

import data.lib.facts
import data.lib.tf

alerts := [alert |
	some alert in tf.resources("google_monitoring_alert_policy")
	facts.of(alert).production
]

violation contains tf.finding(alert, "notifies nobody") if {
	some alert in alerts
	not tf.is_set(alert, ["notification_channels"])
}

violation contains tf.finding(alert, "is switched off") if {
	some alert in alerts
	not tf.is_on(alert, ["enabled"], true)
}
