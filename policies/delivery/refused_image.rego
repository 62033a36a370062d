# METADATA
# title: An image that the cluster will not start
# description: >-
#   The project's Binary Authorization policy names the images that may run, and the cluster refuses all others. The
#   compile passes, the sync passes, and then no pod comes up.
# custom:
#   id: delivery/refused-image
#   severity: low
#   subject: kubernetes
#   remedy: add the image's repository to `image_policy.allow` of the slot `compute`, or push the image to the environment's own registry
#   frameworks: [CIS GKE 5.10.4, NIST CM-14]
#   waivable: true
package rules.delivery.refused_image

import data.lib.k8s
import data.lib.tf

violation contains k8s.finding(entry, concat(" ", ["runs", image, "which the environment's image policy refuses"])) if {
	some [entry, image] in run
	some policy in refusing
	policy.environment == entry.environment
	not is_let_in(image, policy)
}

# The entries that run images, and the images, as pods and the values of charts name them. A set would compare all of
# each entry with the others.
run := array.concat(
	[[pod.entry, container.image] |
		some pod in k8s.pods
		some container in k8s.containers(pod)
	],
	[[release.entry, image] |
		some release in k8s.releases
		walk(release.values, [_, value])
		some image in named(value.image)
	],
)

named(image) := [image] if is_string(image)

named(image) := [joined("/", [object.get(image, "registry", ""), path]) |
	some key in ["name", "repository"]
	is_string(image[key])
	path := joined(":", [image[key], object.get(image, "tag", "")])
] if is_object(image)

joined(between, parts) := concat(between, [part | some part in parts; is_string(part); part != ""])

refusing := [policy |
	some policy in tf.resources("google_binary_authorization_policy")
	rule := {"evaluation_mode": "ALWAYS_DENY", "enforcement_mode": "ENFORCED_BLOCK_AND_AUDIT_LOG"}
	every argument, value in rule {
		tf.get(policy, ["default_admission_rule", argument], "") == value
	}
]

is_let_in(image, policy) if {
	some pattern in tf.blocks(policy.body, "admission_whitelist_patterns")
	matches(image, pattern.name_pattern)
}

matches(image, pattern) if image == pattern

# `**` is all below, `*` no further than the next slash.
matches(image, pattern) if {
	endswith(pattern, "**")
	startswith(image, trim_suffix(pattern, "**"))
}

matches(image, pattern) if {
	endswith(pattern, "*")
	start := trim_suffix(pattern, "*")
	startswith(image, start)
	not contains(trim_prefix(image, start), "/")
}
