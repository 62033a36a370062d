# METADATA
# title: A cluster that knows people by a certificate, or lets them in by a file
# description: >-
#   A client certificate cannot be taken back when its holder leaves, and legacy authorization ignores the roles of
#   the cluster. Both leave ways in that no review of IAM shows.
# custom:
#   id: resource/legacy-sign-in
#   severity: high
#   subject: terraform
#   remedy: set `enable_legacy_abac` and `issue_client_certificate` to false; people sign in with their Google account
#   frameworks: [CIS GKE 5.8.1, CIS GKE 5.8.3, NIST AC-2, NIST AC-3]
#   waivable: true
package rules.resource.legacy_sign_in

import data.lib.tf

violation contains tf.finding(cluster, "has legacy authorization on") if {
	some cluster in tf.resources("google_container_cluster")
	tf.is_on(cluster, ["enable_legacy_abac"], false)
}

violation contains tf.finding(cluster, "issues a client certificate") if {
	some cluster in tf.resources("google_container_cluster")
	tf.is_on(cluster, ["master_auth", "client_certificate_config", "issue_client_certificate"], false)
}

violation contains tf.finding(cluster, concat(" ", ["lets roles be bound to", who])) if {
	some cluster in tf.resources("google_container_cluster")
	some who in ["authenticated", "unauthenticated"]
	tf.is_on(cluster, ["rbac_binding_config", concat("", ["enable_insecure_binding_system_", who])], false)
}
