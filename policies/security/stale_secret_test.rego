package rules.security.stale_secret_test

import data.lib.example
import data.rules.security.stale_secret

external(spec) := {
	"apiVersion": "external-secrets.io/v1",
	"kind": "ExternalSecret",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": spec,
}

test_a_renewed_copy_is_allowed if {
	every spec in [{}, {"refreshInterval": "1h"}, {"refreshInterval": "10m0s"}] {
		count(stale_secret.violation) == 0 with input as example.objects([external(spec)])
	}
}

test_a_copy_for_ever_is_denied if {
	every spec in [{"refreshInterval": "0"}, {"refreshInterval": "0h0m"}, {"refreshPolicy": "CreatedOnce"}] {
		count(stale_secret.violation) == 1 with input as example.objects([external(spec)])
		count(stale_secret.violation) == 1 with input as example.review(external(spec))
	}
}

test_a_copy_in_many_namespaces_is_judged_too if {
	cluster := {
		"apiVersion": "external-secrets.io/v1",
		"kind": "ClusterExternalSecret",
		"metadata": {"name": "it"},
		"spec": {"externalSecretSpec": {"refreshInterval": "0s"}},
	}
	count(stale_secret.violation) == 1 with input as example.review(cluster)
}
