package rules.control.plain_gateway_test

import data.lib.example
import data.rules.control.plain_gateway

gateway(protocol) := {
	"apiVersion": "gateway.networking.k8s.io/v1",
	"kind": "Gateway",
	"metadata": {"name": "it", "namespace": "portal"},
	"spec": {"gatewayClassName": "gke-l7-rilb", "listeners": [{"name": "web", "protocol": protocol, "port": 443}]},
}

test_https_is_allowed if {
	count(plain_gateway.violation) == 0 with input as example.objects([gateway("HTTPS")])
}

test_http_is_denied if {
	count(plain_gateway.violation) == 1 with input as example.objects([gateway("HTTP")])
	count(plain_gateway.violation) == 1 with input as example.review(gateway("HTTP"))
}
