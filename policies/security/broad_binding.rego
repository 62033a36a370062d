# METADATA
# title: A binding to cluster-admin, or to everybody
# description: >-
#   `cluster-admin` reads every secret and replaces every policy. And what is bound to a group of the system is open to
#   whoever has any account at Google, or none.
# custom:
#   id: security/broad-binding
#   severity: critical
#   subject: kubernetes
#   remedy: bind a role with the rights that the work needs, to a group of the organisation or a service account
#   frameworks: [CIS GKE 4.1.1, CIS GKE 4.1.6, CIS GKE 4.1.8, CIS GKE 4.1.9, CIS GKE 4.1.10, NIST AC-6]
#   waivable: true
package rules.security.broad_binding

import data.lib.k8s

everybody := {"system:anonymous", "system:authenticated", "system:masters", "system:unauthenticated"}

bindings := [entry |
	some entry in k8s.objects
	entry.object.kind in {"ClusterRoleBinding", "RoleBinding"}
]

violation contains k8s.finding(entry, "grants cluster-admin") if {
	some entry in bindings
	entry.object.roleRef.name == "cluster-admin"
}

violation contains k8s.finding(entry, concat(" ", ["grants a role to", subject.name])) if {
	some entry in bindings
	some subject in entry.object.subjects
	subject.name in everybody
}
