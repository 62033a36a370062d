# METADATA
# title: A developer's machine that starts whatever is on its disk
# description: >-
#   Developers install what they need, now and then from the wrong place. A shielded machine refuses a changed boot
#   chain, so that what gets in does not outlive a restart.
# custom:
#   id: control/unshielded-machine
#   severity: medium
#   subject: terraform
#   remedy: turn secure boot, the virtual TPM and integrity monitoring on
#   frameworks: [CIS GCP 4.8, NIST SI-7]
#   waivable: true
package rules.control.unshielded_machine

import data.lib.tf

# Where it is written, and what the provider takes where nothing is.
machines := {
	"google_workbench_instance": {
		"path": ["gce_setup", "shielded_instance_config"],
		"flags": {"enable_integrity_monitoring": true, "enable_secure_boot": false, "enable_vtpm": true},
	},
	"google_workstations_workstation_config": {
		"path": ["host", "gce_instance", "shielded_instance_config"],
		"flags": {"enable_integrity_monitoring": false, "enable_secure_boot": false, "enable_vtpm": false},
	},
}

violation contains tf.finding(machine, concat(" ", ["has no", flag])) if {
	some type, form in machines
	some machine in tf.resources(type)
	some flag, by_default in form.flags
	not tf.is_on(machine, array.concat(form.path, [flag]), by_default)
}
