package rules.security.default_identity_test

import data.lib.example
import data.rules.security.default_identity

pod(spec) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": object.union({"containers": [{"name": "main"}]}, spec),
}

test_an_account_or_no_token_is_allowed if {
	every spec in [{"serviceAccountName": "workload"}, {"automountServiceAccountToken": false}] {
		count(default_identity.violation) == 0 with input as example.objects([pod(spec)])
	}
}

test_the_default_account_is_denied if {
	every spec in [{}, {"serviceAccountName": "default"}] {
		count(default_identity.violation) == 1 with input as example.objects([pod(spec)])
		count(default_identity.violation) == 1 with input as example.review(pod(spec))
	}
}
