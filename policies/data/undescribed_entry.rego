# METADATA
# title: Data or a model in the catalog that nobody owns, or of which nobody knows how sensitive it is
# description: >-
#   Who wants to use data has to know whom to ask and what may be done with it. Without an owner nobody answers, and
#   without a classification, or a card for a model, everybody guesses.
# custom:
#   id: data/undescribed-entry
#   severity: medium
#   subject: terraform
#   facts: [production]
#   remedy: give the entry an aspect of the type `owner`, and one of `classification`, or of `model-card` for a model
#   frameworks: [GDPR Art. 30, ISO 27001 A.5.9, EU AI Act Art. 11]
#   waivable: true
package rules.data.undescribed_entry

import data.lib.facts
import data.lib.tf

violation contains tf.finding(entry, "has no owner") if {
	some entry in entries
	not says(entry, ["owner"])
}

violation contains tf.finding(entry, "has neither a classification nor a model card") if {
	some entry in entries
	not says(entry, ["classification", "model-card"])
}

entries := [entry |
	some entry in tf.resources("google_dataplex_entry")
	facts.of(entry).production
]

# The key of an aspect ends with the id of its type, which has the platform's name before what it says.
says(entry, words) if {
	some aspect in tf.blocks(entry.body, "aspects")
	some word in words
	endswith(aspect.aspect_key, concat("", ["-", word]))
}
