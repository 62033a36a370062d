# METADATA
# title: A pod whose metrics nobody collects
# description: >-
#   A container that offers a port `metrics` was made to be watched. Without an object that selects it, its alerts and
#   boards stay empty, and an empty board looks like a quiet night.
# custom:
#   id: observability/unscraped-pod
#   severity: medium
#   subject: kubernetes
#   facts: [slots]
#   remedy: add a PodMonitoring or PodMonitor that selects the pod's labels, or let the slot `monitoring` scrape it
#   frameworks: [NIST SI-4]
#   waivable: true
package rules.observability.unscraped_pod

import data.lib.facts
import data.lib.k8s

# By environment and namespace the labels that scrapers ask for.
scraped[place] contains object.get(entry.object, ["spec", "selector", "matchLabels"], {}) if {
	some entry in k8s.objects
	entry.object.kind in {"PodMonitor", "PodMonitoring"}
	place := [entry.environment, entry.object.metadata.namespace]
}

violation contains k8s.finding(entry, "offers metrics that nothing collects") if {
	some pod in k8s.pods
	entry := pod.entry
	"monitoring" in object.keys(facts.of(entry).slots)
	offers(pod)
	object.get(pod.metadata, ["annotations", "prometheus.io/scrape"], "") != "true"
	not is_scraped(pod)
}

offers(pod) if {
	some container in k8s.containers(pod)
	some port in container.ports
	port.name in {"http-metrics", "metrics"}
}

is_scraped(pod) if {
	some wanted in scraped[[pod.entry.environment, pod.entry.object.metadata.namespace]]
	labels := object.get(pod.metadata, "labels", {})
	every key, value in wanted {
		labels[key] == value
	}
}
