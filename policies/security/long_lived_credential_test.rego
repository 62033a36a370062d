package rules.security.long_lived_credential_test

import data.lib.example
import data.rules.security.long_lived_credential

test_an_account_without_a_key_is_allowed if {
	count(long_lived_credential.violation) == 0 with input as example.written("google_service_account", {})
}

test_a_key_is_denied if {
	every type in ["google_service_account_key", "google_storage_hmac_key", "aws_iam_access_key"] {
		count(long_lived_credential.violation) == 1 with input as example.written(type, {})
		count(long_lived_credential.violation) == 1 with input as example.planned(type, {}, {})
	}
}
