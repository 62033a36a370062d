package rules.observability.prompts_in_traces_test

import data.lib.example
import data.rules.observability.prompts_in_traces

collector(processors) := {
	"apiVersion": "argoproj.io/v1alpha1",
	"kind": "Application",
	"metadata": {"name": "it", "namespace": "argocd"},
	"spec": {"source": {
		"chart": "opentelemetry-collector",
		"targetRevision": "0.170.0",
		"helm": {"valuesObject": {"config": {"service": {"pipelines": {
			"logs/nodes": {"receivers": ["filelog"], "processors": ["batch"]},
			"metrics": {"receivers": ["otlp"], "processors": ["batch"]},
			"traces": {"receivers": ["otlp"], "processors": processors},
		}}}}},
	}},
}

test_dropped_contents_are_allowed if {
	every processor in ["transform/no-content", "redaction"] {
		count(prompts_in_traces.violation) == 0 with input as example.objects([collector([processor, "batch"])])
	}
}

test_outside_of_production_is_allowed if {
	tried := object.union(example.objects([collector(["batch"])]), {"facts": example.trial})
	count(prompts_in_traces.violation) == 0 with input as tried
}

test_kept_contents_are_denied if {
	count(prompts_in_traces.violation) == 1 with input as example.objects([collector(["batch"])])
}
