# METADATA
# title: A container that may run as root
# description: >-
#   Root in a container is root on the node as soon as a fault of the kernel or a wrong mount lets it out, and the
#   image alone decides who it is.
# custom:
#   id: security/root-pod
#   severity: medium
#   subject: kubernetes
#   match: workloads
#   remedy: set `runAsNonRoot` to true, on the pod or on the container, and a `runAsUser` where the image names none
#   frameworks: [CIS GKE 4.6.3, NIST AC-6]
#   waivable: true
package rules.security.root_pod

import data.lib.k8s

violation contains k8s.finding(pod.entry, concat(" ", ["may run as root in its container", container.name])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	not is_somebody_else(pod, container)
}

is_somebody_else(pod, container) if k8s.secured(pod, container, "runAsNonRoot") == true

is_somebody_else(pod, container) if k8s.secured(pod, container, "runAsUser") > 0
