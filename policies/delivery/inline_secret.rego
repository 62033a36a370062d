# METADATA
# title: A workload file with a secret written into it
# description: >-
#   A Score file lies in Git and is copied by everybody who starts from it. A password in it is read by all of them,
#   and stays in the history when it is taken out.
# custom:
#   id: delivery/inline-secret
#   severity: high
#   subject: file
#   remedy: ask for the secret under `resources` and write its placeholder; change the secret, as it was read
#   frameworks: [OWASP CICD-SEC-6, NIST IA-5, CWE-798]
#   waivable: true
package rules.delivery.inline_secret

import data.lib.text

secret := `(?i)(^|[_.-])(password|passwd|secret|token|api_?key|access_?key|private_?key)$`

violation contains text.finding(file, concat(" ", ["has the value of", name, "in it"])) if {
	some file in text.files
	startswith(file.content.apiVersion, "score.dev/")
	some container in file.content.containers
	some name, value in container.variables
	regex.match(secret, name)
	not contains(value, "${")
	value != ""
}
