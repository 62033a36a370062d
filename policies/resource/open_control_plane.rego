# METADATA
# title: A control plane that any network may call
# description: >-
#   Whoever reaches the API server may try what it knows: stolen tokens, and the next fault in it. A short list of
#   networks is the difference between an incident inside and one from anywhere.
# custom:
#   id: resource/open-control-plane
#   severity: high
#   subject: terraform
#   remedy: list in `master_authorized_networks_config` the networks that people and CI come from, or switch `ip_endpoints_config` off and use the DNS endpoint
#   frameworks: [CIS GKE 5.6.3, NIST AC-3, NIST SC-7]
#   waivable: true
package rules.resource.open_control_plane

import data.lib.tf

violation contains tf.finding(cluster, "has no list of the networks that may call its control plane") if {
	some cluster in addressed
	count(tf.blocks(cluster.body, "master_authorized_networks_config")) == 0
}

violation contains tf.finding(cluster, concat(" ", ["lets", network.cidr_block, "call its control plane"])) if {
	some cluster in addressed
	some config in tf.blocks(cluster.body, "master_authorized_networks_config")
	some network in tf.blocks(config, "cidr_blocks")
	endswith(network.cidr_block, "/0")
}

violation contains tf.finding(cluster, "lets every machine on Google Cloud call its control plane") if {
	some cluster in addressed
	tf.is_on(cluster, ["master_authorized_networks_config", "gcp_public_cidrs_access_enabled"], false)
}

# The clusters whose control plane has an address; the DNS endpoint is behind IAM.
addressed contains cluster if {
	some cluster in tf.resources("google_container_cluster")
	tf.is_on(cluster, ["control_plane_endpoints_config", "ip_endpoints_config", "enabled"], true)
}
