package rules.data.fragile_topic_test

import data.lib.example
import data.rules.data.fragile_topic

topic(replicas, synced) := {
	"apiVersion": "kafka.strimzi.io/v1",
	"kind": "KafkaTopic",
	"metadata": {"name": "it", "namespace": "kafka"},
	"spec": {"replicas": replicas, "config": {"min.insync.replicas": synced}},
}

test_three_copies_are_allowed if {
	every synced in [2, "2"] {
		count(fragile_topic.violation) == 0 with input as example.objects([topic(3, synced)])
	}
}

test_outside_of_production_is_allowed if {
	tried := object.union(example.objects([topic(1, 1)]), {"facts": example.trial})
	count(fragile_topic.violation) == 0 with input as tried
}

test_one_copy_is_denied if {
	count(fragile_topic.violation) == 1 with input as example.objects([topic(1, "2")])
	count(fragile_topic.violation) == 1 with input as example.objects([topic(3, "1")])
}
