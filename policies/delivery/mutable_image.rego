# METADATA
# title: An image that is another one tomorrow
# description: >-
#   `latest`, no tag, and a tag that names no version, are whatever was pushed last: pods of one Deployment then run
#   different code, a restart is a release that nobody reviewed, and no rollback leads back. Where nothing is in
#   production, the tag of the environment's name is for trying things out.
# custom:
#   id: delivery/mutable-image
#   severity: medium
#   subject: kubernetes
#   match: workloads
#   facts: [name, production]
#   remedy: name the image by its digest, or by the tag of a version
#   frameworks: [NIST CM-2]
#   waivable: true
package rules.delivery.mutable_image

import data.lib.facts
import data.lib.images
import data.lib.k8s

violation contains k8s.finding(pod.entry, concat(" ", ["runs", container.image])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	is_mutable(container.image)
	not is_trial(images.tag(container.image), pod.entry)
}

# The images that a chart is told to run, wherever its values have them.
violation contains k8s.finding(release.entry, concat(" ", ["tells the chart to run", image])) if {
	some release in k8s.releases
	walk(release.values, [_, value])
	is_object(value)
	some image in told(value)
	is_mutable(image)
}

is_mutable(image) if {
	not contains(image, "@sha256:")
	not regex.match(`[0-9]`, images.tag(image))
}

is_trial(tag, entry) if {
	tag == facts.of(entry).name
	facts.of(entry).production == false
}

# `repository` or `name` with a tag beside it; charts that have neither there take their own version.
told(value) := [concat(":", [name, value.tag]) |
	some key in ["repository", "name"]
	name := value[key]
	is_string(name)
	is_string(value.tag)
	value.tag != ""
	object.get(value, "digest", "") in {"", null}
]
