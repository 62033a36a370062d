"""The gate that a model passes before it is registered: Guardian's verdict as the platform's own.

A container or a pipeline's step runs this text as `python -c <text> --model ADDRESS --verdict FILE --group UUID`, with
guardian-client installed. It has no curly brackets, so that whatever fills in templates leaves it alone.
The client ends with 0 for a scan that ended in an error, and for a report alone; only the outcome PASS passes here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

EXITS = ("passed", "failed", "error")
"""What the client's exit codes 0, 1 and 2 say."""


def main(arguments: Sequence[str]) -> int:
    """Have a model judged, write the verdict, and end with 0 for a pass and nothing else."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--verdict", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--minutes", type=int, default=60)
    options = parser.parse_args(arguments)
    verdict, status, problem = _scan(options.model, options.group, options.minutes)
    findings = [dict(rule=verdict, file=options.model, text=problem)] if verdict != "passed" else []
    text = dict(
        verdict=verdict,
        scanner="guardian",
        version=_version(),
        checked=[options.model] if status else [],
        findings=findings,
        report=status,
    )
    Path(options.verdict).parent.mkdir(parents=True, exist_ok=True)
    Path(options.verdict).write_text(json.dumps(text, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(verdict, problem)
    return 0 if verdict == "passed" else 1


def _scan(model: str, group: str, minutes: int) -> tuple[str, dict[str, Any], str]:
    """The verdict, what the service said, and the problem in words."""
    scan = ["scan", model, "--security-group-uuid", group, "--block-on-errors", "--poll-interval-secs", "10"]
    command = [_client(), "--log-level", "critical", *scan]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=minutes * 60)
    except (OSError, subprocess.SubprocessError) as fault:
        return "error", dict(), type(fault).__name__ + ": " + str(fault)
    status = _status(done.stdout)
    verdict = EXITS[done.returncode] if 0 <= done.returncode < len(EXITS) else "error"
    outcome = str(status.get("aggregate_eval_outcome", "missing"))
    if verdict == "passed" and outcome != "PASS":
        return "error", status, "the client ended with 0, and the outcome is " + outcome
    return verdict, status, done.stderr.strip()[-400:]


def _client() -> str:
    """The client of the Python that runs this, which need not be on the path."""
    beside = Path(sys.executable).parent / "guardian-client"
    return str(beside) if beside.exists() else "guardian-client"


def _status(text: str) -> dict[str, Any]:
    """The service's answer, which the client prints after any warnings."""
    start = text.find(chr(0x7B))
    try:
        found: dict[str, Any] = json.JSONDecoder().raw_decode(text[start:])[0] if start >= 0 else dict()
    except ValueError:
        return dict()
    return found


def _version() -> str:
    try:
        return version("guardian-client")
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
