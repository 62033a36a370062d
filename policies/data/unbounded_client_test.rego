package rules.data.unbounded_client_test

import data.lib.example
import data.rules.data.unbounded_client

client(name, operations) := {
	"apiVersion": "kafka.strimzi.io/v1",
	"kind": "KafkaUser",
	"metadata": {"name": "it", "namespace": "kafka"},
	"spec": {"authorization": {"type": "simple", "acls": [{
		"resource": {"type": "topic", "name": name, "patternType": "literal"},
		"operations": operations,
	}]}},
}

test_a_named_topic_is_allowed if {
	count(unbounded_client.violation) == 0 with input as example.objects([client("chargebacks", ["Read", "Write"])])
}

test_looking_at_every_topic_is_allowed if {
	count(unbounded_client.violation) == 0 with input as example.objects([client("*", ["Describe"])])
}

test_every_topic_is_denied if {
	count(unbounded_client.violation) == 2 with input as example.objects([client("*", ["Read", "Write"])])
}
