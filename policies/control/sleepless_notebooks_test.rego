package rules.control.sleepless_notebooks_test

import data.lib.example
import data.rules.control.sleepless_notebooks

hub(values) := {
	"apiVersion": "configsync.gke.io/v1beta1",
	"kind": "RootSync",
	"metadata": {"name": "it", "namespace": "config-management-system"},
	"spec": {"helm": {"chart": "jupyterhub", "version": "4.3.6", "values": values}},
}

test_culling_is_allowed if {
	every values in [{}, {"cull": {"enabled": true}}] {
		count(sleepless_notebooks.violation) == 0 with input as example.objects([hub(values)])
	}
}

test_no_culling_is_denied if {
	count(sleepless_notebooks.violation) == 1 with input as example.objects([hub({"cull": {"enabled": false}})])
}
