package rules.control.unfenced_assistant_test

import data.lib.example
import data.rules.control.unfenced_assistant

path := "files/prod/control/claude-code/managed-settings.json"

gemini := "files/prod/control/gemini-code-assist/gemini-cli-settings.json"

fenced := {"defaultMode": "default", "disableBypassPermissionsMode": "disable"}

test_a_fence_is_allowed if {
	count(unfenced_assistant.violation) == 0 with input as example.file(path, {"permissions": fenced})
	count(unfenced_assistant.violation) == 0 with input as example.file(gemini, {"security": {"disableYoloMode": true}})
}

test_none_is_denied if {
	count(unfenced_assistant.violation) == 1 with input as example.file(path, {"permissions": {}})
	count(unfenced_assistant.violation) == 1 with input as example.file(gemini, {})
}

test_a_bypass_is_denied if {
	bypassed := object.union(fenced, {"defaultMode": "bypassPermissions"})
	count(unfenced_assistant.violation) == 1 with input as example.file(path, {"permissions": bypassed})
}
