# Inputs for the rules' tests: one resource, object or file in a platform of one environment.
package lib.example

facts := {
	"stacks": {"acme-prod-resource": "prod"},
	"environments": {"prod": {
		"name": "prod",
		"platform": "acme",
		"project": "acme-prod",
		"project_number": "1",
		"region": "europe-west4",
		"regions": ["europe-west4"],
		"labels": {},
		"production": true,
		"slots": {"keys": "cloud-kms"},
		"teams": {"fraud": {}},
	}},
}

# The same outside of production.
trial := object.union(facts, {"environments": {"prod": {"production": false}}})

# A resource named `it`, as planform writes it.
written(type, body) := {
	"facts": facts,
	"stacks": {"acme-prod-resource": {"resource": {type: {"it": body}}}},
	"objects": [],
	"files": [],
}

# A resource named `it`, as a plan has it: blocks as lists, null for false.
planned(type, after, unknown) := {
	"facts": facts,
	"stacks": {"acme-prod-resource": {"resource_changes": [{
		"address": concat(".", [type, "it"]),
		"mode": "managed",
		"type": type,
		"change": {"actions": ["create"], "after": after, "after_unknown": unknown},
	}]}},
	"objects": [],
	"files": [],
}

# Objects among planform's manifests.
objects(list) := {
	"facts": facts,
	"stacks": {},
	"objects": [{"path": "it.yaml", "environment": "prod", "object": object} | some object in list],
	"files": [],
}

# An object that somebody wants to bring into the cluster.
review(object) := {"review": {"object": object}, "parameters": {"facts": facts.environments.prod}}

# A file of YAML or JSON.
file(path, content) := {
	"facts": facts,
	"stacks": {},
	"objects": [],
	"files": [{"path": path, "environment": "", "text": "", "content": content}],
}
