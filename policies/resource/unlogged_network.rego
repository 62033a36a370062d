# METADATA
# title: A network whose traffic leaves no trace
# description: >-
#   Flow logs and the log of the NAT say what spoke to what, and when. They cannot be made after the fact.
# custom:
#   id: resource/unlogged-network
#   severity: medium
#   subject: terraform
#   remedy: give the subnet a `log_config`, and switch that of the NAT on, with the filter `ERRORS_ONLY` at least
#   frameworks: [CIS GCP 3.8, CIS GKE 5.6.1, NIST AU-12, NIST SI-4]
#   waivable: true
package rules.resource.unlogged_network

import data.lib.tf

violation contains tf.finding(subnet, "has no flow logs") if {
	some subnet in tf.resources("google_compute_subnetwork")

	# Only a subnet for machines has any: not one for proxies, or for private service connect.
	tf.get(subnet, ["purpose"], "PRIVATE") == "PRIVATE"
	count(tf.blocks(subnet.body, "log_config")) == 0
}

violation contains tf.finding(nat, "has no log") if {
	some nat in tf.resources("google_compute_router_nat")
	not tf.is_on(nat, ["log_config", "enable"], false)
}
