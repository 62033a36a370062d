# METADATA
# title: An image that is another one tomorrow
# description: >-
#   `latest`, and no tag, is whatever was pushed last: pods of one Deployment then run different code, a restart is a
#   release that nobody reviewed, and no rollback leads back.
# custom:
#   id: delivery/mutable-image
#   severity: medium
#   subject: kubernetes
#   match: workloads
#   remedy: name the image by a version's tag, or by its digest
#   frameworks: [NIST CM-2]
#   waivable: true
package rules.delivery.mutable_image

import data.lib.k8s

violation contains k8s.finding(pod.entry, concat(" ", ["runs", container.image])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	is_mutable(container.image)
}

is_mutable(image) if {
	not contains(image, "@sha256:")
	name := split(image, "/")
	not contains(name[count(name) - 1], ":")
}

is_mutable(image) if {
	not contains(image, "@sha256:")
	endswith(image, ":latest")
}
