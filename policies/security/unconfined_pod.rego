# METADATA
# title: A container that may call all of the kernel
# description: >-
#   Most ways out of a container go through a system call that no usual program makes. The runtime's profile forbids
#   those, and Kubernetes does not apply it by itself.
# custom:
#   id: security/unconfined-pod
#   severity: medium
#   subject: kubernetes
#   match: workloads
#   remedy: set `seccompProfile` of the pod to type `RuntimeDefault`
#   frameworks: [CIS GKE 4.6.2, NIST CM-7]
#   waivable: true
package rules.security.unconfined_pod

import data.lib.k8s

violation contains k8s.finding(pod.entry, concat(" ", ["has no seccomp profile for its container", container.name])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	not is_confined(pod, container)
}

is_confined(pod, container) if k8s.secured(pod, container, "seccompProfile").type in {"RuntimeDefault", "Localhost"}
