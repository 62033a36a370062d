package rules.data.ungated_pipeline_test

import data.lib.example
import data.rules.data.ungated_pipeline

told(facts) := {
	"apiVersion": "v1",
	"kind": "ConfigMap",
	"metadata": {"name": "pipeline-churn", "namespace": "fraud"},
	"data": facts,
}

registry := {"REGISTRY_URI": "projects/acme-prod/locations/europe-west4"}

scan := {"SCAN_GATE": `{"command": ["python", "-c", "...", "--model", "{model}", "--verdict", "{verdict}"]}`}

cards := {"MODEL_CARDS": "gs://acme-prod-models/cards/churn"}

test_gate_and_cards_are_allowed if {
	good := told(object.union_n([registry, scan, cards]))
	count(ungated_pipeline.violation) == 0 with input as example.objects([good])
	count(ungated_pipeline.violation) == 0 with input as example.review(good)
}

test_what_registers_nothing_is_allowed if {
	count(ungated_pipeline.violation) == 0 with input as example.objects([told({"EXPERIMENT": "churn"})])
	count(ungated_pipeline.violation) == 0 with input as example.objects([{
		"apiVersion": "v1",
		"kind": "ConfigMap",
		"metadata": {"name": "binary"},
	}])
}

test_without_either_is_denied if {
	every gate in [{}, {"SCAN_GATE": "{}"}, {"SCAN_GATE": ""}, {"SCAN_GATE": `{"command": ["true"]}`}] {
		bad := told(object.union_n([registry, cards, gate]))
		count(ungated_pipeline.violation) == 1 with input as example.objects([bad])
		count(ungated_pipeline.violation) == 1 with input as example.review(bad)
	}
	count(ungated_pipeline.violation) == 1 with input as example.objects([told(object.union(registry, scan))])
	count(ungated_pipeline.violation) == 2 with input as example.objects([told(registry)])
}
