package rules.observability.anonymous_dashboards_test

import data.lib.example
import data.rules.observability.anonymous_dashboards

grafana(values) := {
	"apiVersion": "configsync.gke.io/v1beta1",
	"kind": "RootSync",
	"metadata": {"name": "it", "namespace": "config-management-system"},
	"spec": {"helm": {"chart": "grafana", "version": "12.11.1", "values": values}},
}

test_signing_in_is_allowed if {
	every values in [{}, {"grafana.ini": {"auth.anonymous": {"enabled": false}}}] {
		count(anonymous_dashboards.violation) == 0 with input as example.objects([grafana(values)])
	}
}

test_everybody_is_denied if {
	every values in [{"grafana.ini": {"auth.anonymous": {"enabled": true}}}, {"adminPassword": "hunter2"}] {
		count(anonymous_dashboards.violation) == 1 with input as example.objects([grafana(values)])
	}
}
