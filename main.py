"""The cdktf app: which blueprint, and who composes it."""

import os

from planform.pipeline import specs_of
from stacks import build

build(specs_of(os.environ.get("PLANFORM_BLUEPRINT", "blueprints/reference"))).synth()
