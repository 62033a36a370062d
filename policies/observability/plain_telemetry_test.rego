package rules.observability.plain_telemetry_test

import data.lib.example
import data.rules.observability.plain_telemetry

collector(exporter) := {
	"apiVersion": "configsync.gke.io/v1beta1",
	"kind": "RootSync",
	"metadata": {"name": "it", "namespace": "config-management-system"},
	"spec": {"helm": {
		"chart": "opentelemetry-collector",
		"version": "0.170.0",
		"values": {"config": {"exporters": {"otlp": exporter}}},
	}},
}

test_tls_is_allowed if {
	every endpoint in ["api.honeycomb.io:443", "https://telemetry.googleapis.com"] {
		count(plain_telemetry.violation) == 0 with input as example.objects([collector({"endpoint": endpoint})])
	}
}

test_within_the_cluster_is_allowed if {
	tempo := {"endpoint": "tempo.monitoring.svc:4317", "tls": {"insecure": true}}
	count(plain_telemetry.violation) == 0 with input as example.objects([collector(tempo)])
}

test_plain_text_is_denied if {
	every exporter in [
		{"endpoint": "http://traces.acme.example"},
		{"endpoint": "traces.acme.example:4317", "tls": {"insecure": true}},
		{"endpoint": "https://traces.acme.example", "tls": {"insecure_skip_verify": true}},
	] {
		count(plain_telemetry.violation) == 1 with input as example.objects([collector(exporter)])
	}
}
