# METADATA
# title: A container with rights of the kernel that it does not need
# description: >-
#   A container starts with fourteen capabilities, forging packets and changing owners of files among them. Almost no
#   program needs one.
# custom:
#   id: security/capable-pod
#   severity: medium
#   subject: kubernetes
#   match: workloads
#   remedy: write `drop` with `ALL` into the container's capabilities, and `add` nothing but `NET_BIND_SERVICE`
#   frameworks: [CIS GKE 4.6.3, NIST AC-6, NIST CM-7]
#   waivable: true
package rules.security.capable_pod

import data.lib.k8s

violation contains k8s.finding(pod.entry, concat(" ", ["keeps capabilities in its container", container.name])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	not "ALL" in object.get(container, ["securityContext", "capabilities", "drop"], [])
}

violation contains k8s.finding(pod.entry, concat(" ", ["adds", capability, "to its container", container.name])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	some capability in container.securityContext.capabilities.add
	capability != "NET_BIND_SERVICE"
}
