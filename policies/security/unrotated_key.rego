# METADATA
# title: A key that is never replaced
# description: >-
#   All that was ever encrypted with one version of a key is readable with it. Rotation bounds what one lost version
#   opens; it costs nothing, as old versions still decrypt.
# custom:
#   id: security/unrotated-key
#   severity: medium
#   subject: terraform
#   remedy: set `rotation_period` of the key to a year at most; 90 days, `7776000s`, is usual
#   frameworks: [CIS GCP 1.10, NIST SC-12, PCI DSS 3.7]
#   waivable: true
package rules.security.unrotated_key

import data.lib.tf

year := 31536000

violation contains tf.finding(key, "is not rotated") if {
	some key in rotatable
	not tf.is_set(key, ["rotation_period"])
}

violation contains tf.finding(key, "is rotated less than once a year") if {
	some key in rotatable
	to_number(trim_suffix(tf.get(key, ["rotation_period"], "0s"), "s")) > year
}

violation contains tf.finding(key, "is not rotated") if {
	some key in tf.resources("aws_kms_key")
	tf.get(key, ["key_usage"], "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"
	tf.get(key, ["customer_master_key_spec"], "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
	not tf.is_on(key, ["enable_key_rotation"], false)
}

# Google rotates symmetric keys alone, and none that is brought from outside.
rotatable contains key if {
	some key in tf.resources("google_kms_crypto_key")
	tf.get(key, ["purpose"], "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"
	not tf.is_on(key, ["import_only"], false)
}
