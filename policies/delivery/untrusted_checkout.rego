# METADATA
# title: A workflow that runs a stranger's code with the repository's rights
# description: >-
#   `pull_request_target`, `workflow_run` and comments run with secrets and a token that may write, whoever caused them.
#   Once such a run checks the proposed change out, its author decides what is done with both.
# custom:
#   id: delivery/untrusted-checkout
#   severity: critical
#   subject: file
#   remedy: run proposed code on `pull_request`, and keep what needs secrets to code that was merged
#   frameworks: [OWASP CICD-SEC-4, NIST SI-10]
#   waivable: false
package rules.delivery.untrusted_checkout

import data.lib.text

trusting := {"issue_comment", "pull_request_target", "workflow_run"}

proposed := `github\.head_ref|github\.event\.(pull_request\.head|workflow_run\.head|issue\.number)|refs/pull/`

violation contains text.finding(file, concat(" ", ["checks out a proposed change on", event])) if {
	some file in text.workflows
	some event in (events(file.content) & trusting)
	some job in file.content.jobs
	some step in job.steps
	takes(step)
}

takes(step) if {
	startswith(step.uses, "actions/checkout@")
	some key in ["ref", "repository"]
	regex.match(proposed, step["with"][key])
}

takes(step) if regex.match(`gh pr checkout|git (fetch|pull)[^\n]*pull/`, step.run)

# What a workflow runs on: a name, a list or a mapping, under a key that YAML 1.1 takes for `true`.
events(workflow) := {event |
	some key in ["on", "true"]
	some event in names(workflow[key])
}

names(on) := {on} if is_string(on)

names(on) := {event | some event in on} if is_array(on)

names(on) := object.keys(on) if is_object(on)
