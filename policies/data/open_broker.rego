# METADATA
# title: A message broker that asks nobody who they are
# description: >-
#   Streams carry what happens to customers as it happens. A listener without TLS is read on the way; without
#   authentication and authorization every pod that reaches it reads and writes every topic.
# custom:
#   id: data/open-broker
#   severity: critical
#   subject: kubernetes
#   remedy: give each listener `tls` and `authentication`, and the cluster `authorization`
#   frameworks: [NIST AC-3, NIST SC-8, GDPR Art. 32, PCI DSS 4.2.1]
#   waivable: true
package rules.data.open_broker

import data.lib.k8s

brokers contains entry if {
	some entry in k8s.objects
	entry.object.kind == "Kafka"
	startswith(entry.object.apiVersion, "kafka.strimzi.io/")
}

violation contains k8s.finding(entry, concat(" ", ["has the listener", listener.name, "without", missing])) if {
	some entry in brokers
	some listener in entry.object.spec.kafka.listeners
	some missing in lacks(listener)
}

violation contains k8s.finding(entry, "has no authorization") if {
	some entry in brokers
	object.get(entry.object.spec.kafka, "authorization", null) == null
}

lacks(listener) := {"TLS" | object.get(listener, "tls", false) != true} | {"authentication" |
	object.get(listener, "authentication", null) == null
}
