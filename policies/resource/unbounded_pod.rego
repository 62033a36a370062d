# METADATA
# title: A container without requests or without a limit of memory
# description: >-
#   Without requests the scheduler packs a node until its pods starve; without a limit of memory one leak takes
#   its neighbours along.
# custom:
#   id: resource/unbounded-pod
#   severity: medium
#   subject: kubernetes
#   match: workloads
#   remedy: give the container requests of cpu and memory, and a limit of memory
#   frameworks: [CIS GKE 4.6.1, NIST SC-6]
#   waivable: true
package rules.resource.unbounded_pod

import data.lib.k8s

wanted := [["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]]

violation contains k8s.finding(pod.entry, concat(" ", ["has no", words, "for its container", container.name])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	some [kind, resource] in wanted
	not container.resources[kind][resource]
	words := concat(" ", [kind, "of", resource])
}
