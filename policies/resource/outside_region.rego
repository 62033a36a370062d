# METADATA
# title: A resource outside of the regions of its environment
# description: >-
#   The blueprint says where an environment's data may lie. A single resource elsewhere moves personal data across
#   a border, and slows down everything that calls it.
# custom:
#   id: resource/outside-region
#   severity: high
#   subject: terraform
#   facts: [regions]
#   remedy: use the region of the environment, or one of its zones
#   frameworks: [GDPR Art. 44, NIST SC-7]
#   waivable: true
package rules.resource.outside_region

import data.lib.facts
import data.lib.tf

# `us-central1`, `europe-west4-a`: with a digit, so that `global` and the multi-regions are no regions.
place := `^[a-z]+-[a-z]+[0-9]+(-[a-z])?$`

violation contains tf.finding(resource, concat(" ", ["is in", location])) if {
	some argument in ["location", "region", "zone"]
	some resource in tf.having(argument)
	location := lower(resource.body[argument])
	regex.match(place, location)
	not is_allowed(location, facts.of(resource).regions)
}

is_allowed(location, regions) if location in regions

is_allowed(zone, regions) if {
	some region in regions
	startswith(zone, concat("", [region, "-"]))
}
