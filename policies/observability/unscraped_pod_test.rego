package rules.observability.unscraped_pod_test

import data.lib.example
import data.rules.observability.unscraped_pod

pod(annotations) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud", "labels": {"app": "it"}, "annotations": annotations},
	"spec": {"containers": [{"name": "main", "image": "it:1", "ports": [{"name": "metrics", "containerPort": 9090}]}]},
}

scraper(namespace, labels) := {
	"apiVersion": "monitoring.googleapis.com/v1",
	"kind": "PodMonitoring",
	"metadata": {"name": "it", "namespace": namespace},
	"spec": {"selector": {"matchLabels": labels}, "endpoints": [{"port": "metrics"}]},
}

watched(objects) := json.patch(
	example.objects(objects),
	[{"op": "add", "path": "/facts/environments/prod/slots/monitoring", "value": "cloud-monitoring"}],
)

test_a_scraped_pod_is_allowed if {
	count(unscraped_pod.violation) == 0 with input as watched([pod({}), scraper("fraud", {"app": "it"})])
	count(unscraped_pod.violation) == 0 with input as watched([pod({"prometheus.io/scrape": "true"})])
}

test_where_nothing_watches_it_is_allowed if {
	count(unscraped_pod.violation) == 0 with input as example.objects([pod({})])
}

test_an_unscraped_pod_is_denied if {
	every objects in [
		[pod({})],
		[pod({}), scraper("search", {"app": "it"})],
		[pod({}), scraper("fraud", {"app": "other"})],
	] {
		count(unscraped_pod.violation) == 1 with input as watched(objects)
	}
}
