package rules.data.remote_model_code_test

import data.lib.example
import data.rules.data.remote_model_code

pod(container) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [object.union({"name": "main", "image": "vllm:1"}, container)]},
}

test_weights_alone_are_allowed if {
	every container in [{}, {"args": ["/models/churn", "--trust-remote-code=false"]}] {
		count(remote_model_code.violation) == 0 with input as example.objects([pod(container)])
	}
}

test_code_is_denied if {
	every container in [
		{"args": ["/models/churn", "--trust-remote-code"]},
		{"command": ["sh", "-c", "vllm serve /models/churn --trust_remote_code=True --port 8000"]},
		{"env": [{"name": "HF_HUB_TRUST_REMOTE_CODE", "value": "1"}]},
	] {
		count(remote_model_code.violation) == 1 with input as example.objects([pod(container)])
		count(remote_model_code.violation) == 1 with input as example.review(pod(container))
	}
}
