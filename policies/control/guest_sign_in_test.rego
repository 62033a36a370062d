package rules.control.guest_sign_in_test

import data.lib.example
import data.rules.control.guest_sign_in

application(config) := {
	"apiVersion": "argoproj.io/v1alpha1",
	"kind": "Application",
	"metadata": {"name": "it", "namespace": "argocd"},
	"spec": {"source": {
		"chart": "backstage",
		"targetRevision": "2.8.2",
		"helm": {"valuesObject": {"backstage": {"appConfig": config}}},
	}},
}

test_a_provider_that_knows_people_is_allowed if {
	config := {"auth": {"providers": {"github": {}}}}
	count(guest_sign_in.violation) == 0 with input as example.objects([application(config)])
}

test_guests_are_denied if {
	config := {"auth": {"providers": {"guest": {"dangerouslyAllowOutsideDevelopment": true}}}}
	count(guest_sign_in.violation) == 1 with input as example.objects([application(config)])
}

test_a_backend_without_its_policy_is_denied if {
	config := {"backend": {"auth": {"dangerouslyDisableDefaultAuthPolicy": true}}}
	count(guest_sign_in.violation) == 1 with input as example.objects([application(config)])
}
