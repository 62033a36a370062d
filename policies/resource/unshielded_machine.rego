# METADATA
# title: A machine whose boot nobody verifies
# description: >-
#   Without secure boot and integrity monitoring a kernel module or a boot loader that was put there stays, unseen,
#   below all that runs on the machine.
# custom:
#   id: resource/unshielded-machine
#   severity: medium
#   subject: terraform
#   remedy: set `enable_secure_boot` and `enable_integrity_monitoring` to true
#   frameworks: [CIS GKE 5.5.6, CIS GKE 5.5.7, CIS GCP 4.8, NIST SI-7]
#   waivable: true
package rules.resource.unshielded_machine

import data.lib.tf

shields := {
	"google_compute_instance": ["shielded_instance_config"],
	"google_compute_instance_template": ["shielded_instance_config"],
	"google_container_node_pool": ["node_config", "shielded_instance_config"],
	"google_workbench_instance": ["gce_setup", "shielded_instance_config"],
	"google_workstations_workstation_config": ["host", "gce_instance", "shielded_instance_config"],
}

# What the machine boots without, and the types that have it on by themselves.
wanted := {
	"secure boot": {"flag": "enable_secure_boot", "default": set()},
	"integrity monitoring": {
		"flag": "enable_integrity_monitoring",
		"default": object.keys(shields) - {"google_workstations_workstation_config"},
	},
}

violation contains tf.finding(machine, concat(" ", ["boots without", title])) if {
	some type, path in shields
	some machine in tf.resources(type)
	some title, wish in wanted
	not tf.is_on(machine, array.concat(path, [wish.flag]), type in wish["default"])
	not is_spared(machine, title)
}

# The drivers of TPUs are not signed, so that their nodes do not start with secure boot.
is_spared(pool, "secure boot") if startswith(tf.get(pool, ["node_config", "machine_type"], ""), "ct")
