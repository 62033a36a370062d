"""The shipped rules as WebAssembly, run by wasmtime: no executable, no network, bounded time and memory.

The module follows OPA's ABI 1.3 (openpolicyagent.org/docs/wasm, read 2026-11): a memory that the host brings, JSON in
and out, and calls back for built-in functions that the module lacks. planform's rules use none of those.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import json
import threading
from pathlib import Path
from typing import Any

import wasmtime

from planform.checks.policy.engine import SECONDS, UNREAD, Report, failed, report_of, too_long
from planform.diagnostics import DiagnosticError

__all__ = ["Wasm"]

PAGE = 65536
MEMORY = 2 * 1024**3
"""Bytes that an evaluation may take; a platform of 20,000 resources takes a tenth."""


class Wasm:
    """The shipped rules, and no others."""

    name = "wasm"
    unread = UNREAD

    def __init__(self, module: bytes | None = None) -> None:
        try:
            self._engine, self._module = _shipped() if module is None else _compiled(module)
        except (OSError, wasmtime.WasmtimeError) as trouble:
            raise DiagnosticError([failed(str(trouble).strip().splitlines()[0])]) from None

    def lacks(self) -> tuple[str, ...]:
        """The built-in functions that the module calls and does not have."""
        store = wasmtime.Store(self._engine)
        store.set_epoch_deadline(1)
        memory = _memory(store, self._module)
        imports = [memory if each.name == "memory" else wasmtime.Func(store, each.type, _never)
                   for each in self._module.imports]  # fmt: skip
        exports: Any = wasmtime.Instance(store, self._module, imports).exports(store)
        found = _text(store, memory, exports["opa_json_dump"](store, exports["builtins"](store)))
        return tuple(sorted(json.loads(found)))

    def evaluate(self, document: bytes, seconds: float = SECONDS) -> Report:
        """The report on a document, JSON in UTF-8. Errors: policy/engine-failed, policy/timeout."""
        store = wasmtime.Store(self._engine)
        store.set_limits(memory_size=MEMORY)
        store.set_epoch_deadline(1)
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._engine.increment_epoch()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            text = _run(store, self._module, document)
        except _Aborted as trouble:
            raise DiagnosticError([failed(str(trouble))]) from None
        except (wasmtime.WasmtimeError, wasmtime.Trap) as trouble:
            fault = too_long(seconds) if late.is_set() else failed(str(trouble).strip().splitlines()[-1])
            raise DiagnosticError([fault]) from None
        finally:
            timer.cancel()
        return report_of(text, 0, "result")


def _never(*_: int) -> int:
    raise AssertionError("only the list of names was asked for")


class _Aborted(Exception):
    """The module gave up, in its own words."""


def _run(store: Any, module: Any, document: bytes) -> bytes:
    memory = _memory(store, module)
    said: list[str] = []

    def abort(address: int) -> None:
        said.append(_text(store, memory, address).decode(errors="replace"))
        raise wasmtime.Trap("aborted")

    def builtin(*_: int) -> int:
        said.append("a rule calls a built-in function that the module lacks")
        raise wasmtime.Trap("builtin")

    imports: list[Any] = []
    for each in module.imports:
        if each.name == "memory":
            imports.append(memory)
        else:
            imports.append(wasmtime.Func(store, each.type, abort if each.name == "opa_abort" else builtin))
    try:
        exports: Any = wasmtime.Instance(store, module, imports).exports(store)
        start = exports["opa_heap_ptr_get"](store)
        need = start + len(document) - memory.data_len(store)
        if need > 0:
            memory.grow(store, -(-need // PAGE))
        memory.write(store, document, start)
        heap = start + len(document) + -len(document) % 8
        result = exports["opa_eval"](store, 0, 0, 0, start, len(document), heap, 0)
        return _text(store, memory, result)
    except (wasmtime.WasmtimeError, wasmtime.Trap):
        if said:
            raise _Aborted(said[0]) from None
        raise


def _memory(store: Any, module: Any) -> Any:
    """What the module asks for and a page more: what opa counts is short by part of one for some sets of rules."""
    wanted = next(each.type for each in module.imports if each.name == "memory")
    return wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(wanted.limits.min + 1, None)))


def _text(store: Any, memory: Any, address: int) -> bytes:
    """The bytes up to the next zero."""
    found = bytearray()
    while True:
        piece = memory.read(store, address, min(address + PAGE, memory.data_len(store)))
        end = piece.find(0)
        if end >= 0:
            return bytes(found + piece[:end])
        if not piece:
            return bytes(found)
        found += piece
        address += len(piece)


@functools.cache
def _shipped() -> tuple[Any, Any]:
    packed = Path(__file__).parents[2] / "rules" / "rules.wasm.gz"
    return _compiled(gzip.decompress(packed.read_bytes()))


def _compiled(module: bytes) -> tuple[Any, Any]:
    config = wasmtime.Config()
    config.epoch_interruption = True
    with contextlib.suppress(wasmtime.WasmtimeError):  # a home that cannot be written
        config.cache = True
    engine = wasmtime.Engine(config)
    return engine, wasmtime.Module(engine, module)
