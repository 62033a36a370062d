# METADATA
# title: A public DNS zone whose answers anybody can forge
# description: >-
#   Without DNSSEC a resolver believes whoever answers first. People then type their password into somebody else's
#   portal.
# custom:
#   id: resource/unsigned-zone
#   severity: medium
#   subject: terraform
#   remedy: give the zone a `dnssec_config` with state `on`, and take over the DS record at the registrar
#   frameworks: [CIS GCP 3.3, CIS GCP 3.4, CIS GCP 3.5, NIST SC-20]
#   waivable: true
package rules.resource.unsigned_zone

import data.lib.tf

public contains zone if {
	some zone in tf.resources("google_dns_managed_zone")
	tf.get(zone, ["visibility"], "public") == "public"
}

violation contains tf.finding(zone, "is public and not signed") if {
	some zone in public
	tf.get(zone, ["dnssec_config", "state"], "off") != "on"
}

violation contains tf.finding(zone, "is signed with SHA-1") if {
	some zone in public
	some config in tf.blocks(zone.body, "dnssec_config")
	some key in tf.blocks(config, "default_key_specs")
	key.algorithm == "rsasha1"
}
