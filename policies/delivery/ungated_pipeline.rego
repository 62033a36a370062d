# METADATA
# title: A job that starts pipelines without the scan gate or a card
# description: >-
#   Steps that run outside of the cluster are told where the registry is, and which gate stands before it, by variables of
#   the job that compiles their pipeline. Without the gate they register what nobody has looked into.
# custom:
#   id: delivery/ungated-pipeline
#   severity: high
#   subject: terraform
#   remedy: fill the slot `model_scanning`, and let a `TrainingPipeline` set the variables, with `SCAN_GATE` and `MODEL_CARDS`
#   frameworks: [OWASP LLM03, NIST SI-7, EU AI Act Art. 11]
#   waivable: true
package rules.delivery.ungated_pipeline

import data.lib.gate
import data.lib.tf

# The repository is known only after apply, so what belongs together is told by the address.
violation contains tf.finding(registry, concat(" ", ["names a model registry and its job has", missing])) if {
	some registry in tf.resources("github_actions_environment_variable")
	tf.get(registry, ["variable_name"], "") == "REGISTRY_URI"
	told := {name: tf.get(other, ["value"], "") |
		some name in object.keys(gate.words)
		address := replace(registry.address, "_registry_uri", concat("", ["_", lower(name)]))
		other := variables[[registry.stack, address]]
		tf.get(other, ["variable_name"], "") == name
	}
	some missing in gate.missing(told)
}

variables[[variable.stack, variable.address]] := variable if {
	some variable in tf.resources("github_actions_environment_variable")
}
