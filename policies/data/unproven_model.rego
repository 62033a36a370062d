# METADATA
# title: A model in production without its card and a scan that passed
# description: >-
#   Loading a model can run whatever is in its files, and without a card nobody knows what it may be used for. The registry
#   keeps both beside every version; only what reads them before the server starts makes sure that they are there.
# custom:
#   id: data/unproven-model
#   severity: high
#   subject: kubernetes
#   match: workloads
#   facts: [production]
#   remedy: "serve a version of the model registry by a `ModelEndpoint`, or give `cards` to `model_server.endpoint`: an init container then waits for `VERSION.json` and `VERSION.scan.json`"
#   frameworks: [OWASP LLM03, NIST SI-7, NIST AI RMF MAP 4.2, EU AI Act Art. 11]
#   waivable: true
package rules.data.unproven_model

import data.lib.facts
import data.lib.k8s

driver := "gcsfuse.csi.storage.gke.io"

violation contains k8s.finding(entry, concat(" ", ["serves", concat("/", folder), "and reads no card and no verdict of it"])) if {
	some pod in k8s.pods
	entry := pod.entry
	facts.of(entry).production
	some volume in pod.spec.volumes
	folder := mounted(volume)
	is_version(folder)
	not is_proven(pod, volume.csi.volumeAttributes.bucketName, folder)
}

violation contains k8s.finding(entry, concat(" ", ["serves", name, "which is no version of the model registry"])) if {
	some pod in k8s.pods
	entry := pod.entry
	facts.of(entry).production
	some volume in pod.spec.volumes
	folder := mounted(volume)
	not is_version(folder)
	is_served(pod, volume)
	name := concat("/", array.concat([volume.csi.volumeAttributes.bucketName], folder))
}

# The folder of a bucket that a volume is, in its parts; none where it is the whole bucket.
mounted(volume) := folder if {
	volume.csi.driver == driver
	folder := [part |
		some option in split(object.get(volume.csi.volumeAttributes, "mountOptions", ""), ",")
		startswith(option, "only-dir=")
		some part in split(trim_prefix(option, "only-dir="), "/")
		part != ""
	]
}

# The registry keeps a version in `models/NAME/VERSION`.
is_version(folder) if {
	count(folder) == 3
	folder[0] == "models"
}

# Servers find their models in `/models`.
is_served(pod, volume) if {
	some container in k8s.containers(pod)
	some mount in container.volumeMounts
	mount.name == volume.name
	startswith(mount.mountPath, "/models")
}

is_proven(pod, bucket, [_, name, version]) if {
	some container in pod.spec.initContainers
	object.get(container, "restartPolicy", "") != "Always" # a sidecar, which nothing waits for to end
	some mount in container.volumeMounts
	some volume in pod.spec.volumes
	volume.name == mount.name
	mounted(volume) == ["cards", name]
	volume.csi.volumeAttributes.bucketName == bucket
	every ending in [".json", ".scan.json"] {
		reads(container, concat("", ["/", version, ending]))
	}
}

reads(container, name) if {
	some field in ["command", "args"]
	some word in container[field]
	endswith(word, name)
}
