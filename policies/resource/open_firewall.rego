# METADATA
# title: A firewall that lets the whole internet in
# description: >-
#   Nothing of the platform listens to the internet but the load balancer of its gateway, which comes from Google's
#   own addresses. A rule for everybody opens every machine that it applies to.
# custom:
#   id: resource/open-firewall
#   severity: critical
#   subject: terraform
#   remedy: name the ranges that have to come in; for SSH and RDP that is IAP's, 35.235.240.0/20
#   frameworks: [CIS GCP 3.6, CIS GCP 3.7, NIST SC-7, PCI DSS 1.3]
#   waivable: true
package rules.resource.open_firewall

import data.lib.tf

violation contains tf.finding(rule, concat(" ", ["lets", range, "in"])) if {
	some rule in tf.resources("google_compute_firewall")
	not tf.is_on(rule, ["disabled"], false)
	tf.get(rule, ["direction"], "INGRESS") == "INGRESS"
	count(tf.blocks(rule.body, "allow")) > 0
	some range in tf.get(rule, ["source_ranges"], sources(rule))
	endswith(range, "/0")
}

violation contains tf.finding(rule, concat(" ", ["lets", range, "in"])) if {
	some type in [
		"google_compute_firewall_policy_rule",
		"google_compute_network_firewall_policy_rule",
		"google_compute_region_network_firewall_policy_rule",
	]
	some rule in tf.resources(type)
	not tf.is_on(rule, ["disabled"], false)
	tf.get(rule, ["direction"], "") == "INGRESS"
	tf.get(rule, ["action"], "") in {"allow", "apply_security_profile_group"}
	some range in tf.get(rule, ["match", "src_ip_ranges"], [])
	endswith(range, "/0")
}

# Where no source is named, every one is meant.
sources(rule) := [] if {
	some argument in ["source_tags", "source_service_accounts"]
	tf.is_set(rule, [argument])
} else := ["0.0.0.0/0"]
