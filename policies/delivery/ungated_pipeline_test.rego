package rules.delivery.ungated_pipeline_test

import data.lib.example
import data.rules.delivery.ungated_pipeline

job(variables) := {
	"facts": example.facts,
	"stacks": {"acme-prod-resource": {"resource": {"github_actions_environment_variable": {address: body |
		some name, value in variables
		address := concat("_", ["churn", lower(name)])
		body := {"repository": "${github_repository.churn.name}", "variable_name": name, "value": value}
	}}}},
	"objects": [],
	"files": [],
}

registry := {"REGISTRY_URI": "projects/acme-prod/locations/europe-west4"}

scan := {"SCAN_GATE": `{"command": ["scan", "{model}", "{verdict}"]}`}

cards := {"MODEL_CARDS": "gs://acme-prod-models/cards/churn"}

test_gate_and_cards_are_allowed if {
	count(ungated_pipeline.violation) == 0 with input as job(object.union_n([registry, scan, cards]))
	count(ungated_pipeline.violation) == 0 with input as job({"CONFIG_MAP": "pipeline-churn"})
}

test_without_either_is_denied if {
	count(ungated_pipeline.violation) == 1 with input as job(object.union(registry, cards))
	count(ungated_pipeline.violation) == 1 with input as job(object.union_n([registry, cards, {"SCAN_GATE": "{}"}]))
	count(ungated_pipeline.violation) == 2 with input as job(registry)
}

test_another_job_is_no_help if {
	mine := job(object.union(registry, cards)).stacks["acme-prod-resource"].resource.github_actions_environment_variable
	other := {"ranking_scan_gate": {"variable_name": "SCAN_GATE", "value": scan.SCAN_GATE}}
	together := object.union(job({}), {"stacks": {"acme-prod-resource": {"resource": {
		"github_actions_environment_variable": object.union(mine, other),
	}}}})
	count(ungated_pipeline.violation) == 1 with input as together
}
