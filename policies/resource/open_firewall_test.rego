package rules.resource.open_firewall_test

import data.lib.example
import data.rules.resource.open_firewall

classic(body) := object.union({"allow": [{"protocol": "tcp", "ports": ["22"]}]}, body)

ruled(action, range) := {"direction": "INGRESS", "action": action, "match": [{"src_ip_ranges": [range]}]}

test_named_sources_are_allowed if {
	every rule in [
		classic({"source_ranges": ["35.235.240.0/20"]}),
		classic({"source_tags": ["gateway"]}),
		classic({"source_ranges": ["0.0.0.0/0"], "disabled": true}),
		classic({"direction": "EGRESS", "destination_ranges": ["0.0.0.0/0"]}),
		{"deny": [{"protocol": "all"}], "source_ranges": ["0.0.0.0/0"]},
	] {
		count(open_firewall.violation) == 0 with input as example.written("google_compute_firewall", rule)
	}
	every rule in [ruled("allow", "10.0.0.0/8"), ruled("deny", "0.0.0.0/0")] {
		count(open_firewall.violation) == 0 with input as example.written(
			"google_compute_network_firewall_policy_rule",
			rule,
		)
	}
}

test_everybody_is_denied if {
	every rule in [classic({"source_ranges": ["0.0.0.0/0"]}), classic({"source_ranges": ["::/0"]}), classic({})] {
		count(open_firewall.violation) == 1 with input as example.written("google_compute_firewall", rule)
	}
	count(open_firewall.violation) == 1 with input as example.planned(
		"google_compute_network_firewall_policy_rule",
		ruled("allow", "0.0.0.0/0"), {},
	)
}
