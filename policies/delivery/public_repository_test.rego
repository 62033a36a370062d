package rules.delivery.public_repository_test

import data.lib.example
import data.rules.delivery.public_repository

test_a_private_one_is_allowed if {
	every body in [{"visibility": "private"}, {"private": true}] {
		count(public_repository.violation) == 0 with input as example.written("github_repository", body)
	}
	count(public_repository.violation) == 0 with input as example.planned("gitlab_project", {}, {})
}

test_a_public_one_is_denied if {
	every body in [{"visibility": "public"}, {}] {
		count(public_repository.violation) == 1 with input as example.planned("github_repository", body, {})
	}
	open := {"visibility_level": "public"}
	count(public_repository.violation) == 1 with input as example.written("gitlab_project", open)
}
