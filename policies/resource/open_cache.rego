# METADATA
# title: A cache that anybody on the network may read
# description: >-
#   Redis answers whoever reaches its port. Sessions and features lie in it in clear, and a connection without
#   encryption shows them to whoever is between.
# custom:
#   id: resource/open-cache
#   severity: high
#   subject: terraform
#   remedy: switch on authorization (`auth_enabled`, or `authorization_mode` with IAM) and encryption in transit
#   frameworks: [NIST AC-3, NIST SC-8]
#   waivable: true
package rules.resource.open_cache

import data.lib.tf

# By type what a cache must have: the argument, and the value that is right.
wanted := {
	"google_memorystore_instance": {
		"authorization": ["authorization_mode", "IAM_AUTH"],
		"encryption in transit": ["transit_encryption_mode", "SERVER_AUTHENTICATION"],
	},
	"google_redis_cluster": {
		"authorization": ["authorization_mode", "AUTH_MODE_IAM_AUTH"],
		"encryption in transit": ["transit_encryption_mode", "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION"],
	},
	"google_redis_instance": {
		"authorization": ["auth_enabled", true],
		"encryption in transit": ["transit_encryption_mode", "SERVER_AUTHENTICATION"],
	},
}

violation contains tf.finding(cache, concat(" ", ["has no", title])) if {
	some type, wishes in wanted
	some cache in tf.resources(type)
	some title, [argument, right] in wishes
	tf.get(cache, [argument], "") != right
}
