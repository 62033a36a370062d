# Names of images: `[HOST/]PATH[:TAG][@DIGEST]`.
package lib.images

# The tag, or nothing where none is written.
tag(image) := parts[1] if {
	parts := split(_last(image), ":")
	count(parts) == 2
} else := ""

# The last part of the path, with its tag and without its digest.
_last(image) := segments[count(segments) - 1] if segments := split(split(image, "@")[0], "/")

# The repository of Artifact Registry that an image is in: `project` and `name`.
repository(image) := {"project": parts[1], "name": parts[2]} if {
	parts := split(image, "/")
	count(parts) > 3
	endswith(parts[0], "-docker.pkg.dev")
}
