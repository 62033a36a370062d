# METADATA
# title: A copy of a secret that is never renewed
# description: >-
#   After a rotation the pods keep the old value until it is refused, or worse, until nobody dares to revoke it.
# custom:
#   id: security/stale-secret
#   severity: medium
#   subject: kubernetes
#   match: [{apiGroups: [external-secrets.io], kinds: [ExternalSecret, ClusterExternalSecret]}]
#   remedy: set `refreshInterval` to an hour, and leave `refreshPolicy` at `Periodic`
#   frameworks: [NIST IA-5, ISO 27001 A.5.17]
#   waivable: true
package rules.security.stale_secret

import data.lib.k8s

violation contains k8s.finding(entry, "is never brought up to date") if {
	some entry in k8s.objects
	some spec in specs(entry.object)
	is_left(spec)
}

specs(object) := [object.spec] if object.kind == "ExternalSecret"

specs(object) := [object.spec.externalSecretSpec] if object.kind == "ClusterExternalSecret"

is_left(spec) if regex.match(`^0+([a-z]+0*)*$`, object.get(spec, "refreshInterval", "1h"))

is_left(spec) if object.get(spec, "refreshPolicy", "Periodic") == "CreatedOnce"
