package rules.data.undescribed_entry_test

import data.lib.example
import data.rules.data.undescribed_entry

type := "google_dataplex_entry"

entry(words) := {"aspects": [aspect |
	some word in words
	aspect := {"aspect_key": concat("", ["1.europe-west4.acme-", word]), "aspect": [{"data": "{}"}]}
]}

test_data_with_owner_and_classification_is_allowed if {
	count(undescribed_entry.violation) == 0 with input as example.written(type, entry(["owner", "classification"]))
}

test_a_model_with_owner_and_card_is_allowed if {
	count(undescribed_entry.violation) == 0 with input as example.planned(type, entry(["owner", "model-card"]), {})
}

test_what_is_missing_is_denied if {
	count(undescribed_entry.violation) == 1 with input as example.written(type, entry(["classification"]))
	count(undescribed_entry.violation) == 1 with input as example.planned(type, entry(["owner"]), {})
	count(undescribed_entry.violation) == 2 with input as example.written(type, {})
}

test_outside_of_production_it_may_wait if {
	empty := example.written(type, {})
	count(undescribed_entry.violation) == 0 with input as object.union(empty, {"facts": example.trial})
}
