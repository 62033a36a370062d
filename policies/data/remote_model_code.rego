# METADATA
# title: A model that brings its own code
# description: >-
#   With remote code trusted, loading a model runs the Python that lies beside its weights, as the endpoint's identity.
#   A scan of the weights says nothing about it, and it changes with the model.
# custom:
#   id: data/remote-model-code
#   severity: high
#   subject: kubernetes
#   match: workloads
#   remedy: >-
#     serve the model with an architecture that the server knows, or put its reviewed code into the image; then take
#     the argument `vllm serve --trust-remote-code` out
#   frameworks: [OWASP LLM03, NIST SI-7, MITRE ATLAS AML.T0010]
#   waivable: true
package rules.data.remote_model_code

import data.lib.k8s

violation contains k8s.finding(pod.entry, concat(" ", ["lets models bring code into container", container.name])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	is_trusting(container)
}

is_trusting(container) if {
	some field in ["args", "command"]
	some word in container[field]
	regex.match(`(?i)(^|\s)--trust[-_]remote[-_]code(=true)?(\s|$)`, word)
}

is_trusting(container) if {
	some variable in container.env
	regex.match(`(^|_)TRUST_REMOTE_CODE$`, variable.name)
	lower(variable.value) in {"1", "true", "yes"}
}
