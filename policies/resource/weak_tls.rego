# METADATA
# title: A load balancer that still speaks TLS 1.0
# description: >-
#   Without a policy of its own Google's load balancer takes TLS 1.0 and 1.1, which every browser has given up and
#   no auditor passes.
# custom:
#   id: resource/weak-tls
#   severity: medium
#   subject: terraform
#   remedy: give the proxy an `ssl_policy` with `min_tls_version` `TLS_1_2` and the profile `MODERN` or `RESTRICTED`
#   frameworks: [CIS GCP 3.9, NIST SC-8, PCI DSS 4.2]
#   waivable: true
package rules.resource.weak_tls

import data.lib.tf

violation contains tf.finding(proxy, "has no TLS policy") if {
	some type in [
		"google_compute_target_https_proxy",
		"google_compute_region_target_https_proxy",
		"google_compute_target_ssl_proxy",
	]
	some proxy in tf.resources(type)
	not tf.is_set(proxy, ["ssl_policy"])
}

violation contains tf.finding(policy, concat(" ", ["lets", fault, "through"])) if {
	some type in ["google_compute_ssl_policy", "google_compute_region_ssl_policy"]
	some policy in tf.resources(type)
	some fault in faults(policy)
}

faults(policy) := old | broad if {
	version := tf.get(policy, ["min_tls_version"], "TLS_1_0")
	old := {version} & {"TLS_1_0", "TLS_1_1"}
	broad := {"weak ciphers" | tf.get(policy, ["profile"], "COMPATIBLE") == "COMPATIBLE"}
}
