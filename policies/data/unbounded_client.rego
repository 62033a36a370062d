# METADATA
# title: A client of the broker that may use every topic
# description: >-
#   One workload's credentials then read what every other team streams, and a mistake in it writes anywhere.
# custom:
#   id: data/unbounded-client
#   severity: high
#   subject: kubernetes
#   remedy: name in each of the user's `acls` the topic, or the prefix, that the workload uses
#   frameworks: [NIST AC-6, GDPR Art. 25]
#   waivable: true
package rules.data.unbounded_client

import data.lib.k8s

violation contains k8s.finding(entry, concat(" ", ["may", operation, "every topic"])) if {
	some entry in k8s.objects
	entry.object.kind == "KafkaUser"
	some acl in entry.object.spec.authorization.acls
	acl.resource.type == "topic"
	is_every(acl.resource)
	some operation in operations(acl)
}

is_every(resource) if resource.name in {"", "*"}

operations(acl) := {lower(operation) | some operation in object.get(acl, "operations", ["All"])} & {"all", "read", "write"}
