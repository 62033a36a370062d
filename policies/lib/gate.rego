# What a pipeline that registers models has to be told, as variables.
package lib.gate

# By variable, what is missing without it.
words := {"SCAN_GATE": "no scan gate", "MODEL_CARDS": "no folder for cards"}

# What of it is missing, in words.
missing(variables) := [text |
	some name, text in words
	not is_told(name, object.get(variables, name, ""))
]

is_told("SCAN_GATE", value) if {
	is_string(value)
	json.is_valid(value)
	some word in json.unmarshal(value).command
	contains(word, "{verdict}")
}

is_told("MODEL_CARDS", value) if startswith(value, "gs://")
