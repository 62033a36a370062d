# METADATA
# title: A gateway that takes requests in plain text
# description: >-
#   The gateway is where people sign in. Over plain HTTP their session is read by whoever is on the way, also within
#   the company's network.
# custom:
#   id: control/plain-gateway
#   severity: medium
#   subject: kubernetes
#   match: [{apiGroups: [gateway.networking.k8s.io], kinds: [Gateway]}]
#   remedy: give the listener the protocol HTTPS and a certificate; waive the rule for one that only redirects
#   frameworks: [NIST SC-8, PCI DSS 4.2.1]
#   waivable: true
package rules.control.plain_gateway

import data.lib.k8s

violation contains k8s.finding(entry, concat(" ", ["has the listener", listener.name, "in plain HTTP"])) if {
	some entry in k8s.objects
	entry.object.kind == "Gateway"
	startswith(entry.object.apiVersion, "gateway.networking.k8s.io/")
	some listener in entry.object.spec.listeners
	listener.protocol == "HTTP"
}
