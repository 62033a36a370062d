"""Tests run on planform's own engine unless they start another one in a process of its own."""

from __future__ import annotations

import os

os.environ["PLANFORM_ENGINE"] = "native"
