# METADATA
# title: A pod that could take over its node
# description: >-
#   A privileged container, or one in the node's own namespaces, is root on the node, and from there reads the
#   secrets of every pod on it.
# custom:
#   id: security/privileged-pod
#   severity: critical
#   subject: kubernetes
#   match: workloads
#   remedy: remove `privileged`, `hostNetwork`, `hostPID`, `hostIPC` and `hostPath`, and the capabilities that are added
#   frameworks: [CIS GKE 4.2.1, NIST AC-6, PCI DSS 2.2]
#   waivable: true
package rules.security.privileged_pod

import data.lib.k8s

violation contains k8s.finding(pod.entry, concat(" ", ["runs the privileged container", container.name])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	container.securityContext.privileged == true
}

violation contains k8s.finding(pod.entry, concat(" ", ["shares the node's", namespace])) if {
	some pod in k8s.pods
	some namespace in ["hostNetwork", "hostPID", "hostIPC"]
	pod.spec[namespace] == true
}

violation contains k8s.finding(pod.entry, concat(" ", ["mounts", volume.hostPath.path, "of its node"])) if {
	some pod in k8s.pods
	some volume in pod.spec.volumes
	volume.hostPath
}
