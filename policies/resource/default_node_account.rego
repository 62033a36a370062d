# METADATA
# title: Nodes that run as the project's default service account
# description: >-
#   The default account is an editor of the project wherever nobody took that away. A pod that breaks out of its
#   container then owns the project.
# custom:
#   id: resource/default-node-account
#   severity: high
#   subject: terraform
#   remedy: give the pool a service account of its own that may write logs and metrics and pull images, and no more
#   frameworks: [CIS GKE 5.2.1, NIST AC-6]
#   waivable: true
package rules.resource.default_node_account

import data.lib.tf

violation contains tf.finding(pool, "runs as the project's default service account") if {
	some pool in tf.resources("google_container_node_pool")
	not has_own(pool, ["node_config", "service_account"])
}

violation contains tf.finding(cluster, "makes nodes that run as the project's default service account") if {
	some cluster in tf.resources("google_container_cluster")
	provisions(cluster)
	not has_own(cluster, ["cluster_autoscaling", "auto_provisioning_defaults", "service_account"])
}

provisions(cluster) if tf.is_on(cluster, ["enable_autopilot"], false)

provisions(cluster) if tf.is_on(cluster, ["cluster_autoscaling", "enabled"], false)

has_own(resource, path) if {
	tf.is_set(resource, path)
	account := tf.get(resource, path, "")
	account != "default"
	not endswith(account, "-compute@developer.gserviceaccount.com")
}
