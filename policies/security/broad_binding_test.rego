package rules.security.broad_binding_test

import data.lib.example
import data.rules.security.broad_binding

binding(kind, role, subject) := {
	"apiVersion": "rbac.authorization.k8s.io/v1",
	"kind": kind,
	"metadata": {"name": "it", "namespace": "fraud"},
	"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
	"subjects": [{"kind": "Group", "name": subject}],
}

test_a_group_with_a_role_is_allowed if {
	count(broad_binding.violation) == 0 with input as example.objects([binding("RoleBinding", "edit", "a@acme.example")])
}

test_breadth_is_denied if {
	every object in [
		binding("ClusterRoleBinding", "cluster-admin", "a@acme.example"),
		binding("RoleBinding", "view", "system:authenticated"),
		binding("ClusterRoleBinding", "view", "system:anonymous"),
	] {
		count(broad_binding.violation) == 1 with input as example.objects([object])
	}
}
