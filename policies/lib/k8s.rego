# Kubernetes objects, from planform's manifests and from an admission review alike.
package lib.k8s

# The objects: `path`, `environment` and `object`.
objects := object.get(input, "objects", []) if not input.review

objects := [{"path": "", "environment": "", "object": input.review.object}] if input.review

# The pods that objects are or make: `entry`, the object that it comes from, `metadata` and `spec`.
pods := [pod |
	some entry in objects
	template := _template(entry.object)
	pod := {"entry": entry, "metadata": object.get(template, "metadata", {}), "spec": template.spec}
]

# A field of a container's security context, or else of its pod's.
secured(_, container, field) := container.securityContext[field]

secured(pod, container, field) := pod.spec.securityContext[field] if not _has(container, field)

_has(container, field) if field in object.keys(container.securityContext)

_template(object) := object if object.kind == "Pod"

_template(object) := object.spec.template if {
	object.kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"}
}

_template(object) := object.spec.jobTemplate.spec.template if object.kind == "CronJob"

# The containers of a pod, those that start it and those for debugging too.
containers(pod) := [container |
	some field in ["initContainers", "containers", "ephemeralContainers"]
	some container in pod.spec[field]
]

# The Helm charts that Config Sync or Argo CD install: `entry`, `chart`, `version`, and `values`, empty where there are none.
releases := [release |
	some entry in objects
	release := _release(entry)
]

_release(entry) := {"entry": entry, "chart": helm.chart, "version": version, "values": values} if {
	entry.object.kind in {"RootSync", "RepoSync"}
	helm := entry.object.spec.helm
	version := object.get(helm, "version", "")
	values := object.get(helm, "values", {})
}

_release(entry) := {"entry": entry, "chart": source.chart, "version": version, "values": values} if {
	entry.object.kind == "Application"
	source := entry.object.spec.source
	version := object.get(source, "targetRevision", "")
	values := object.get(source, ["helm", "valuesObject"], {})
}

# What roles grant: the role's entry, and one of its rules.
permissions := [[entry, rule] |
	some entry in objects
	entry.object.kind in {"ClusterRole", "Role"}
	some rule in entry.object.rules
]

# A finding: the rule's words follow the object's kind and name.
finding(entry, text) := {
	"msg": concat(" ", [title(entry.object), text]),
	"path": entry.path,
	"object": title(entry.object),
}

# `Deployment team-fraud/server`.
title(object) := concat(" ", [object.kind, concat("/", array.concat(_namespace(object), [_name(object)]))])

_namespace(object) := [object.metadata.namespace] if object.metadata.namespace

_namespace(object) := [] if not object.metadata.namespace

_name(object) := object.metadata.name

_name(object) := object.metadata.generateName if not object.metadata.name
