# METADATA
# title: Dashboards that people read without signing in
# description: >-
#   Boards name every service, queue and table, and a data source answers any query. An administrator's password in the
#   chart's values is read by everybody who reads the repository.
# custom:
#   id: observability/anonymous-dashboards
#   severity: high
#   subject: kubernetes
#   remedy: turn `auth.anonymous` off, sign people in by OpenID Connect, and keep the administrator in a secret
#   frameworks: [NIST AC-14, NIST IA-5, ISO 27001 A.8.5]
#   waivable: true
package rules.observability.anonymous_dashboards

import data.lib.k8s

violation contains k8s.finding(release.entry, "shows its dashboards to everybody") if {
	some release in k8s.releases
	release.chart == "grafana"
	release.values["grafana.ini"]["auth.anonymous"].enabled == true
}

violation contains k8s.finding(release.entry, "has the administrator's password in its values") if {
	some release in k8s.releases
	release.chart == "grafana"
	object.get(release.values, "adminPassword", "") != ""
}
