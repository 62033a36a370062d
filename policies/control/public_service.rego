# METADATA
# title: A service with a public address of its own
# description: >-
#   People reach the platform through a gateway that knows who they are. A service of type LoadBalancer goes
#   around it.
# custom:
#   id: control/public-service
#   severity: critical
#   subject: kubernetes
#   match: [{apiGroups: [""], kinds: [Service]}]
#   remedy: use a ClusterIP service behind the gateway, or the annotation for an internal load balancer
#   frameworks: [CIS GKE 5.6.8, NIST AC-3]
#   waivable: true
package rules.control.public_service

import data.lib.k8s

violation contains k8s.finding(entry, "has a public address that goes around the gateway") if {
	some entry in k8s.objects
	entry.object.kind == "Service"
	entry.object.spec.type == "LoadBalancer"
	annotations := object.get(entry.object.metadata, "annotations", {})
	lower(object.get(annotations, "networking.gke.io/load-balancer-type", "")) != "internal"
}
