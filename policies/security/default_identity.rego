# METADATA
# title: A pod that acts as the namespace's default service account
# description: >-
#   Every pod that names no account shares this one, so that what is granted to it for one is granted to all, and the
#   audit log cannot tell them apart.
# custom:
#   id: security/default-identity
#   severity: medium
#   subject: kubernetes
#   match: workloads
#   remedy: give the pod a service account of its own, or set `automountServiceAccountToken` to false where it needs none
#   frameworks: [CIS GKE 4.1.4, CIS GKE 4.1.5, NIST AC-6]
#   waivable: true
package rules.security.default_identity

import data.lib.k8s

violation contains k8s.finding(pod.entry, "acts as the default service account of its namespace") if {
	some pod in k8s.pods
	object.get(pod.spec, "serviceAccountName", "default") in {"", "default"}
	object.get(pod.spec, "automountServiceAccountToken", true) != false
}
