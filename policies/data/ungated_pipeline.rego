# METADATA
# title: A pipeline that registers models without the scan gate or a card
# description: >-
#   A pipeline is told where the registry is and which gate stands before it. Told of the one and not of the other, it
#   registers what nobody has looked into, or what nobody has described, and everything later trusts the registry.
# custom:
#   id: data/ungated-pipeline
#   severity: high
#   subject: kubernetes
#   match: [{apiGroups: [""], kinds: [ConfigMap]}]
#   remedy: fill the slot `model_scanning`, and let a `TrainingPipeline` write the ConfigMap, with `SCAN_GATE` and `MODEL_CARDS`
#   frameworks: [OWASP LLM03, NIST SI-7, EU AI Act Art. 11]
#   waivable: true
package rules.data.ungated_pipeline

import data.lib.gate
import data.lib.k8s

violation contains k8s.finding(entry, concat(" ", ["names a model registry and", missing])) if {
	some entry in k8s.objects
	entry.object.kind == "ConfigMap"
	object.get(entry.object, ["data", "REGISTRY_URI"], "") != ""
	some missing in gate.missing(entry.object.data)
}
