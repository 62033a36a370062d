# METADATA
# title: A network that Google laid out, or the default one
# description: >-
#   The default network has a subnet in every region of the world and lets SSH, RDP and all that is inside it through.
#   A network that makes subnets by itself overlaps with the next one that has to be joined to it.
# custom:
#   id: resource/default-network
#   severity: medium
#   subject: terraform
#   remedy: use the network of the slot `networking`, and set `auto_create_subnetworks` of one of your own to false
#   frameworks: [CIS GCP 3.1, NIST CM-7, NIST SC-7]
#   waivable: true
package rules.resource.default_network

import data.lib.tf

violation contains tf.finding(network, "makes its subnets by itself") if {
	some network in tf.resources("google_compute_network")
	tf.is_on(network, ["auto_create_subnetworks"], true)
}

violation contains tf.finding(resource, "is in the default network") if {
	some resource in tf.having("network")
	regex.match(`(^|/)default$`, resource.body.network)
}

violation contains tf.finding(machine, "is in the default network") if {
	some type in ["google_compute_instance", "google_compute_instance_template"]
	some machine in tf.resources(type)
	some interface in tf.blocks(machine.body, "network_interface")
	regex.match(`(^|/)default$`, interface.network)
}

violation contains tf.finding(cluster, "is in the default network") if {
	some cluster in tf.resources("google_container_cluster")
	not tf.is_set(cluster, ["network"])
	not tf.is_set(cluster, ["subnetwork"])
}
