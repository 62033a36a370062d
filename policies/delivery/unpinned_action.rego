# METADATA
# title: A workflow that runs whatever an action's tag says today
# description: >-
#   A tag can be moved, and was: in March 2025 those of tj-actions/changed-files were, and printed the secrets of
#   23,000 repositories. A commit cannot.
# custom:
#   id: delivery/unpinned-action
#   severity: high
#   subject: file
#   remedy: write the full commit after `@`, with the version in a comment
#   frameworks: [SLSA Build L2, CIS Software Supply Chain 2.2, NIST SR-3]
#   waivable: true
package rules.delivery.unpinned_action

import data.lib.text

violation contains text.finding(file, concat(" ", ["uses", step.uses, "and no commit of it"])) if {
	some file in text.workflows
	some job in file.content.jobs
	some step in object.get(job, "steps", [])
	is_unpinned(step.uses)
}

violation contains text.finding(file, concat(" ", ["calls", job.uses, "and no commit of it"])) if {
	some file in text.workflows
	some job in file.content.jobs
	is_unpinned(job.uses)
}

is_unpinned(action) if {
	not startswith(action, "./")
	not startswith(action, "docker://")
	not regex.match(`@[0-9a-f]{40}$`, action)
}

is_unpinned(action) if {
	startswith(action, "docker://")
	not regex.match(`@sha256:[0-9a-f]{64}$`, action)
}
