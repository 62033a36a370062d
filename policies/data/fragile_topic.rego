# METADATA
# title: A topic in production that one broker can lose
# description: >-
#   A node is drained every few weeks. What is acknowledged by one broker alone is gone with its disk, and a topic with
#   one copy stands still each time.
# custom:
#   id: data/fragile-topic
#   severity: medium
#   subject: kubernetes
#   facts: [production]
#   remedy: give the topic three `replicas`, and `min.insync.replicas` of 2
#   frameworks: [NIST CP-10, ISO 27001 A.8.14]
#   waivable: true
package rules.data.fragile_topic

import data.lib.facts
import data.lib.k8s

topics := [entry |
	some entry in k8s.objects
	entry.object.kind == "KafkaTopic"
	facts.of(entry).production
]

violation contains k8s.finding(entry, "has fewer than three copies") if {
	some entry in topics
	entry.object.spec.replicas < 3
}

violation contains k8s.finding(entry, "counts a message as safe that one broker has") if {
	some entry in topics
	to_number(entry.object.spec.config["min.insync.replicas"]) < 2
}
