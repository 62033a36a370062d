# METADATA
# title: Nodes that stay broken until somebody looks
# description: >-
#   A node whose kubelet hangs holds its pods and, with accelerators, the bill for them. Repair replaces it within
#   minutes.
# custom:
#   id: resource/unrepaired-nodes
#   severity: medium
#   subject: terraform
#   remedy: leave `auto_repair` of the pool on; only flex-start and queued nodes, which Google does not repair, may be without
#   frameworks: [CIS GKE 5.5.2, NIST SI-2]
#   waivable: true
package rules.resource.unrepaired_nodes

import data.lib.tf

violation contains tf.finding(pool, "does not repair its nodes") if {
	some pool in tf.resources("google_container_node_pool")
	not tf.is_on(pool, ["management", "auto_repair"], true)
	not is_borrowed(pool)
}

# Nodes for a time: GKE refuses to repair them.
is_borrowed(pool) if tf.is_on(pool, ["node_config", "flex_start"], false)

is_borrowed(pool) if tf.is_on(pool, ["queued_provisioning", "enabled"], false)
