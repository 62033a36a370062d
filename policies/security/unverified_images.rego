# METADATA
# title: A cluster in production that runs images from anywhere
# description: >-
#   With binary authorization the cluster itself asks whether an image was built and scanned by the organisation, and a
#   stolen kubectl cannot answer for it.
# custom:
#   id: security/unverified-images
#   severity: medium
#   subject: terraform
#   facts: [production]
#   remedy: set `evaluation_mode` of `binary_authorization` to `PROJECT_SINGLETON_POLICY_ENFORCE`, and let the project's policy require attestations
#   frameworks: [CIS GKE 5.10.4, NIST CM-14, NIST SI-7]
#   waivable: true
package rules.security.unverified_images

import data.lib.facts
import data.lib.tf

violation contains tf.finding(cluster, "does not enforce binary authorization") if {
	some cluster in tf.resources("google_container_cluster")
	facts.of(cluster).production
	not contains(tf.get(cluster, ["binary_authorization", "evaluation_mode"], ""), "ENFORCE")
}

violation contains tf.finding(policy, "lets every image through") if {
	some policy in tf.resources("google_binary_authorization_policy")
	facts.of(policy).production
	tf.get(policy, ["default_admission_rule", "evaluation_mode"], "") == "ALWAYS_ALLOW"
}
