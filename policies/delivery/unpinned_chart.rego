# METADATA
# title: A chart of whatever version is newest
# description: >-
#   A chart without an exact version is upgraded by its publisher, at a time of his choosing and in every environment
#   at once, with all the rights that installed it.
# custom:
#   id: delivery/unpinned-chart
#   severity: medium
#   subject: kubernetes
#   remedy: name the chart's exact version, in `version` or `targetRevision`
#   frameworks: [OWASP CICD-SEC-3, NIST CM-2, NIST SR-3]
#   waivable: true
package rules.delivery.unpinned_chart

import data.lib.k8s

violation contains k8s.finding(release.entry, concat(" ", ["installs no exact version of", release.chart])) if {
	some release in k8s.releases
	not regex.match(`^v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`, release.version)
}
