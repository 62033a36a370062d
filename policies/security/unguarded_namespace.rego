# METADATA
# title: A namespace in which nothing checks pods
# description: >-
#   Kubernetes checks pods against a standard where the namespace is labelled with one, and lets every pod through
#   where it is not, the privileged ones too.
# custom:
#   id: security/unguarded-namespace
#   severity: high
#   subject: kubernetes
#   facts: [teams]
#   remedy: label the namespace with `pod-security.kubernetes.io/enforce`, `baseline` or `restricted`; only a namespace of the platform's own agents may have `privileged`
#   frameworks: [CIS GKE 4.2.1, NIST AC-6, NIST CM-7]
#   waivable: true
package rules.security.unguarded_namespace

import data.lib.facts
import data.lib.k8s

violation contains k8s.finding(entry, "enforces no standard for pods") if {
	some entry in k8s.objects
	entry.object.kind == "Namespace"
	level := object.get(entry.object.metadata, ["labels", "pod-security.kubernetes.io/enforce"], "")
	not level in allowed(entry.object.metadata.name, object.keys(facts.of(entry).teams))
}

allowed(namespace, teams) := {"baseline", "restricted"} if namespace in teams

allowed(namespace, teams) := {"baseline", "restricted", "privileged"} if not namespace in teams
