# METADATA
# title: An image in production whose tag can be moved
# description: >-
#   A repository without immutable tags lets whoever may push to it put another image under a version that was reviewed.
#   The tag then says what somebody meant, not what runs.
# custom:
#   id: delivery/movable-tag
#   severity: medium
#   subject: kubernetes
#   facts: [production]
#   remedy: name the image by its digest, or keep it in a repository with `immutable_tags`
#   frameworks: [NIST CM-14, NIST SI-7, SLSA Build L2]
#   waivable: true
package rules.delivery.movable_tag

import data.lib.facts
import data.lib.images
import data.lib.k8s
import data.lib.tf

violation contains k8s.finding(entry, concat(" ", ["runs", container.image, "of", repository.address])) if {
	some pod in k8s.pods
	entry := pod.entry
	facts.of(entry).production
	some container in k8s.containers(pod)
	not contains(container.image, "@sha256:")
	place := images.repository(container.image)
	some repository in movable
	tf.get(repository, ["repository_id"], "") == place.name
	tf.get(repository, ["project"], place.project) == place.project
}

# The repositories of one's own whose tags can be moved.
movable contains repository if {
	some repository in tf.resources("google_artifact_registry_repository")
	is_own(repository)
	not tf.is_on(repository, ["docker_config", "immutable_tags"], false)
}

# A cache holds what others publish, and the rules about publishers and versions are for that.
is_own(repository) if tf.get(repository, ["mode"], "STANDARD_REPOSITORY") == "STANDARD_REPOSITORY"
