# METADATA
# title: A cluster in which network policies do nothing
# description: >-
#   The API server takes every NetworkPolicy, whether anything acts on it or not. Without a dataplane that does, the
#   policies of all namespaces are words.
# custom:
#   id: resource/unenforced-policies
#   severity: high
#   subject: terraform
#   remedy: set `datapath_provider` to `ADVANCED_DATAPATH`; a cluster that exists has to be made anew for it
#   frameworks: [CIS GKE 4.3.1, NIST AC-4, NIST SC-7]
#   waivable: true
package rules.resource.unenforced_policies

import data.lib.tf

violation contains tf.finding(cluster, "has no dataplane that enforces network policies") if {
	some cluster in tf.resources("google_container_cluster")
	not enforces(cluster)
}

enforces(cluster) if tf.get(cluster, ["datapath_provider"], "") == "ADVANCED_DATAPATH"

# Autopilot has that dataplane always.
enforces(cluster) if tf.is_on(cluster, ["enable_autopilot"], false)

enforces(cluster) if tf.is_on(cluster, ["network_policy", "enabled"], false)
