# METADATA
# title: A container that may gain rights it was not started with
# description: >-
#   A program with the setuid bit makes a harmless user root. Any image may hold one, whoever it was built by.
# custom:
#   id: security/escalating-pod
#   severity: medium
#   subject: kubernetes
#   match: workloads
#   remedy: set `allowPrivilegeEscalation` of the container to false
#   frameworks: [CIS GKE 4.6.3, NIST AC-6]
#   waivable: true
package rules.security.escalating_pod

import data.lib.k8s

violation contains k8s.finding(pod.entry, concat(" ", ["lets its container", container.name, "gain rights"])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	object.get(container, ["securityContext", "allowPrivilegeEscalation"], true) != false
}
