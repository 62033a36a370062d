# METADATA
# title: A role with rights that nobody listed
# description: >-
#   A star reaches what is installed next year too. And who may bind, escalate or impersonate gives themselves whatever
#   they lack.
# custom:
#   id: security/wildcard-role
#   severity: high
#   subject: kubernetes
#   remedy: list the groups, the resources and the verbs that the work needs
#   frameworks: [CIS GKE 4.1.3, CIS GKE 4.1.7, NIST AC-6]
#   waivable: true
package rules.security.wildcard_role

import data.lib.k8s

violation contains k8s.finding(entry, concat(" ", ["grants every one of the", field])) if {
	some [entry, rule] in k8s.permissions
	some field in ["apiGroups", "resources"]
	"*" in object.get(rule, field, [])
}

# All verbs on one kind of job are a choice; on what the cluster itself is made of they are not.
violation contains k8s.finding(entry, "grants every verb on objects of Kubernetes itself") if {
	some [entry, rule] in k8s.permissions
	"*" in object.get(rule, "verbs", [])
	some group in object.get(rule, "apiGroups", [])
	group in {"", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io"}
}

violation contains k8s.finding(entry, concat(" ", ["lets its holder", verb])) if {
	some [entry, rule] in k8s.permissions
	some verb in object.get(rule, "verbs", [])
	verb in {"bind", "escalate", "impersonate"}
}
