package rules.data.unproven_model_test

import data.lib.example
import data.rules.data.unproven_model

volume(name, bucket, folder) := {"name": name, "csi": {
	"driver": "gcsfuse.csi.storage.gke.io",
	"volumeAttributes": {"bucketName": bucket, "mountOptions": concat("", ["implicit-dirs,only-dir=", folder, ",uid=1"])},
}}

pod(volumes, init) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {
		"volumes": volumes,
		"initContainers": init,
		"containers": [{"name": "server", "volumeMounts": [{"name": "model", "mountPath": "/models/churn"}]}],
	},
}

model := volume("model", "b", "models/churn/3")

cards := volume("cards", "b", "cards/churn")

proof(words) := {
	"name": "proof",
	"command": array.concat(["python3", "-c", "..."], words),
	"volumeMounts": [{"name": "cards", "mountPath": "/cards"}],
}

both := ["/cards/3.json", "/cards/3.scan.json"]

test_a_version_with_card_and_verdict_is_allowed if {
	good := pod([model, cards], [proof(both)])
	count(unproven_model.violation) == 0 with input as example.objects([good])
	count(unproven_model.violation) == 0 with input as example.review(good)
}

test_what_is_no_model_is_allowed if {
	other := pod([volume("model", "b", "datasets/churn")], [])
	elsewhere := [{"name": "main", "volumeMounts": [{"name": "model", "mountPath": "/data"}]}]
	count(unproven_model.violation) == 0 with input as example.objects([object.union(other, {"spec": {"containers": elsewhere}})])
	count(unproven_model.violation) == 0 with input as example.objects([pod([{"name": "model", "emptyDir": {}}], [])])
}

test_a_version_that_nobody_asks_about_is_denied if {
	sidecar := object.union(proof(both), {"restartPolicy": "Always"})
	every init in [[], [proof(["/cards/3.json"])], [proof(["/cards/2.json", "/cards/2.scan.json"])], [sidecar]] {
		count(unproven_model.violation) == 1 with input as example.objects([pod([model, cards], init)])
		count(unproven_model.violation) == 1 with input as example.review(pod([model, cards], init))
	}
	every place in [volume("cards", "b", "cards/ranking"), volume("cards", "other", "cards/churn")] {
		count(unproven_model.violation) == 1 with input as example.objects([pod([model, place], [proof(both)])])
	}
}

test_a_model_that_no_registry_has_is_denied if {
	count(unproven_model.violation) == 1 with input as example.objects([pod([volume("model", "b", "churn/1")], [])])
	whole := {"name": "model", "csi": {"driver": "gcsfuse.csi.storage.gke.io", "volumeAttributes": {"bucketName": "b"}}}
	count(unproven_model.violation) == 1 with input as example.objects([pod([whole], [])])
}

test_trying_is_allowed if {
	tried := object.union(example.objects([pod([model], [])]), {"facts": example.trial})
	count(unproven_model.violation) == 0 with input as tried
}
