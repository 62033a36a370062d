package rules.delivery.endless_job_test

import data.lib.example
import data.rules.delivery.endless_job

path := "repository/.github/workflows/plan.yaml"

test_a_job_with_an_end_is_allowed if {
	every job in [{"timeout-minutes": 5, "steps": []}, {"uses": "./.github/workflows/plan.yaml"}] {
		count(endless_job.violation) == 0 with input as example.file(path, {"jobs": {"plan": job}})
	}
}

test_one_without_is_found if {
	count(endless_job.violation) == 1 with input as example.file(path, {"jobs": {"plan": {"steps": []}}})
}
