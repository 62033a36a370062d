# METADATA
# title: A secret that is written into a manifest
# description: >-
#   Manifests lie in Git, where everybody who may read the repository reads them, now and in its history. Base64 hides
#   nothing.
# custom:
#   id: security/secret-in-manifest
#   severity: critical
#   subject: kubernetes
#   remedy: keep the value in the slot `secrets`, and let an ExternalSecret bring it to the pods
#   frameworks: [CIS GKE 4.4.2, NIST IA-5, NIST SC-28]
#   waivable: true
package rules.security.secret_in_manifest

import data.lib.k8s

named := `(?i)(^|[_.-])(password|passwd|secret|token|api_?key|access_?key|private_?key)$`

# Keys of machines and of well-known services, as they look.
shaped := `-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bAKIA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b`

violation contains k8s.finding(entry, concat(" ", ["has the value of", key, "in it"])) if {
	some entry in k8s.objects
	entry.object.kind == "Secret"
	some field in ["data", "stringData"]
	some key, value in entry.object[field]
	value != ""
}

violation contains k8s.finding(entry, concat(" ", ["has a key in", key])) if {
	some entry in k8s.objects
	entry.object.kind == "ConfigMap"
	some key, value in entry.object.data
	regex.match(shaped, value)
}

violation contains k8s.finding(pod.entry, concat(" ", ["has the value of", variable.name, "in it"])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	some variable in container.env
	value := object.get(variable, "value", "")
	value != ""
	is_secret(variable.name, value)
}

# A value in parentheses is that of another variable.
is_secret(name, value) if {
	regex.match(named, name)
	not startswith(value, "$(")
}

is_secret(_, value) if regex.match(shaped, value)
