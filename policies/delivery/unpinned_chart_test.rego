package rules.delivery.unpinned_chart_test

import data.lib.example
import data.rules.delivery.unpinned_chart

application(version) := {
	"apiVersion": "argoproj.io/v1alpha1",
	"kind": "Application",
	"metadata": {"name": "it", "namespace": "argocd"},
	"spec": {"source": {"chart": "keda", "targetRevision": version}},
}

synced := {
	"apiVersion": "configsync.gke.io/v1beta1",
	"kind": "RootSync",
	"metadata": {"name": "it", "namespace": "config-management-system"},
	"spec": {"helm": {"chart": "keda"}},
}

test_an_exact_version_is_allowed if {
	every version in ["2.20.2", "v1.0.0-rc.1"] {
		count(unpinned_chart.violation) == 0 with input as example.objects([application(version)])
	}
}

test_any_other_is_denied if {
	every object in [application("2.*"), application(">=2.0.0"), application("2.20"), synced] {
		count(unpinned_chart.violation) == 1 with input as example.objects([object])
	}
}
