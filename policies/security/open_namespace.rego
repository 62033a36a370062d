# METADATA
# title: A namespace of a team without a default-deny network policy
# description: >-
#   Pods may reach each other until a policy selects them. One policy that selects every pod and allows nothing
#   makes each connection a decision.
# custom:
#   id: security/open-namespace
#   severity: high
#   subject: kubernetes
#   facts: [teams]
#   remedy: add a NetworkPolicy with an empty `podSelector` and both `policyTypes` to the namespace
#   frameworks: [CIS GKE 4.3.2, NIST AC-4, NIST SC-7]
#   waivable: true
package rules.security.open_namespace

import data.lib.facts
import data.lib.k8s

violation contains k8s.finding(entry, concat(" ", ["lets all traffic", direction])) if {
	some entry in k8s.objects
	entry.object.kind == "Namespace"
	entry.object.metadata.name in object.keys(facts.of(entry).teams)
	some type, direction in {"Ingress": "in", "Egress": "out"}
	not [entry.environment, entry.object.metadata.name, type] in closed
}

# The namespaces in which a policy selects every pod, by environment and direction.
closed contains [entry.environment, entry.object.metadata.namespace, type] if {
	some entry in k8s.objects
	entry.object.kind == "NetworkPolicy"
	object.get(entry.object.spec, "podSelector", {}) == {}
	some type in entry.object.spec.policyTypes
}
