package rules.security.open_namespace_test

import data.lib.example
import data.rules.security.open_namespace

namespace := {"kind": "Namespace", "metadata": {"name": "fraud"}}

policy(types) := {
	"kind": "NetworkPolicy",
	"metadata": {"name": "default-deny", "namespace": "fraud"},
	"spec": {"podSelector": {}, "policyTypes": types},
}

test_a_closed_namespace_is_allowed if {
	count(open_namespace.violation) == 0 with input as example.objects([namespace, policy(["Ingress", "Egress"])])
}

test_an_open_namespace_is_denied if {
	count(open_namespace.violation) == 2 with input as example.objects([namespace])
	count(open_namespace.violation) == 1 with input as example.objects([namespace, policy(["Ingress"])])
}

test_a_policy_for_some_pods_does_not_close_it if {
	narrow := object.union(policy(["Ingress", "Egress"]), {"spec": {"podSelector": {"matchLabels": {"a": "b"}}}})
	count(open_namespace.violation) == 2 with input as example.objects([namespace, narrow])
}

test_another_namespace_is_allowed if {
	other := {"kind": "Namespace", "metadata": {"name": "kube-system"}}
	count(open_namespace.violation) == 0 with input as example.objects([other])
}
