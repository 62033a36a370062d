# METADATA
# title: A workflow whose token may do more than it says
# description: >-
#   Without `permissions` a job's token has what the repository's settings give, which may be leave to push. Whatever
#   a job installs can read that token.
# custom:
#   id: delivery/broad-token
#   severity: high
#   subject: file
#   remedy: write `permissions` with an empty mapping at the top, and at each job what it needs
#   frameworks: [OWASP CICD-SEC-5, NIST AC-6]
#   waivable: true
package rules.delivery.broad_token

import data.lib.text

violation contains text.finding(file, concat(" ", ["does not say what the token of job", name, "may do"])) if {
	some file in text.workflows
	not says(file.content)
	some name, job in file.content.jobs
	not says(job)
}

violation contains text.finding(file, "gives its tokens leave to write everything") if {
	some file in text.workflows
	some part in array.concat([file.content], [job | some job in file.content.jobs])
	part.permissions == "write-all"
}

says(part) if "permissions" in object.keys(part)
