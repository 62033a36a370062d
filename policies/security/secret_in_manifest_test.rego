package rules.security.secret_in_manifest_test

import data.lib.example
import data.rules.security.secret_in_manifest

secret(body) := object.union({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "it"}}, body)

configured(value) := {
	"apiVersion": "v1",
	"kind": "ConfigMap",
	"metadata": {"name": "it"},
	"data": {"a": value},
}

pod(variables) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it"},
	"spec": {"containers": [{"name": "main", "env": variables}]},
}

test_what_is_filled_in_later_is_allowed if {
	filled := secret({"type": "kubernetes.io/service-account-token"})
	count(secret_in_manifest.violation) == 0 with input as example.objects([filled, secret({"data": {"a": ""}})])
}

test_a_reference_is_allowed if {
	count(secret_in_manifest.violation) == 0 with input as example.objects([pod([
		{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
		{"name": "API_TOKEN", "value": "$(OTHER)"},
		{"name": "TOKEN_URL", "value": "https://acme.example"},
	])])
}

test_a_value_is_denied if {
	every object in [
		secret({"data": {"a": "aHVudGVyMg=="}}),
		secret({"stringData": {"a": "hunter2"}}),
		configured("-----BEGIN RSA PRIVATE KEY-----"),
		pod([{"name": "DB_PASSWORD", "value": "hunter2"}]),
		pod([{"name": "GREETING", "value": concat("", ["AKIA", "AAAAAAAAAAAAAAAA"])}]),
	] {
		count(secret_in_manifest.violation) == 1 with input as example.objects([object])
	}
}

test_plain_settings_are_allowed if {
	count(secret_in_manifest.violation) == 0 with input as example.objects([configured("level: info")])
}
