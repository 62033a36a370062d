# METADATA
# title: A machine with a public address
# description: >-
#   A machine that people work on holds their credentials. With an address of its own it is found by scanners within
#   the hour, and what leaves it passes by the NAT and its log.
# custom:
#   id: resource/public-machine
#   severity: high
#   subject: terraform
#   remedy: leave out `access_config`, or set `disable_public_ip` or `disable_public_ip_addresses`; IAP leads people in and the NAT leads out
#   frameworks: [CIS GCP 4.9, NIST AC-17, NIST SC-7]
#   waivable: true
package rules.resource.public_machine

import data.lib.tf

closed := {
	"google_workbench_instance": ["gce_setup", "disable_public_ip"],
	"google_workstations_workstation_config": ["host", "gce_instance", "disable_public_ip_addresses"],
}

violation contains tf.finding(machine, "has a public address") if {
	some type, path in closed
	some machine in tf.resources(type)
	not tf.is_on(machine, path, false)
}

violation contains tf.finding(machine, "has a public address") if {
	some type in ["google_compute_instance", "google_compute_instance_template"]
	some machine in tf.resources(type)
	some interface in tf.blocks(machine.body, "network_interface")
	some block in ["access_config", "ipv6_access_config"]
	count(tf.blocks(interface, block)) > 0
}
