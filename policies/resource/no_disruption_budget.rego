# METADATA
# title: Replicas in production that an upgrade may take all at once
# description: >-
#   Nodes are drained at every upgrade. Two replicas without a budget can be on the two nodes that go, and then the
#   service is down although nothing failed.
# custom:
#   id: resource/no-disruption-budget
#   severity: medium
#   subject: kubernetes
#   facts: [production]
#   remedy: add a PodDisruptionBudget with `maxUnavailable` 1 that selects the pods
#   frameworks: [NIST CP-10, ISO 27001 A.8.14]
#   waivable: true
package rules.resource.no_disruption_budget

import data.lib.facts
import data.lib.k8s

violation contains k8s.finding(entry, "has replicas and no disruption budget") if {
	some entry in k8s.objects
	entry.object.kind in {"Deployment", "StatefulSet"}
	facts.of(entry).production
	entry.object.spec.replicas > 1
	place := [entry.environment, object.get(entry.object.metadata, "namespace", "default")]
	not is_guarded(place, object.get(entry.object.spec.template.metadata, "labels", {}))
}

is_guarded(place, labels) if {
	some wanted in budgets[place]
	every key, value in wanted {
		labels[key] == value
	}
}

# By environment and namespace the labels that budgets ask for.
budgets[place] contains object.get(entry.object.spec, ["selector", "matchLabels"], {}) if {
	some entry in k8s.objects
	entry.object.kind == "PodDisruptionBudget"
	place := [entry.environment, object.get(entry.object.metadata, "namespace", "default")]
}
