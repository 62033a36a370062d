# METADATA
# title: A role that may read every Secret of its namespace
# description: >-
#   Among the Secrets are those of other programs and the tokens of service accounts, so that who reads all of them acts
#   as any of them.
# custom:
#   id: security/secret-reader
#   severity: high
#   subject: kubernetes
#   remedy: name the Secrets that are meant in `resourceNames`, or mount them into the pod that needs them
#   frameworks: [CIS GKE 4.1.2, NIST AC-6]
#   waivable: true
package rules.security.secret_reader

import data.lib.k8s

violation contains k8s.finding(entry, "may read every Secret") if {
	some [entry, rule] in k8s.permissions
	"secrets" in object.get(rule, "resources", [])
	count(object.get(rule, "resourceNames", [])) == 0
	some verb in object.get(rule, "verbs", [])
	verb in {"*", "get", "list", "watch"}
}
