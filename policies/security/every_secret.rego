# METADATA
# title: A grant of every secret or key of a project
# description: >-
#   On the project the role reads the secrets of all teams, those of next year too, and decrypts whatever any key
#   protects. Nobody's work needs that.
# custom:
#   id: security/every-secret
#   severity: high
#   subject: terraform
#   remedy: grant the role on the secret or the key that is meant, or give the grant a `condition`
#   frameworks: [NIST AC-6, NIST SC-12, ISO 27001 A.8.3]
#   waivable: true
package rules.security.every_secret

import data.lib.tf

reading := {
	"roles/cloudkms.cryptoKeyDecrypter",
	"roles/cloudkms.cryptoKeyDecrypterViaDelegation",
	"roles/cloudkms.cryptoKeyEncrypterDecrypter",
	"roles/cloudkms.cryptoKeyEncrypterDecrypterViaDelegation",
	"roles/secretmanager.secretAccessor",
}

violation contains tf.finding(grant, concat(" ", ["grants", role, "on all there are"])) if {
	some level in ["project", "folder", "organization"]
	some form in ["member", "binding"]
	some grant in tf.resources(concat("_", ["google", level, "iam", form]))
	role := tf.get(grant, ["role"], "")
	role in reading
	count(tf.blocks(grant.body, "condition")) == 0
}
