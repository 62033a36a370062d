# METADATA
# title: A coding assistant that may be told to ask for nothing
# description: >-
#   An assistant reads what strangers wrote and runs commands as the developer. The rules of what it may do hold only
#   while a developer, or a text that it read, cannot switch all of them off.
# custom:
#   id: control/unfenced-assistant
#   severity: high
#   subject: file
#   remedy: >-
#     disable the bypass in the managed settings: `permissions.disableBypassPermissionsMode` of Claude Code,
#     `security.disableYoloMode` of Gemini CLI
#   frameworks: [OWASP LLM06, NIST AC-6]
#   waivable: true
package rules.control.unfenced_assistant

import data.lib.text

violation contains text.finding(file, "lets people switch the assistant's permissions off") if {
	some file in text.files
	endswith(file.path, "managed-settings.json")
	object.get(file.content, ["permissions", "disableBypassPermissionsMode"], "") != "disable"
}

violation contains text.finding(file, "starts the assistant without permissions to ask for") if {
	some file in text.files
	endswith(file.path, "managed-settings.json")
	file.content.permissions.defaultMode == "bypassPermissions"
}

violation contains text.finding(file, "lets people switch the assistant's approvals off") if {
	some file in text.files
	regex.match(`gemini-cli(/|-)settings\.json$`, file.path)
	object.get(file.content, ["security", "disableYoloMode"], false) != true
}
