# METADATA
# title: A subnet that reaches Google's services by way of the internet
# description: >-
#   Without private access what machines read and write in Cloud Storage passes through the NAT: it is paid for by the
#   gigabyte, it fails with the NAT, and its source is a public address.
# custom:
#   id: resource/no-private-access
#   severity: medium
#   subject: terraform
#   remedy: set `private_ip_google_access` to true
#   frameworks: [NIST SC-7]
#   waivable: true
package rules.resource.no_private_access

import data.lib.tf

violation contains tf.finding(subnet, "has no private access to Google's services") if {
	some subnet in tf.resources("google_compute_subnetwork")
	tf.get(subnet, ["purpose"], "PRIVATE") == "PRIVATE"
	not tf.is_on(subnet, ["private_ip_google_access"], false)
}
