# METADATA
# title: An image of a publisher that nobody chose
# description: >-
#   Whoever signs up can push to Docker Hub, GHCR, Quay, Amazon's public registry or a project of gcr.io, also under
#   a name that looks right. A publisher is chosen once, by who answers for it, and not in a manifest.
# custom:
#   id: delivery/unknown-publisher
#   severity: medium
#   subject: kubernetes
#   match: workloads
#   remedy: push the image to the platform's registry, where it is scanned, and name it there
#   frameworks: [OWASP CICD-SEC-9, CIS Kubernetes 5.5.1, NIST SR-3]
#   waivable: true
package rules.delivery.unknown_publisher

import data.lib.k8s

# Registries that anybody can push to. Others are an organisation's own.
open := {"docker.io", "gcr.io", "ghcr.io", "index.docker.io", "public.ecr.aws", "quay.io", "registry-1.docker.io"}

# Those of planform's own components.
publishers := {
	"docker.io/library",
	"docker.io/otel",
	"docker.io/vllm",
	"gcr.io/alloydb-connectors",
	"gcr.io/cloud-sql-connectors",
	"gcr.io/google.com",
	"gcr.io/tfx-oss-public",
	"ghcr.io/kubeflow",
	"ghcr.io/mlflow",
	"quay.io/feastdev",
	"quay.io/jupyter",
}

violation contains k8s.finding(pod.entry, concat(" ", ["runs an image of", publisher])) if {
	some pod in k8s.pods
	some container in k8s.containers(pod)
	[host, name] := named(split(container.image, "/"))
	host in open
	publisher := concat("/", [host, name])
	not publisher in publishers
}

# The registry and the first part of the name; Docker's own where none is written.
named(parts) := ["docker.io", "library"] if count(parts) == 1

named(parts) := ["docker.io", parts[0]] if {
	count(parts) > 1
	not regex.match(`[.:]`, parts[0])
}

named(parts) := [parts[0], parts[1]] if {
	count(parts) > 1
	regex.match(`[.:]`, parts[0])
}
