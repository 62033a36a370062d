"""Resources, data sources and structs of the aws provider, made from its schema on first use."""

from planform.terraform.classes import module_attributes

__getattr__, __dir__ = module_attributes(__name__)
