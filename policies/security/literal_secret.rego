# METADATA
# title: A secret that is written into Terraform
# description: >-
#   What Terraform is given lies in the configuration, in every plan and in the state, in clear, for whoever may read
#   one of them.
# custom:
#   id: security/literal-secret
#   severity: critical
#   subject: terraform
#   remedy: let Terraform make the secret without a version, and whoever knows the value add it with `gcloud secrets versions add`; sign in to databases by IAM
#   frameworks: [NIST IA-5, NIST SC-28, ISO 27001 A.5.17]
#   waivable: true
package rules.security.literal_secret

import data.lib.tf

arguments := {
	"aws_secretsmanager_secret_version": [["secret_string"], ["secret_string_wo"]],
	"github_actions_environment_secret": [["plaintext_value"]],
	"github_actions_organization_secret": [["plaintext_value"]],
	"github_actions_secret": [["plaintext_value"]],
	"google_alloydb_cluster": [["initial_user", "password"]],
	"google_alloydb_user": [["password"]],
	"google_secret_manager_regional_secret_version": [["secret_data"], ["secret_data_wo"]],
	"google_secret_manager_secret_version": [["secret_data"], ["secret_data_wo"]],
	"google_sql_database_instance": [["root_password"], ["root_password_wo"]],
	"google_sql_user": [["password"], ["password_wo"]],
}

violation contains tf.finding(holder, concat(" ", ["has the value of", concat(".", path), "written into it"])) if {
	some type, paths in arguments
	some holder in tf.resources(type)
	some path in paths
	value := tf.get(holder, path, "")
	value != ""
	not contains(value, "${")
}
