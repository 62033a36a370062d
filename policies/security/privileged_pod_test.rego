package rules.security.privileged_pod_test

import data.lib.example
import data.rules.security.privileged_pod

workload(kind, spec) := {
	"apiVersion": "apps/v1",
	"kind": kind,
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"template": {"spec": spec}},
}

test_a_plain_pod_is_allowed if {
	plain := {"containers": [{"name": "main", "securityContext": {"privileged": false}}]}
	count(privileged_pod.violation) == 0 with input as example.objects([workload("Deployment", plain)])
}

test_each_way_out_is_denied if {
	every spec in [
		{"containers": [{"name": "main", "securityContext": {"privileged": true}}]},
		{"containers": [], "initContainers": [{"name": "first", "securityContext": {"privileged": true}}]},
		{"containers": [], "hostNetwork": true},
		{"containers": [], "hostPID": true},
		{"containers": [], "volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
	] {
		count(privileged_pod.violation) == 1 with input as example.objects([workload("DaemonSet", spec)])
		count(privileged_pod.violation) == 1 with input as example.review(workload("Job", spec))
	}
}

test_a_pod_and_a_cron_job_are_seen if {
	spec := {"containers": [], "hostIPC": true}
	pod := {"kind": "Pod", "metadata": {"generateName": "it-"}, "spec": spec}
	cron := {"kind": "CronJob", "metadata": {"name": "it"}, "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}
	count(privileged_pod.violation) == 2 with input as example.objects([pod, cron])
}
