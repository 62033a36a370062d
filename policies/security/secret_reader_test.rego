package rules.security.secret_reader_test

import data.lib.example
import data.rules.security.secret_reader

role(rule) := {
	"apiVersion": "rbac.authorization.k8s.io/v1",
	"kind": "Role",
	"metadata": {"name": "it", "namespace": "fraud"},
	"rules": [object.union({"apiGroups": [""], "resources": ["secrets"]}, rule)],
}

test_named_secrets_are_allowed if {
	every rule in [{"verbs": ["get"], "resourceNames": ["own"]}, {"verbs": ["create"]}] {
		count(secret_reader.violation) == 0 with input as example.objects([role(rule)])
	}
}

test_all_of_them_are_denied if {
	every verbs in [["get"], ["list", "watch"], ["*"]] {
		count(secret_reader.violation) == 1 with input as example.objects([role({"verbs": verbs})])
	}
}
