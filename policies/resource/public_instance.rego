# METADATA
# title: A virtual machine with a public address
# description: >-
#   What has an address of its own is scanned within the hour, passes by the gateway that knows who people are, and by
#   the NAT and its log when it speaks itself.
# custom:
#   id: resource/public-instance
#   severity: high
#   subject: terraform
#   remedy: leave `access_config` out; IAP leads people in, and the NAT leads out
#   frameworks: [CIS GCP 4.9, NIST SC-7]
#   waivable: true
package rules.resource.public_instance

import data.lib.tf

violation contains tf.finding(machine, "has a public address") if {
	some type in ["google_compute_instance", "google_compute_instance_template"]
	some machine in tf.resources(type)
	some interface in tf.blocks(machine.body, "network_interface")
	some block in ["access_config", "ipv6_access_config"]
	count(tf.blocks(interface, block)) > 0
}
