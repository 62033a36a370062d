# METADATA
# title: A checkout that leaves the token in the folder
# description: >-
#   `actions/checkout` writes the job's token into the folder's Git settings, where every later step, and whatever is
#   uploaded of that folder, has it.
# custom:
#   id: delivery/kept-credentials
#   severity: medium
#   subject: file
#   remedy: write `persist-credentials` false in the checkout, unless the job may write contents and pushes
#   frameworks: [OWASP CICD-SEC-6, NIST IA-5]
#   waivable: true
package rules.delivery.kept_credentials

import data.lib.text

violation contains text.finding(file, concat(" ", ["keeps the token after the checkout of job", name])) if {
	some file in text.workflows
	some name, job in file.content.jobs
	not may_push(object.get(job, "permissions", object.get(file.content, "permissions", {})))
	some step in job.steps
	startswith(step.uses, "actions/checkout@")
	not object.get(step, ["with", "persist-credentials"], true) in {false, "false"}
}

may_push(permissions) if permissions == "write-all"

may_push(permissions) if permissions.contents == "write"
