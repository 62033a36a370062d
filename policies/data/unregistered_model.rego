# METADATA
# title: A model in production that comes from a public hub
# description: >-
#   What a hub serves can be replaced or withdrawn between two restarts. The registry holds the version that was scanned,
#   has a card and was promoted; nothing else is known about a model by its name on a hub.
# custom:
#   id: data/unregistered-model
#   severity: high
#   subject: kubernetes
#   facts: [production]
#   remedy: register the model, and mount its version from the registry's bucket
#   frameworks: [OWASP LLM03, NIST SR-3, EU AI Act Art. 15]
#   waivable: true
package rules.data.unregistered_model

import data.lib.facts
import data.lib.k8s

hub := `(^|[\s=])(hf://|https://(huggingface\.co|hf\.co|tfhub\.dev)/)`

violation contains k8s.finding(entry, concat(" ", ["fetches", word])) if {
	some pod in k8s.pods
	entry := pod.entry
	facts.of(entry).production
	some container in k8s.containers(pod)
	some word in words(container)
	regex.match(hub, word)
}

violation contains k8s.finding(entry, concat(" ", ["fetches", uri])) if {
	some entry in k8s.objects
	entry.object.kind == "InferenceService"
	facts.of(entry).production
	some part in entry.object.spec
	uri := part.model.storageUri
	regex.match(hub, uri)
}

words(container) := array.concat(
	[word |
		some field in ["args", "command"]
		some word in container[field]
	],
	[variable.value | some variable in container.env],
)
