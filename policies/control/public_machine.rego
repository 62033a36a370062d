# METADATA
# title: A developer's machine with a public address
# description: >-
#   A workstation acts as its team and holds unreviewed code. With an address of its own it is scanned within minutes,
#   and every port that somebody opens on it is open to everybody.
# custom:
#   id: control/public-machine
#   severity: high
#   subject: terraform
#   remedy: turn public addresses off and let the machine out by Cloud NAT; people come in through the service's own gate
#   frameworks: [CIS GCP 4.9, NIST SC-7]
#   waivable: true
package rules.control.public_machine

import data.lib.tf

private := {
	"google_workbench_instance": ["gce_setup", "disable_public_ip"],
	"google_workstations_workstation_config": ["host", "gce_instance", "disable_public_ip_addresses"],
}

violation contains tf.finding(machine, "has a public address") if {
	some type, path in private
	some machine in tf.resources(type)
	not tf.is_on(machine, path, false)
}
