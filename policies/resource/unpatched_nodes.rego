# METADATA
# title: Nodes or a control plane that nobody upgrades
# description: >-
#   Kubernetes mends faults for about a year a version. What is not upgraded by itself is upgraded after the
#   incident.
# custom:
#   id: resource/unpatched-nodes
#   severity: medium
#   subject: terraform
#   facts: [production]
#   remedy: leave `auto_upgrade` of the pool on, and put a cluster in production into a release channel
#   frameworks: [CIS GKE 5.5.3, CIS GKE 5.5.4, NIST SI-2]
#   waivable: true
package rules.resource.unpatched_nodes

import data.lib.facts
import data.lib.tf

violation contains tf.finding(pool, "does not upgrade its nodes") if {
	some pool in tf.resources("google_container_node_pool")
	not tf.is_on(pool, ["management", "auto_upgrade"], true)
}

violation contains tf.finding(cluster, "is in no release channel") if {
	some cluster in tf.resources("google_container_cluster")
	facts.of(cluster).production
	not tf.is_on(cluster, ["enable_autopilot"], false)
	tf.get(cluster, ["release_channel", "channel"], "UNSPECIFIED") == "UNSPECIFIED"
}
