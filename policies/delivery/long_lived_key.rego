# METADATA
# title: A workflow that signs in with a key that does not expire
# description: >-
#   A key in a repository's secrets works from anywhere until somebody revokes it, and is printed, copied or stolen
#   before that. A token by OpenID Connect is of one run and one branch, and gone within the hour.
# custom:
#   id: delivery/long-lived-key
#   severity: high
#   subject: file
#   remedy: give the job `id-token` write and sign in with `workload_identity_provider` or `role-to-assume`
#   frameworks: [OWASP CICD-SEC-6, NIST IA-5, ISO 27001 A.5.17]
#   waivable: true
package rules.delivery.long_lived_key

import data.lib.text

# By action the input that takes a key.
inputs := {
	"aws-actions/configure-aws-credentials": "aws-secret-access-key",
	"azure/login": "creds",
	"google-github-actions/auth": "credentials_json",
}

variables := {"ARM_CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY", "GCP_SA_KEY", "GOOGLE_CREDENTIALS"}

violation contains text.finding(file, concat(" ", ["signs", step.uses, "in with", key])) if {
	some file in text.workflows
	some job in file.content.jobs
	some step in object.get(job, "steps", [])
	some action, key in inputs
	startswith(step.uses, concat("", [action, "@"]))
	step["with"][key]
}

violation contains text.finding(file, concat(" ", ["hands", name, "to what it runs"])) if {
	some file in text.workflows
	some environment in environments(file.content)
	some name, _ in environment
	name in variables
}

# All variables that a workflow sets, for itself, its jobs and their steps.
environments(workflow) := array.concat(
	[workflow.env | workflow.env],
	array.concat(
		[job.env | some job in workflow.jobs],
		[step.env |
			some job in workflow.jobs
			some step in job.steps
		],
	),
)
