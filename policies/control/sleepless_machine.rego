# METADATA
# title: A developer's machine that runs when nobody uses it
# description: >-
#   A machine with an accelerator that runs over a weekend costs what a week of work on it does. Machines that never
#   stop also keep sessions and caches of credentials alive.
# custom:
#   id: control/sleepless-machine
#   severity: medium
#   subject: terraform
#   remedy: stop the machine after at most a day without use, and a workstation after at most a day whatever it does
#   frameworks: [FinOps usage optimization, NIST AC-12]
#   waivable: true
package rules.control.sleepless_machine

import data.lib.tf

day := 86400

# What the provider takes where nothing is written.
limits := {"idle_timeout": "1200s", "running_timeout": "43200s"}

violation contains tf.finding(machine, concat(" ", ["has the", field, quoted(length)])) if {
	some machine in tf.resources("google_workstations_workstation_config")
	some field, by_default in limits
	length := tf.get(machine, [field], by_default)
	is_endless(trim_suffix(length, "s"))
}

violation contains tf.finding(machine, concat(" ", ["has the idle-timeout-seconds", quoted(length)])) if {
	some machine in tf.resources("google_workbench_instance")
	length := tf.get(machine, ["gce_setup", "metadata", "idle-timeout-seconds"], "10800")
	is_endless(length)
}

# None at all is no limit.
is_endless("")

is_endless(seconds) if to_number(seconds) == 0

is_endless(seconds) if to_number(seconds) > day

quoted(length) := concat("", ["`", length, "`"])
