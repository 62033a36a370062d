# METADATA
# title: Notebooks that anybody may start
# description: >-
#   A notebook runs any code as its team's identity. The chart's own default, and every dummy, takes any name with any
#   password; `allow_all` takes whoever has an account at the provider, which for GitHub or Google is everybody.
# custom:
#   id: control/open-notebooks
#   severity: critical
#   subject: kubernetes
#   remedy: name an authenticator that knows the organisation, and say by `allowed_users` or groups who may come in
#   frameworks: [NIST IA-2, NIST AC-3, ISO 27001 A.8.5]
#   waivable: true
package rules.control.open_notebooks

import data.lib.k8s

dummies := {
	"dummy",
	"null",
	"tmp",
	"jupyterhub.auth.DummyAuthenticator",
	"nullauthenticator.NullAuthenticator",
	"tmpauthenticator.TmpAuthenticator",
}

hubs contains {"entry": hub.entry, "config": object.get(hub.values, ["hub", "config"], {})} if {
	some hub in k8s.releases
	hub.chart == "jupyterhub"
}

violation contains k8s.finding(hub.entry, concat(" ", ["signs people in with", name])) if {
	some hub in hubs
	name := object.get(hub.config, ["JupyterHub", "authenticator_class"], "dummy")
	name in dummies
}

violation contains k8s.finding(hub.entry, "lets in whoever has an account at the provider") if {
	some hub in hubs
	some authenticator in hub.config
	authenticator.allow_all == true
}
