package rules.security.unrotated_key_test

import data.lib.example
import data.rules.security.unrotated_key

test_a_rotated_key_is_allowed if {
	count(unrotated_key.violation) == 0 with input as example.written(
		"google_kms_crypto_key",
		{"rotation_period": "7776000s"},
	)
	count(unrotated_key.violation) == 0 with input as example.written("aws_kms_key", {"enable_key_rotation": true})
}

test_what_cannot_be_rotated_is_allowed if {
	every key in [{"purpose": "ASYMMETRIC_SIGN"}, {"import_only": true}] {
		count(unrotated_key.violation) == 0 with input as example.written("google_kms_crypto_key", key)
	}
}

test_a_key_for_ever_is_denied if {
	every key in [{}, {"rotation_period": "63072000s"}, {"rotation_period": null, "purpose": "ENCRYPT_DECRYPT"}] {
		count(unrotated_key.violation) == 1 with input as example.planned("google_kms_crypto_key", key, {})
	}
	count(unrotated_key.violation) == 1 with input as example.written("aws_kms_key", {})
}
