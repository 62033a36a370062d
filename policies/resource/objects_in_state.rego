# METADATA
# title: A Kubernetes object or a chart that Terraform applies
# description: >-
#   Such a resource needs the cluster at plan time, so that a plan of a new environment fails, and its state holds
#   every Secret in clear. The cluster's own GitOps tool needs neither.
# custom:
#   id: resource/objects-in-state
#   severity: medium
#   subject: terraform
#   remedy: write the object with `planform.kubernetes`, or name the chart in a `HelmRelease`; the slot `gitops` delivers both
#   frameworks: [NIST CM-3, NIST SC-28]
#   waivable: true
package rules.resource.objects_in_state

import data.lib.tf

violation contains tf.finding(resource, "is applied by Terraform and not by GitOps") if {
	some type in tf.types
	some prefix in ["kubernetes_", "helm_release", "kubectl_"]
	startswith(type, prefix)
	some resource in tf.resources(type)
}
