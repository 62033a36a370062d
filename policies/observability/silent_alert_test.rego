package rules.observability.silent_alert_test

import data.lib.example
import data.rules.observability.silent_alert

type := "google_monitoring_alert_policy"

heard := {"notification_channels": ["projects/acme-prod/notificationChannels/1"]}

test_one_that_is_heard_is_allowed if {
	count(silent_alert.violation) == 0 with input as example.written(type, heard)
	later := {"enabled": true, "notification_channels": [null]}
	unknown := {"notification_channels": [true]}
	count(silent_alert.violation) == 0 with input as example.planned(type, later, unknown)
}

test_outside_of_production_is_allowed if {
	tried := object.union(example.written(type, {}), {"facts": example.trial})
	count(silent_alert.violation) == 0 with input as tried
}

test_one_that_nobody_hears_is_denied if {
	count(silent_alert.violation) == 1 with input as example.written(type, {"notification_channels": []})
	off := object.union(heard, {"enabled": null})
	count(silent_alert.violation) == 1 with input as example.planned(type, off, {})
}
