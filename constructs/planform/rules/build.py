"""Makes what is shipped of the rules: `rules.json`, their index, and `rules.wasm.gz`, their WebAssembly; and the
library that tells them which types keep data.

Run by `python3 dev.py pack` whenever a rule changes; a test holds both to `policies/`. It needs the executable `opa`.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from planform.rules.pack import INDEX, digest
from planform.rules.rule import read_pack
from planform.shipped import folder
from planform.terraform.stateful import STATEFUL

__all__ = ["STATEFUL_LIBRARY", "capabilities", "index", "main", "module", "stateful_library"]

HERE = Path(__file__).parent
STATEFUL_LIBRARY = "lib/stateful.rego"
REFUSED = (
    "crypto.parse_private_keys", "http.send", "io.jwt.encode_sign", "io.jwt.encode_sign_raw", "net.lookup_ip_addr",
    "opa.runtime", "providers.aws.sign_req", "rand.intn", "rego.parse_module", "time.now_ns", "trace", "uuid.rfc4122",
)  # fmt: skip
"""Built-in functions that reach out of an evaluation, or give another answer each time."""


def index(place: Path) -> str:
    """The index of the rules in a folder, with the digest of the Rego that it was made from."""
    rules = [rule.as_dict() for rule in read_pack(place).rules]
    return json.dumps({"version": 1, "sha256": digest(place), "rules": rules}, indent=1) + "\n"


def module(opa: str, place: Path) -> bytes:
    """The rules in a folder as WebAssembly."""
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "bundle.tar.gz"
        command = [opa, "build", "-t", "wasm", "-e", "main/report", "--ignore", "*_test.rego", "-o", str(bundle)]
        subprocess.run([*command, "."], cwd=place, check=True)
        with tarfile.open(bundle) as archive:
            held = archive.extractfile("/policy.wasm")
            assert held is not None, "opa built a bundle without a module"
            return held.read()


def capabilities(opa: str) -> str:
    """What rules may call: all that this opa has, but for what is refused; and no network."""
    done = subprocess.run([opa, "capabilities", "--current"], capture_output=True, text=True, check=True)
    current: dict[str, Any] = json.loads(done.stdout)
    current["builtins"] = [
        {key: value for key, value in each.items() if key not in ("categories", "description")}
        for each in current["builtins"]
        if each["name"] not in REFUSED
    ]
    return json.dumps({**current, "allow_net": []}, separators=(",", ":"), sort_keys=True) + "\n"


def stateful_library() -> str:
    """The Terraform types that keep data, and what that is, as Rego."""
    of_terraform = {type_: kept for type_, kept in sorted(STATEFUL.items()) if "_" in type_}
    pairs = "".join(f"\t{json.dumps(type_)}: {json.dumps(kept)},\n" for type_, kept in of_terraform.items())
    return (
        "# Types whose destruction destroys what users put in, and what that is.\n"
        "# Written by `python3 dev.py pack` from constructs/planform/terraform/stateful.py.\n"
        f"package lib.stateful\n\nkeeps := {{\n{pairs}}}\n"
    )


def main(opa: str) -> None:
    """Write all of it."""
    place = folder("policies")
    (place / STATEFUL_LIBRARY).write_text(stateful_library(), "utf-8")
    (HERE / INDEX).write_text(index(place), "utf-8")
    (HERE / "capabilities.json").write_text(capabilities(opa), "utf-8")
    (HERE / "rules.wasm.gz").write_bytes(gzip.compress(module(opa, place), 9, mtime=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
