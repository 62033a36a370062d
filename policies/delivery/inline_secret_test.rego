package rules.delivery.inline_secret_test

import data.lib.example
import data.rules.delivery.inline_secret

score(variables) := {
	"apiVersion": "score.dev/v1b1",
	"metadata": {"name": "it"},
	"containers": {"main": {"image": ".", "variables": variables}},
}

test_a_placeholder_is_allowed if {
	variables := {"DB_PASSWORD": "${resources.db.password}", "TOKEN_URL": "https://a.example", "API_KEY": ""}
	count(inline_secret.violation) == 0 with input as example.file("repository/score.yaml", score(variables))
}

test_a_value_is_denied if {
	every name in ["DB_PASSWORD", "token", "STRIPE_APIKEY"] {
		count(inline_secret.violation) == 1 with input as example.file("repository/score.yaml", score({name: "hunter2"}))
	}
}
