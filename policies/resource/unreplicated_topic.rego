# METADATA
# title: A topic in production that one broker takes along
# description: >-
#   A broker is down at every upgrade. With fewer than three copies its topics stop then, and with one what it held is
#   lost with its disk.
# custom:
#   id: resource/unreplicated-topic
#   severity: medium
#   subject: kubernetes
#   facts: [production]
#   remedy: give the topic three replicas and `min.insync.replicas` of 2
#   frameworks: [NIST CP-9, NIST CP-10]
#   waivable: true
package rules.resource.unreplicated_topic

import data.lib.facts
import data.lib.k8s

violation contains k8s.finding(entry, "has fewer than three replicas") if {
	some entry in k8s.objects
	entry.object.kind == "KafkaTopic"
	facts.of(entry).production

	# Without a number the brokers' own default holds, which is judged below.
	entry.object.spec.replicas < 3
}

violation contains k8s.finding(entry, concat(" ", ["has a", setting, "below 3"])) if {
	some entry in k8s.objects
	entry.object.kind == "Kafka"
	facts.of(entry).production
	some setting in ["default.replication.factor", "offsets.topic.replication.factor"]
	to_number(object.get(entry.object.spec.kafka, ["config", setting], 1)) < 3
}
