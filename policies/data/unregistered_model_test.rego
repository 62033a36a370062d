package rules.data.unregistered_model_test

import data.lib.example
import data.rules.data.unregistered_model

pod(container) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [object.union({"name": "main", "image": "vllm:1"}, container)]},
}

service(uri) := {
	"apiVersion": "serving.kserve.io/v1beta1",
	"kind": "InferenceService",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"predictor": {"model": {"storageUri": uri}}},
}

test_the_registry_is_allowed if {
	every object in [pod({"args": ["/models/churn"]}), service("gs://acme-ai-prod-models/models/churn/3")] {
		count(unregistered_model.violation) == 0 with input as example.objects([object])
	}
}

test_a_hub_is_denied if {
	every object in [
		pod({"args": ["--model=hf://acme/churn"]}),
		pod({"env": [{"name": "MODEL", "value": "https://huggingface.co/acme/churn"}]}),
		service("hf://acme/churn"),
	] {
		count(unregistered_model.violation) == 1 with input as example.objects([object])
	}
}

test_trying_is_allowed if {
	tried := object.union(example.objects([pod({"args": ["hf://acme/churn"]})]), {"facts": example.trial})
	count(unregistered_model.violation) == 0 with input as tried
}
