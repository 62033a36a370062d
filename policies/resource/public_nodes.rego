# METADATA
# title: A cluster whose nodes or control plane have public addresses
# description: >-
#   A node with a public address can be attacked from everywhere, and a public control plane is guarded by
#   credentials alone.
# custom:
#   id: resource/public-nodes
#   severity: critical
#   subject: terraform
#   remedy: keep `enable_private_nodes` on, and let people in through the DNS endpoint or a network of theirs
#   frameworks: [CIS GKE 5.6.5, CIS GKE 5.6.4, NIST SC-7]
#   waivable: true
package rules.resource.public_nodes

import data.lib.tf

violation contains tf.finding(cluster, "gives its nodes public addresses") if {
	some cluster in tf.resources("google_container_cluster")
	not tf.is_on(cluster, ["private_cluster_config", "enable_private_nodes"], false)
}

violation contains tf.finding(cluster, "has a control plane with a public address") if {
	some cluster in tf.resources("google_container_cluster")
	not tf.is_on(cluster, ["private_cluster_config", "enable_private_endpoint"], false)
}

violation contains tf.finding(pool, "gives its nodes public addresses") if {
	some pool in tf.resources("google_container_node_pool")
	not tf.is_on(pool, ["network_config", "enable_private_nodes"], false)
}
