# METADATA
# title: A job that may hang for six hours
# description: >-
#   GitHub ends a job after 360 minutes unless it says less. Until then it is paid for, and holds the lock of the state
#   or the group that others wait for.
# custom:
#   id: delivery/endless-job
#   severity: low
#   subject: file
#   remedy: write `timeout-minutes` at the job, twice what it takes on a slow day
#   frameworks: [FinOps usage optimization]
#   waivable: true
package rules.delivery.endless_job

import data.lib.text

violation contains text.finding(file, concat(" ", ["has no timeout-minutes at job", name])) if {
	some file in text.workflows
	some name, job in file.content.jobs
	not has(job, "uses")
	not has(job, "timeout-minutes")
}

has(job, key) if key in object.keys(job)
