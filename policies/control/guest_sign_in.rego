# METADATA
# title: A developer portal that lets guests in
# description: >-
#   The portal opens pull requests, reads the cluster and shows who owns what. A guest has no name, so nobody can say
#   who did it; without the default policy its API asks nobody at all.
# custom:
#   id: control/guest-sign-in
#   severity: critical
#   subject: kubernetes
#   remedy: take the guest provider out of `auth.providers`, and leave the backend's default policy on
#   frameworks: [NIST IA-2, NIST AC-14, ISO 27001 A.8.5]
#   waivable: true
package rules.control.guest_sign_in

import data.lib.k8s

portals contains portal if {
	some portal in k8s.releases
	portal.chart == "backstage"
}

violation contains k8s.finding(portal.entry, "lets guests sign in") if {
	some portal in portals
	providers := object.get(portal.values, ["backstage", "appConfig", "auth", "providers"], {})
	"guest" in object.keys(providers)
}

violation contains k8s.finding(portal.entry, "answers requests of nobody") if {
	some portal in portals
	portal.values.backstage.appConfig.backend.auth.dangerouslyDisableDefaultAuthPolicy == true
}
