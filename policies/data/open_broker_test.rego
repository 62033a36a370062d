package rules.data.open_broker_test

import data.lib.example
import data.rules.data.open_broker

broker(listener, authorization) := {
	"apiVersion": "kafka.strimzi.io/v1",
	"kind": "Kafka",
	"metadata": {"name": "it", "namespace": "kafka"},
	"spec": {"kafka": object.union({"listeners": [object.union({"name": "own", "port": 9093}, listener)]}, authorization)},
}

closed := {"tls": true, "authentication": {"type": "tls"}}

simple := {"authorization": {"type": "simple"}}

test_a_closed_one_is_allowed if {
	count(open_broker.violation) == 0 with input as example.objects([broker(closed, simple)])
}

test_an_open_one_is_denied if {
	count(open_broker.violation) == 3 with input as example.objects([broker({"tls": false}, {})])
	count(open_broker.violation) == 1 with input as example.objects([broker({"tls": true}, simple)])
	count(open_broker.violation) == 1 with input as example.objects([broker(closed, {})])
}
