# Every finding of every rule, for planform, opa and conftest.
package main

import data.lib.k8s
import data.lib.text
import data.lib.tf

# What planform asks for.
report := {"findings": findings, "evaluated": evaluated, "unknown": unknown, "subjects": subjects}

findings contains finding if {
	some plane, rule
	some violation in data.rules[plane][rule].violation
	finding := object.union(violation, {"rule": concat("/", [plane, replace(rule, "_", "-")])})
}

# The rules that were evaluated, so that none is missed in silence.
evaluated contains concat("/", [plane, replace(rule, "_", "-")]) if {
	some plane, rule
	data.rules[plane][rule].violation
}

# What no rule could judge, as nothing is known about its environment.
unknown contains stack if {
	some stack, _ in input.stacks
	not is_known(stack)
}

unknown contains entry.path if {
	some entry in input.objects
	not input.facts.environments[entry.environment]
}

# A reference in a reference is looked up before a `not` around it, so this is a function of its own.
is_known(stack) if input.facts.environments[input.facts.stacks[stack]]

# How much there was to judge, so that a document that was read in part is no pass.
subjects := (tf.number_of_resources + count(k8s.objects)) + count(text.files)

# What conftest asks for: `conftest test plan.json --policy policies --data facts.json --namespace main`.
deny contains {"msg": concat(": ", [finding.rule, finding.msg]), "rule": finding.rule} if {
	some finding in findings with input as subject
}

deny contains {"msg": concat(" ", ["no facts about", name])} if {
	some name in unknown with input as subject
}

deny contains {"msg": "neither a plan nor a manifest"} if not subject

# A plan, judged as the stack that the facts name.
subject := {"facts": data.facts, "stacks": {data.facts.stack: input}, "objects": [], "files": []} if {
	input.resource_changes
}

# A manifest, judged as one of the environment that the facts name.
subject := {
	"facts": data.facts,
	"stacks": {},
	"objects": [{"path": object.get(input.metadata, "name", ""), "environment": data.facts.environment, "object": input}],
	"files": [],
} if {
	input.apiVersion
	input.kind
}
