package rules.resource.unqueued_accelerator_test

import data.lib.example
import data.rules.resource.unqueued_accelerator

spec(amount) := {"template": {"spec": {"containers": [{
	"name": "main",
	"resources": {"limits": {"nvidia.com/gpu": amount}},
}]}}}

job(labels, amount) := {
	"apiVersion": "batch/v1",
	"kind": "Job",
	"metadata": {"name": "it", "namespace": "fraud", "labels": labels},
	"spec": spec(amount),
}

cron(labels) := {
	"apiVersion": "batch/v1",
	"kind": "CronJob",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"jobTemplate": {"metadata": {"labels": labels}, "spec": spec(1)}},
}

queued := {"kueue.x-k8s.io/queue-name": "fraud"}

with_kueue(objects) := object.union(
	example.objects(objects),
	{"facts": object.union(example.facts, {"environments": {"prod": {"slots": {"batch_queue": "kueue"}}}})},
)

test_a_queued_job_is_allowed if {
	count(unqueued_accelerator.violation) == 0 with input as with_kueue([job(queued, "1"), cron(queued)])
}

test_a_job_without_accelerators_is_allowed if {
	count(unqueued_accelerator.violation) == 0 with input as with_kueue([job({}, "0")])
}

test_a_job_past_the_queue_is_denied if {
	count(unqueued_accelerator.violation) == 1 with input as with_kueue([job({}, "8")])
	count(unqueued_accelerator.violation) == 1 with input as with_kueue([cron({})])
}

test_without_a_queue_there_is_none_to_stand_in if {
	count(unqueued_accelerator.violation) == 0 with input as example.objects([job({}, "8")])
}
