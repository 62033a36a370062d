package rules.delivery.refused_image_test

import data.lib.example
import data.rules.delivery.refused_image

refusing := {"evaluation_mode": "ALWAYS_DENY", "enforcement_mode": "ENFORCED_BLOCK_AND_AUDIT_LOG"}

policy(rule) := {
	"default_admission_rule": [rule],
	"admission_whitelist_patterns": [
		{"name_pattern": "europe-west4-docker.pkg.dev/acme-prod/**"},
		{"name_pattern": "quay.io/jupyter/scipy-notebook*"},
		{"name_pattern": "ghcr.io/acme/server:1.0.0"},
	],
}

pod(image) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "it", "namespace": "fraud"},
	"spec": {"containers": [{"name": "main", "image": image}]},
}

chart(values) := {
	"apiVersion": "configsync.gke.io/v1beta1",
	"kind": "RootSync",
	"metadata": {"name": "it", "namespace": "config-management-system"},
	"spec": {"helm": {"chart": "it", "version": "1.0.0", "values": values}},
}

platform(object_, rule) := object.union(
	example.written("google_binary_authorization_policy", policy(rule)),
	{"objects": example.objects([object_]).objects},
)

test_what_a_pattern_covers_is_allowed if {
	every image in [
		"europe-west4-docker.pkg.dev/acme-prod/team/own/server:1.0.0",
		"quay.io/jupyter/scipy-notebook:2026-07-28",
		"ghcr.io/acme/server:1.0.0",
	] {
		count(refused_image.violation) == 0 with input as platform(pod(image), refusing)
	}
}

test_other_images_are_denied if {
	every image in [
		"europe-west4-docker.pkg.dev/other/team/server:1.0.0",
		"quay.io/jupyter/scipy-notebook/own:1",
		"ghcr.io/acme/server:1.0.1",
	] {
		count(refused_image.violation) == 1 with input as platform(pod(image), refusing)
	}
}

test_images_of_a_chart_are_judged_too if {
	every values in [
		{"a": {"image": "ghcr.io/acme/own:1.0.0"}},
		{"image": {"name": "ghcr.io/acme/own", "tag": "1.0.0"}},
		{"list": [{"image": {"registry": "ghcr.io", "repository": "acme/own"}}]},
		{"image": {"registry": null, "repository": "ghcr.io/acme/own", "tag": null}},
	] {
		count(refused_image.violation) == 1 with input as platform(chart(values), refusing)
	}
	covered := {"image": {"registry": "ghcr.io", "repository": "acme/server", "tag": "1.0.0"}}
	count(refused_image.violation) == 0 with input as platform(chart(covered), refusing)
}

test_what_is_only_told_of_is_allowed if {
	every changed in [{"enforcement_mode": "DRYRUN_AUDIT_LOG_ONLY"}, {"evaluation_mode": "ALWAYS_ALLOW"}] {
		count(refused_image.violation) == 0 with input as platform(pod("nginx:1"), object.union(refusing, changed))
	}
}

test_a_cluster_without_a_policy_here_is_allowed if {
	count(refused_image.violation) == 0 with input as example.objects([pod("nginx:1")])
}
