package rules.resource.open_broker_test

import data.lib.example
import data.rules.resource.open_broker

broker(listener, kafka) := {
	"apiVersion": "kafka.strimzi.io/v1",
	"kind": "Kafka",
	"metadata": {"name": "events", "namespace": "kafka"},
	"spec": {"kafka": object.union({"listeners": [object.union({"name": "main"}, listener)]}, kafka)},
}

closed := {"tls": true, "authentication": {"type": "tls"}}

authorized := {"authorization": {"type": "simple"}}

test_a_closed_broker_is_allowed if {
	count(open_broker.violation) == 0 with input as example.objects([broker(closed, authorized)])
}

test_each_opening_is_denied if {
	every kafka in [
		broker(object.union(closed, {"tls": false}), authorized),
		broker({"tls": true}, authorized),
		broker(closed, {}),
	] {
		count(open_broker.violation) == 1 with input as example.objects([kafka])
		count(open_broker.violation) == 1 with input as example.review(kafka)
	}
}
