# METADATA
# title: A Kafka that asks nobody who they are
# description: >-
#   A listener without TLS and authentication hands every topic to whoever reaches its port, and without
#   authorization every client may read all of them.
# custom:
#   id: resource/open-broker
#   severity: high
#   subject: kubernetes
#   match: [{apiGroups: [kafka.strimzi.io], kinds: [Kafka]}]
#   remedy: give each listener `tls` and `authentication`, and the cluster `authorization`
#   frameworks: [NIST AC-3, NIST IA-3, NIST SC-8]
#   waivable: true
package rules.resource.open_broker

import data.lib.k8s

brokers contains entry if {
	some entry in k8s.objects
	entry.object.kind == "Kafka"
}

violation contains k8s.finding(entry, concat(" ", ["has no TLS on its listener", listener.name])) if {
	some entry in brokers
	some listener in entry.object.spec.kafka.listeners
	object.get(listener, "tls", false) != true
}

violation contains k8s.finding(entry, concat(" ", ["lets anybody in by its listener", listener.name])) if {
	some entry in brokers
	some listener in entry.object.spec.kafka.listeners
	object.get(listener, "authentication", {}) == {}
}

violation contains k8s.finding(entry, "lets every client read every topic") if {
	some entry in brokers
	object.get(entry.object.spec.kafka, "authorization", {}) == {}
}
