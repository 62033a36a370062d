package rules.control.sleepless_machine_test

import data.lib.example
import data.rules.control.sleepless_machine

type := "google_workstations_workstation_config"

test_a_machine_that_stops_is_allowed if {
	every body in [{}, {"idle_timeout": "3600s", "running_timeout": "43200s"}] {
		count(sleepless_machine.violation) == 0 with input as example.written(type, body)
	}
	count(sleepless_machine.violation) == 0 with input as example.planned("google_workbench_instance", {}, {})
}

test_one_that_does_not_is_denied if {
	every body in [{"idle_timeout": "0s"}, {"running_timeout": "90000s"}] {
		count(sleepless_machine.violation) == 1 with input as example.written(type, body)
	}
	every seconds in ["", "0", "604800"] {
		body := {"gce_setup": [{"metadata": {"idle-timeout-seconds": seconds}}]}
		count(sleepless_machine.violation) == 1 with input as example.planned("google_workbench_instance", body, {})
	}
}
