# METADATA
# title: Nodes whose boot nobody verifies
# description: >-
#   Without secure boot and integrity monitoring a kernel module or a boot loader that was put there stays, unseen,
#   below every pod of the node.
# custom:
#   id: resource/unshielded-nodes
#   severity: medium
#   subject: terraform
#   remedy: set `enable_secure_boot` and `enable_integrity_monitoring` of the pool's nodes to true
#   frameworks: [CIS GKE 5.5.6, CIS GKE 5.5.7, NIST SI-7]
#   waivable: true
package rules.resource.unshielded_nodes

import data.lib.tf

violation contains tf.finding(pool, "starts its nodes without secure boot") if {
	some pool in tf.resources("google_container_node_pool")
	not tf.is_on(pool, ["node_config", "shielded_instance_config", "enable_secure_boot"], false)

	# The drivers of TPUs are not signed, so that their nodes do not start with it.
	not startswith(tf.get(pool, ["node_config", "machine_type"], ""), "ct")
}

violation contains tf.finding(pool, "does not monitor the integrity of its nodes") if {
	some pool in tf.resources("google_container_node_pool")
	not tf.is_on(pool, ["node_config", "shielded_instance_config", "enable_integrity_monitoring"], true)
}
