# Files that are neither Terraform nor Kubernetes: workflows, catalog entries, recipes of images.
package lib.text

# The files: `path`, `environment` ("" for those of the platform's repository), `text`, and `content` of YAML and JSON.
files := object.get(input, "files", [])

# GitHub's workflows.
workflows := [file |
	some file in files
	contains(file.path, ".github/workflows/")
	is_object(file.content)
]

# A finding: the rule's words follow the file's path.
finding(file, text) := {"msg": concat(" ", [file.path, text]), "path": file.path}
