package rules.resource.unlimited_team_test

import data.lib.example
import data.rules.resource.unlimited_team

namespace(name) := {"kind": "Namespace", "metadata": {"name": name}}

quota(hard) := {"kind": "ResourceQuota", "metadata": {"name": "quota", "namespace": "fraud"}, "spec": {"hard": hard}}

test_a_quota_is_allowed if {
	count(unlimited_team.violation) == 0 with input as example.objects([namespace("fraud"), quota({"pods": "500"})])
	count(unlimited_team.violation) == 0 with input as example.objects([namespace("kafka")])
}

test_none_is_denied if {
	count(unlimited_team.violation) == 1 with input as example.objects([namespace("fraud")])
	count(unlimited_team.violation) == 1 with input as example.objects([namespace("fraud"), quota({})])
}
