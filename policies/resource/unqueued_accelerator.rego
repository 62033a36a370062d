# METADATA
# title: A job that takes accelerators past the queue
# description: >-
#   The quota of a team is kept by the queue. A job that stands in none takes the accelerators of others, and nothing
#   will make it give them back.
# custom:
#   id: resource/unqueued-accelerator
#   severity: high
#   subject: kubernetes
#   facts: [slots]
#   remedy: label the job with `kueue.x-k8s.io/queue-name` and the name of the team's LocalQueue
#   frameworks: [FinOps rate optimisation, NIST SC-6]
#   waivable: true
package rules.resource.unqueued_accelerator

import data.lib.facts
import data.lib.k8s

# What ends by itself, and so can wait.
jobs := {"CronJob", "Job", "JobSet", "PyTorchJob", "RayJob", "TrainJob"}

accelerators := {"google.com/tpu", "nvidia.com/gpu"}

violation contains k8s.finding(entry, "asks for accelerators and stands in no queue") if {
	some entry in k8s.objects
	entry.object.kind in jobs
	facts.of(entry).slots.batch_queue == "kueue"
	asks(entry.object)
	object.get(job(entry.object), ["metadata", "labels", "kueue.x-k8s.io/queue-name"], "") == ""
}

asks(object) if {
	walk(object, [path, amount])
	count(path) > 0
	path[count(path) - 1] in accelerators
	not amount in {0, "0"}
}

job(object) := object.spec.jobTemplate if object.kind == "CronJob"

job(object) := object if object.kind != "CronJob"
