# Terraform resources, from the documents that planform writes and from `terraform show -json` alike.
#
# A document repeats a block as a list, or has it as an object. A plan repeats it as a list, has null for `false`, and
# leaves out what is known only after apply. So never write `not body.flag`: ask for `get(r, ["flag"], false) != true`.
package lib.tf

# The resources of a type: `stack`, `environment`, `address`, `type`, `body`, and `unknown`, which says what is known
# only after apply. Their other keys are the library's own.
resources(type) := array.concat(
	written(type),
	[resource |
		some stack, document in input.stacks
		some change in document.resource_changes
		change.type == type
		resource := _planned(stack, change)
	],
)

# The same as planform writes them, and none of a plan: only they have `lifecycle`, `depends_on` and the like.
written(type) := [resource |
	some stack, document in input.stacks
	some name, body in document.resource[type]
	resource := _written(stack, type, name, body)
]

# The types that there are, for a rule about all of a kind.
types contains type if {
	some document in input.stacks
	some type, _ in document.resource
}

types contains change.type if {
	some document in input.stacks
	some change in document.resource_changes
}

# The resources of every type.
all_resources := array.concat(
	[resource |
		some stack, document in input.stacks
		some type, named in document.resource
		some name, body in named
		resource := _written(stack, type, name, body)
	],
	[resource |
		some stack, document in input.stacks
		some change in document.resource_changes
		resource := _planned(stack, change)
	],
)

# How many there are, which is sooner known than what they are.
number_of_resources := count(_written_names) + count(_planned_changes)

_written_names := [name |
	some document in input.stacks
	some named in document.resource
	some name, _ in named
]

_planned_changes := [change |
	some document in input.stacks
	some change in document.resource_changes
	_is_to_be(change)
]

# The resources of every type that have an argument. Most have not, so this is sooner than a look at all of them.
having(argument) := array.concat(
	[resource |
		some stack, document in input.stacks
		some type, named in document.resource
		some name, body in named
		body[argument] != null
		resource := _written(stack, type, name, body)
	],
	[resource |
		some stack, document in input.stacks
		some change in document.resource_changes
		change.change.after[argument] != null
		resource := _planned(stack, change)
	],
)

# The grants of IAM, on whatever they are: one member each, or a list.
grants := [grant |
	some type in types
	some ending in ["_iam_member", "_iam_binding"]
	endswith(type, ending)
	some grant in resources(type)
]

# Whom a grant is to, as far as it is known.
members(grant) := [member |
	some member in array.concat([get(grant, ["member"], "")], get(grant, ["members"], []))
	member != ""
]

_written(stack, type, name, body) := {
	"stack": stack,
	"environment": input.facts.stacks[stack],
	"address": concat(".", [type, name]),
	"type": type,
	"body": body,
	"unknown": {},
	"planned": false,
}

# What is deleted has nothing after the change, and data sources are read only.
_planned(stack, change) := {
	"stack": stack,
	"environment": input.facts.stacks[stack],
	"address": change.address,
	"type": change.type,
	"body": change.change.after,
	"unknown": object.get(change.change, "after_unknown", {}),
	"planned": true,
} if _is_to_be(change)

_is_to_be(change) if {
	change.mode == "managed"
	is_object(change.change.after)
}

# The value at a path of keys, through blocks that stand once; the default where it is absent or null. A look without
# regard to lists comes first, as it is sooner done.
get(resource, path, default_value) := value if {
	value := object.get(resource.body, path, null)
	value != null
} else := value if {
	count(path) > 1
	value := _at(resource.body, path)
	value != null
} else := default_value

# Whether a flag is on; `by_default` is what the provider takes where nothing is written. A plan has that filled in, so
# that null in a plan is `false`.
is_on(resource, path, _) if _at(resource.body, path) == true

is_on(resource, path, true) if not _is_written(resource, path)

_is_written(resource, path) if _at(resource.body, path) != null

_is_written(resource, path) if {
	resource.planned
	_at(resource.body, path) == null
}

# Whether an argument is there, be it known only after apply.
is_set(resource, path) if {
	value := get(resource, path, "")
	not value in {"", []}
}

is_set(resource, path) if {
	some length in numbers.range(1, count(path))
	_at(resource.unknown, array.slice(path, 0, length)) == true
}

# All blocks of a name, as a list.
blocks(body, name) := _list(object.get(body, name, null))

_list(value) := value if is_array(value)

_list(value) := [value] if is_object(value)

_list(null) := []

_at(body, [a]) := _step(body, a)

_at(body, [a, b]) := _step(_step(body, a), b)

_at(body, [a, b, c]) := _step(_step(_step(body, a), b), c)

_at(body, [a, b, c, d]) := _step(_step(_step(_step(body, a), b), c), d)

_at(body, [a, b, c, d, e]) := _step(_step(_step(_step(_step(body, a), b), c), d), e)

_step(value, key) := value[key] if {
	is_object(value)
} else := value[0][key] if {
	is_array(value)
	count(value) == 1
}

# A finding: the rule's words follow the resource's address.
finding(resource, text) := {
	"msg": concat(" ", [resource.address, "in", resource.stack, text]),
	"stack": resource.stack,
	"address": resource.address,
}
