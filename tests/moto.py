"""A simulated AWS for tests: moto's server, on a port of this machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests import terraform, tools


def port_of_moto(log: Path) -> tuple[int, subprocess.Popen[bytes]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as stream:
        started = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/data.json", timeout=1).close()
        except OSError:
            if started.poll() is not None:
                break
            time.sleep(0.25)
        else:
            return port, started
    started.kill()
    raise AssertionError(log.read_text())


def running(log: Path) -> Iterator[str]:
    """The address of a server that lives as long as the fixture that yields from this."""
    terraform.need("aws")
    tools.module("moto")
    port, started = port_of_moto(log)
    yield f"http://127.0.0.1:{port}"
    started.terminate()
    started.wait(10)
