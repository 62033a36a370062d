# METADATA
# title: Notebook servers that are never ended
# description: >-
#   A notebook keeps its node, and often an accelerator, for as long as its server runs. Without culling a tab that
#   was forgotten on Friday is paid for until somebody looks.
# custom:
#   id: control/sleepless-notebooks
#   severity: medium
#   subject: kubernetes
#   remedy: leave `cull.enabled` on, with a `timeout` of hours and a `maxAge` of days
#   frameworks: [FinOps usage optimization, NIST AC-12]
#   waivable: true
package rules.control.sleepless_notebooks

import data.lib.k8s

violation contains k8s.finding(hub.entry, "does not end servers that nobody uses") if {
	some hub in k8s.releases
	hub.chart == "jupyterhub"
	hub.values.cull.enabled == false
}
