"""planform: a YAML blueprint in, the Terraform of a whole platform out, judged before anyone applies it."""

__version__ = "0.1.0"
