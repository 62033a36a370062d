"""The engine alone, as a process of its own: documents that are there already, one element a stack: `FROM TO`.

It is what any program on cdktf pays at the least: Node, the tree, one call back for each stack, the files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(source: Path, target: Path) -> None:
    """Write again what `source` holds."""
    import planform.engine  # noqa: F401  for its choice of Node

    # isort: split

    import cdktf
    import jsii

    class Everything(cdktf.TerraformElement):
        """All of a stack's document in one answer."""

        def __init__(self, stack: cdktf.TerraformStack, document: Any) -> None:
            super().__init__(stack, "everything")
            self._document = document

        @jsii.member(jsii_name="toTerraform")
        def to_terraform(self) -> Any:
            """The document."""
            return self._document

    app = cdktf.App(outdir=str(target), stack_traces=False)
    for path in sorted(source.glob("stacks/*/cdk.tf.json")):
        document = json.loads(path.read_text())
        del document["//"]
        Everything(cdktf.TerraformStack(app, path.parent.name), document)
    app.synth()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
