# METADATA
# title: A namespace of a team that may take the whole cluster
# description: >-
#   Without a quota one loop that makes pods grows the cluster to its last node, and the other teams wait while the
#   bill runs.
# custom:
#   id: resource/unlimited-team
#   severity: medium
#   subject: kubernetes
#   facts: [teams]
#   remedy: add a ResourceQuota to the namespace; planform writes one for each team
#   frameworks: [NIST SC-6, FinOps rate optimisation]
#   waivable: true
package rules.resource.unlimited_team

import data.lib.facts
import data.lib.k8s

violation contains k8s.finding(entry, "has no quota") if {
	some entry in k8s.objects
	entry.object.kind == "Namespace"
	entry.object.metadata.name in object.keys(facts.of(entry).teams)
	not [entry.environment, entry.object.metadata.name] in limited
}

limited contains [entry.environment, entry.object.metadata.namespace] if {
	some entry in k8s.objects
	entry.object.kind == "ResourceQuota"
	count(entry.object.spec.hard) > 0
}
