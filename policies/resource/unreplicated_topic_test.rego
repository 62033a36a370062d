package rules.resource.unreplicated_topic_test

import data.lib.example
import data.rules.resource.unreplicated_topic

topic(spec) := {"kind": "KafkaTopic", "metadata": {"name": "it", "namespace": "kafka"}, "spec": spec}

broker(config) := {
	"kind": "Kafka",
	"metadata": {"name": "events", "namespace": "kafka"},
	"spec": {"kafka": {"config": config}},
}

replicated := {"default.replication.factor": 3, "offsets.topic.replication.factor": "3"}

test_three_replicas_are_allowed if {
	count(unreplicated_topic.violation) == 0 with input as example.objects([
		topic({"replicas": 3}),
		topic({"partitions": 3}),
		broker(replicated),
	])
}

test_fewer_are_denied_in_production if {
	thin := example.objects([topic({"replicas": 1}), broker({"default.replication.factor": 2})])
	count(unreplicated_topic.violation) == 3 with input as thin
	count(unreplicated_topic.violation) == 0 with input as object.union(thin, {"facts": example.trial})
}
