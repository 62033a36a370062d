# METADATA
# title: A database that is reachable from the internet or without encryption
# description: >-
#   A public address makes a password the only thing between the internet and the data; a connection without TLS
#   shows both to the network.
# custom:
#   id: resource/open-database
#   severity: critical
#   subject: terraform
#   remedy: set `ipv4_enabled` to false with a private network, and `ssl_mode` to `ENCRYPTED_ONLY`
#   frameworks: [CIS GCP 6.4, CIS GCP 6.6, NIST SC-8, GDPR Art. 32]
#   waivable: true
package rules.resource.open_database

import data.lib.tf

encrypted := {"ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"}

violation contains tf.finding(database, "has a public address") if {
	some database in tf.resources("google_sql_database_instance")
	tf.is_on(database, ["settings", "ip_configuration", "ipv4_enabled"], true)
}

violation contains tf.finding(database, "accepts connections without TLS") if {
	some database in tf.resources("google_sql_database_instance")
	not tf.get(database, ["settings", "ip_configuration", "ssl_mode"], "") in encrypted
}

violation contains tf.finding(cluster, "has a public address") if {
	some cluster in tf.resources("google_alloydb_instance")
	tf.is_on(cluster, ["network_config", "enable_public_ip"], false)
}
