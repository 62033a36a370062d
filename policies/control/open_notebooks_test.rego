package rules.control.open_notebooks_test

import data.lib.example
import data.rules.control.open_notebooks

hub(values) := {
	"apiVersion": "configsync.gke.io/v1beta1",
	"kind": "RootSync",
	"metadata": {"name": "it", "namespace": "config-management-system"},
	"spec": {"helm": {"chart": "jupyterhub", "version": "4.3.6", "values": values}},
}

config(body) := hub({"hub": {"config": body}})

test_an_authenticator_that_knows_people_is_allowed if {
	known := {"JupyterHub": {"authenticator_class": "google"}, "GoogleOAuthenticator": {"hosted_domain": ["a.example"]}}
	count(open_notebooks.violation) == 0 with input as example.objects([config(known)])
}

test_a_dummy_is_denied if {
	every values in [{}, {"hub": {"config": {"JupyterHub": {"authenticator_class": "null"}}}}] {
		count(open_notebooks.violation) == 1 with input as example.objects([hub(values)])
	}
}

test_everybody_at_a_provider_is_denied if {
	everybody := {"JupyterHub": {"authenticator_class": "github"}, "GitHubOAuthenticator": {"allow_all": true}}
	count(open_notebooks.violation) == 1 with input as example.objects([config(everybody)])
}
