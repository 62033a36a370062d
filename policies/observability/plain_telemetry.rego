# METADATA
# title: Telemetry that leaves the cluster in plain text
# description: >-
#   Traces and logs hold addresses, queries and the key that the vendor is sent. Without TLS, or with a certificate that
#   is not looked at, whoever is on the way has them.
# custom:
#   id: observability/plain-telemetry
#   severity: high
#   subject: kubernetes
#   remedy: send to an https endpoint, and take `tls.insecure` and `tls.insecure_skip_verify` out
#   frameworks: [NIST SC-8, PCI DSS 4.2.1]
#   waivable: true
package rules.observability.plain_telemetry

import data.lib.k8s

inside := `(^|/)(localhost|127\.0\.0\.1|[a-z0-9.-]+\.svc(\.cluster\.local)?)(:|/|$)`

violation contains k8s.finding(release.entry, concat(" ", ["sends to", endpoint, "in plain text"])) if {
	some release in k8s.releases
	release.chart == "opentelemetry-collector"
	some exporter in release.values.config.exporters
	endpoint := exporter.endpoint
	not regex.match(inside, endpoint)
	is_plain(exporter)
}

is_plain(exporter) if startswith(exporter.endpoint, "http://")

is_plain(exporter) if {
	some flag in ["insecure", "insecure_skip_verify"]
	exporter.tls[flag] == true
}
