# METADATA
# title: A credential that does not expire
# description: >-
#   A key of a service account works from anywhere until somebody deletes it, and Terraform keeps a copy in its state.
#   Most break-ins into cloud projects begin with one that was found.
# custom:
#   id: security/long-lived-credential
#   severity: critical
#   subject: terraform
#   remedy: let pods use workload identity, CI a federated token, and people their own account
#   frameworks: [CIS GCP 1.4, NIST IA-5, ISO 27001 A.5.17]
#   waivable: true
package rules.security.long_lived_credential

import data.lib.tf

violation contains tf.finding(key, "is a credential that does not expire") if {
	some type in ["aws_iam_access_key", "google_service_account_key", "google_storage_hmac_key"]
	some key in tf.resources(type)
}
