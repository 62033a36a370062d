# METADATA
# title: A secret that is copied to other regions
# description: >-
#   With automatic replication Google chooses where a secret lies, on other continents too. What decrypts personal data
#   then leaves the region that the data may not leave.
# custom:
#   id: security/wandering-secret
#   severity: medium
#   subject: terraform
#   facts: [regions]
#   remedy: replicate the secret by `user_managed` into the regions of the environment
#   frameworks: [GDPR Art. 44, NIST SC-7, NIST SC-12]
#   waivable: true
package rules.security.wandering_secret

import data.lib.facts
import data.lib.tf

replications := [[secret, replication] |
	some secret in tf.resources("google_secret_manager_secret")
	some replication in tf.blocks(secret.body, "replication")
]

violation contains tf.finding(secret, "lies wherever Google puts it") if {
	some [secret, replication] in replications
	count(tf.blocks(replication, "auto")) > 0
}

violation contains tf.finding(secret, concat(" ", ["is copied to", replica.location])) if {
	some [secret, replication] in replications
	some managed in tf.blocks(replication, "user_managed")
	some replica in tf.blocks(managed, "replicas")
	not replica.location in facts.of(secret).regions
}
