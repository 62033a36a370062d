# METADATA
# title: A workflow that writes a stranger's text into a script
# description: >-
#   GitHub puts the text of an expression into the script before a shell reads it. A title such as `"; curl ... #` is
#   then a command, run with the job's token.
# custom:
#   id: delivery/script-injection
#   severity: critical
#   subject: file
#   remedy: hand the text over in `env`, and read the variable in quotes
#   frameworks: [OWASP CICD-SEC-4, NIST SI-10, CWE-94]
#   waivable: false
package rules.delivery.script_injection

import data.lib.text

# What GitHub's guide names as written by whoever opens an issue, proposes a change or comments.
foreign := concat("", [`\$\{\{([^}]|\}[^}])*github\.(`, concat("|", parts), `)`])

parts := [
	`head_ref`,
	`event\.(issue|pull_request|discussion)\.(title|body)`,
	`event\.(comment|review|review_comment)\.body`,
	`event\.pull_request\.head\.(ref|label|repo\.default_branch)`,
	`event\.(head_commit|commits[^}]*)\.(message|author\.(name|email))`,
	`event\.workflow_run\.(head_branch|display_title|head_commit\.message)`,
	`event\.pages[^}]*page_name`,
]

violation contains text.finding(file, concat(" ", ["has a stranger's text in a script of job", name])) if {
	some file in text.workflows
	some name, job in file.content.jobs
	some step in job.steps
	some script in scripts(step)
	regex.match(foreign, script)
}

scripts(step) := array.concat([step.run | step.run], [step["with"].script | step["with"].script])
