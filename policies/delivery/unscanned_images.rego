# METADATA
# title: Images that nobody looks for vulnerabilities in
# description: >-
#   An image is as old as its oldest layer. Without scanning, that it holds a known hole shows when somebody uses it.
# custom:
#   id: delivery/unscanned-images
#   severity: medium
#   subject: terraform
#   remedy: leave `vulnerability_scanning_config` at `INHERITED`, and enable the Container Scanning API in the project
#   frameworks: [CIS GKE 5.1.1, NIST RA-5, ISO 27001 A.8.8]
#   waivable: true
package rules.delivery.unscanned_images

import data.lib.tf

violation contains tf.finding(repository, "has its scanning turned off") if {
	some repository in tf.resources("google_artifact_registry_repository")
	tf.get(repository, ["mode"], "STANDARD_REPOSITORY") != "VIRTUAL_REPOSITORY" # it holds nothing of its own
	upper(tf.get(repository, ["format"], "")) == "DOCKER"
	tf.get(repository, ["vulnerability_scanning_config", "enablement_config"], "") == "DISABLED"
}
