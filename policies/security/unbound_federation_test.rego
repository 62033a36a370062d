package rules.security.unbound_federation_test

import data.lib.example
import data.rules.security.unbound_federation

type := "google_iam_workload_identity_pool_provider"

provider(issuer, condition) := {"oidc": [{"issuer_uri": issuer}], "attribute_condition": condition}

github := "https://token.actions.githubusercontent.com"

test_a_condition_is_allowed if {
	bound := provider(github, "assertion.repository_owner_id == '1234567'")
	count(unbound_federation.violation) == 0 with input as example.written(type, bound)
	later := provider(github, null)
	count(unbound_federation.violation) == 0 with input as example.planned(type, later, {"attribute_condition": true})
}

test_an_issuer_of_ones_own_is_allowed if {
	own := provider("https://container.googleapis.com/v1/projects/acme", null)
	count(unbound_federation.violation) == 0 with input as example.written(type, own)
}

test_everybody_is_denied if {
	every condition in [null, "assertion.ref == 'refs/heads/main'"] {
		count(unbound_federation.violation) == 1 with input as example.written(type, provider(github, condition))
		count(unbound_federation.violation) == 1 with input as example.planned(type, provider(github, condition), {})
	}
	enterprise := provider(concat("/", [github, "acme"]), null)
	count(unbound_federation.violation) == 1 with input as example.written(type, enterprise)
}
