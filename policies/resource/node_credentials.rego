# METADATA
# title: Pods that act with the credentials of their node
# description: >-
#   Without workload identity every pod asks the metadata server and is handed the node's own account. What one pod
#   may do, all may.
# custom:
#   id: resource/node-credentials
#   severity: high
#   subject: terraform
#   remedy: give the cluster `workload_identity_config`, and each pool `workload_metadata_config` with mode `GKE_METADATA`
#   frameworks: [CIS GKE 5.2.2, NIST AC-6, NIST IA-3]
#   waivable: true
package rules.resource.node_credentials

import data.lib.tf

violation contains tf.finding(cluster, "has no workload identity") if {
	some cluster in tf.resources("google_container_cluster")
	not tf.is_on(cluster, ["enable_autopilot"], false)
	not tf.is_set(cluster, ["workload_identity_config", "workload_pool"])
}

violation contains tf.finding(pool, "hands its own credentials to pods") if {
	some pool in tf.resources("google_container_node_pool")
	tf.get(pool, ["node_config", "workload_metadata_config", "mode"], "") != "GKE_METADATA"
}
