package rules.security.wildcard_role_test

import data.lib.example
import data.rules.security.wildcard_role

role(groups, resources, verbs) := {
	"apiVersion": "rbac.authorization.k8s.io/v1",
	"kind": "Role",
	"metadata": {"name": "it", "namespace": "fraud"},
	"rules": [{"apiGroups": groups, "resources": resources, "verbs": verbs}],
}

test_listed_rights_are_allowed if {
	every object in [
		role([""], ["pods"], ["get", "list"]),
		role(["ray.io"], ["rayjobs"], ["*"]),
		{"kind": "ClusterRole", "metadata": {"name": "it"}, "rules": [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]},
		{"kind": "ClusterRole", "metadata": {"name": "it"}, "rules": null},
	] {
		count(wildcard_role.violation) == 0 with input as example.objects([object])
	}
}

test_stars_are_denied if {
	every object in [
		role([""], ["*"], ["get"]),
		role(["*"], ["pods"], ["get"]),
		role(["apps"], ["deployments"], ["*"]),
		role(["rbac.authorization.k8s.io"], ["roles"], ["escalate"]),
	] {
		count(wildcard_role.violation) == 1 with input as example.objects([object])
	}
}
