"""PyYAML's parsers, and their messages in words that say what to change.

libyaml reads where PyYAML was built with it. Elsewhere PyYAML's own parser does, brought to the same results;
by itself it differs about tabs, directives, escapes and `{a:}`. It still refuses two things that libyaml
reads: a question mark inside a plain value in brackets, and a comment glued to `|` or `>`.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

import yaml
from yaml.error import Mark as YamlMark
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError

from planform.diagnostics import Diagnostic, Location, error, shown

try:
    from yaml._yaml import CParser
except ImportError:
    CParser = None  # type: ignore[assignment, misc]


class Events(Protocol):
    """A stream of YAML events or tokens, made as asked for; raises yaml.YAMLError at the first fault."""

    def get_event(self) -> Any: ...
    def get_token(self) -> Any: ...


def events(text: str) -> Events:
    """The events of a text that holds no control characters and ends in a line break."""
    return CParser(text) if CParser is not None else PureParser(text)


class PureParser(Reader, Scanner, Parser):
    """PyYAML's own parser with libyaml's decisions."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def scan_to_next_token(self) -> None:
        more = True
        while more:
            tab_may_separate = self.flow_level or not self.allow_simple_key
            while self.peek() == " " or (tab_may_separate and self.peek() == "\t"):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in "\0\r\n":
                    self.forward()
            more = bool(self.scan_line_break())  # type: ignore[no-untyped-call]
            if more and not self.flow_level:
                self.allow_simple_key = True

    def scan_directive_name(self, start_mark: YamlMark) -> Any:
        name = super().scan_directive_name(start_mark)  # type: ignore[no-untyped-call]
        if name not in ("YAML", "TAG"):
            raise ScannerError(
                "while scanning a directive", start_mark, "found unknown directive name", self.get_mark()
            )
        return name

    def scan_plain(self) -> Any:
        token = super().scan_plain()
        if self.flow_level and self.peek() == ":" and self.peek(1) in ",?[]{}":
            mark = self.get_mark()
            raise ScannerError("while scanning a plain scalar", token.start_mark, "found unexpected ':'", mark)
        return token

    def scan_plain_spaces(self, indent: int, start_mark: YamlMark) -> Any:
        length = 0
        while self.peek(length) in " \t":
            length += 1
        if "\t" in self.prefix(length):
            space = self.prefix(length)
            self.forward(length)
            return super().scan_plain_spaces(indent, start_mark) if self.peek() in "\r\n" else [space]
        chunks = super().scan_plain_spaces(indent, start_mark)
        while self.peek() == "\t":
            if self.column < indent:
                problem = "found a tab character that violates indentation"
                raise ScannerError("while scanning a plain scalar", start_mark, problem, self.get_mark())
            self.forward()
        return chunks

    def scan_block_scalar_indentation(self) -> Any:
        found = super().scan_block_scalar_indentation()
        if self.peek() == "\t":
            self._tab_for_space()
        return found

    def scan_block_scalar_breaks(self, indent: int) -> Any:
        found = super().scan_block_scalar_breaks(indent)
        if self.column < indent and self.peek() == "\t":
            self._tab_for_space()
        return found

    def _tab_for_space(self) -> None:
        mark = self.get_mark()
        problem = "found a tab character where an indentation space is expected"
        raise ScannerError("while scanning a block scalar", mark, problem, mark)

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: YamlMark) -> Any:
        mark = self.get_mark()
        try:
            chunks = super().scan_flow_scalar_non_spaces(double, start_mark)
        except (ValueError, OverflowError):
            chunks = ["\ud800"]
        if any("\ud800" <= character <= "\udfff" for chunk in chunks for character in chunk):
            problem = "found invalid Unicode character escape code"
            raise ScannerError("while scanning a double-quoted scalar", start_mark, problem, mark)
        return chunks


# Messages

_TAB_HELP = "indent with spaces: two for each level"
_CLOSES = {"[": "]", "{": "}"}
_STARTS = {
    "@": "is reserved by YAML",
    "`": "is reserved by YAML",
    "%": "is reserved for directives",
    "*": "begins an alias",
    "&": "begins an anchor",
    "|": "begins a block of lines",
    ">": "begins a block of lines",
    "?": "begins a complex key",
}


class Fault:
    """One syntax error on its way from the parser's words to a Diagnostic."""

    def __init__(self, file: str, text: str, cause: yaml.MarkedYAMLError) -> None:
        self.file, self.text = file, text
        self.lines = text.split("\n")
        self.problem, self.context = cause.problem or "", cause.context or ""
        mark = cause.problem_mark or cause.context_mark
        self.line, self.column = (mark.line, mark.column) if mark else (0, 0)
        context = cause.context_mark or mark
        self.context_line, self.context_column = (context.line, context.column) if context else (0, 0)

    def diagnostic(self) -> Diagnostic:
        """The first of the known kinds that fits, else YAML's own words."""
        kinds = (
            self._character,
            self._quoted,
            self._tag,
            self._indicator,
            self._flow,
            self._colon,
            self._after_quote,
            self._indentation,
        )
        return next((found for kind in kinds if (found := kind()) is not None), self._other())

    # What stands where

    def at(self, line: int, column: int, length: int | None = None) -> Location:
        line = min(line, max(0, len(self.lines) - 1))
        end = column + 1 + length if length else None
        return Location(self.file, line + 1, column + 1, end)

    @property
    def here(self) -> Location:
        return self.at(self.line, self.column)

    @property
    def there(self) -> Location:
        return self.at(self.context_line, self.context_column)

    @property
    def character(self) -> str:
        return self._line(self.line)[self.column : self.column + 1]

    @property
    def before(self) -> str:
        return self._line(self.line)[: self.column]

    @property
    def at_end(self) -> bool:
        rest = [self._line(self.line)[self.column :], *self.lines[self.line + 1 :]]
        return not any(line.strip() for line in rest)

    def _line(self, number: int) -> str:
        return self.lines[number].rstrip("\r") if number < len(self.lines) else ""

    def _previous(self) -> int | None:
        """The last line before the fault that holds more than space and a comment."""
        above = range(self.line - 1, -1, -1)
        return next((n for n in above if (s := self._line(n).strip()) and not s.startswith("#")), None)

    # Kinds of faults

    def _character(self) -> Diagnostic | None:
        if self.character == "\t" and ("cannot start" in self.problem or "tab" in self.problem):
            summary = "a tab is used as indentation"
            return error("blueprint/tab-indentation", summary, self.here, label="a tab", help=_TAB_HELP)
        if "cannot start any token" in self.problem:
            return self._needs_quotes(self.here, self.character)
        return None

    def _needs_quotes(self, at: Location, character: str) -> Diagnostic:
        rest = self._line(at.line - 1)[at.column - 1 :].strip()
        why = _STARTS.get(character, "has a meaning of its own in YAML")
        return error(
            "blueprint/needs-quotes",
            f"a value cannot begin with {shown(character)} here",
            at,
            label=why,
            help=f'put quotes around the value: "{rest}"' if len(rest) < 60 and '"' not in rest else "quote it",
        )

    def _quoted(self) -> Diagnostic | None:
        if "quoted scalar" not in self.context:
            return None
        if "unexpected end of stream" in self.problem or "unexpected document" in self.problem:
            quote = self._line(self.context_line)[self.context_column : self.context_column + 1]
            summary = f"the quote {shown(quote)} is never closed"
            return error(
                "blueprint/unclosed-quote",
                summary,
                self.there,
                label="opened here",
                help=f"add the closing {quote} at the end of the value",
            )
        if "escape" in self.problem or "hexdecimal" in self.problem:
            return self._escape()
        return None

    def _escape(self) -> Diagnostic:
        surrogate = "invalid Unicode" in self.problem
        start = self._line(self.line).rfind("\\", 0, self.column + 1)
        at = self.there if surrogate or start < 0 else self.at(self.line, start, 2)
        summary = "an escape in double quotes names no character"
        if at != self.there:
            summary = f"unknown escape {shown(self._line(self.line)[start : start + 2])} in double quotes"
        return error(
            "blueprint/unknown-escape",
            summary,
            at,
            help="write a backslash twice (\\\\), or use single quotes, which know no escapes;"
            " a character beyond \\uFFFF is written as itself or with \\U and eight digits",
        )

    def _tag(self) -> Diagnostic | None:
        if "tag" not in self.context and "tag handle" not in self.problem:
            return None
        return tag_fault(self.there if "tag" in self.context else self.here, "!")

    def _indicator(self) -> Diagnostic | None:
        if any(word in self.context for word in ("an alias", "an anchor", "a block scalar")):
            character = self._line(self.context_line)[self.context_column : self.context_column + 1]
            return self._needs_quotes(self.there, character)
        if "mapping keys are not allowed" in self.problem:
            return self._needs_quotes(self.here, self.character)
        return None

    def _flow(self) -> Diagnostic | None:
        if "flow" in self.context or "node content" in self.problem:
            if self.at_end:
                return self._unclosed(*(self._open_bracket() or (self.context_line, self.context_column)))
            if "node content" in self.problem:
                return self._stray()
            return self._in_flow()
        if self._is_structure() and self.character in ("]", "}"):
            return self._stray()
        if "unexpected ':'" in self.problem:
            return error(
                "blueprint/missing-colon",
                "no space after the colon",
                self.here,
                help="write `key: value`, with a space after the colon",
            )
        return None

    def _stray(self) -> Diagnostic:
        return error(
            "blueprint/stray-bracket",
            f"{shown(self.character)} is not expected here",
            self.here,
            help="remove it, or quote the value that it belongs to",
        )

    def _in_flow(self) -> Diagnostic:
        opening = self._line(self.context_line)
        closing = _CLOSES.get(opening[self.context_column : self.context_column + 1], "]")
        deeper = _indent(self._line(self.line)) > _indent(opening)
        if self.line != self.context_line and not deeper:
            return self._unclosed(self.context_line, self.context_column)
        at, found = self.here, self.character
        word = re.search(r"[^\s,\[\]{}]+\s*$", self.before)
        if found == ":" and word is not None:
            at, found = self.at(self.line, word.start(), len(word[0].rstrip())), word[0].rstrip()
        return error(
            "blueprint/missing-comma",
            f"expected `,` or `{closing}` before {shown(found)}",
            at,
            notes=(f"the list or mapping begins on line {self.context_line + 1}",),
            help="put a comma between the entries, or quotes around a value that holds `: `",
        )

    def _open_bracket(self) -> tuple[int, int] | None:
        """The innermost bracket that is open where the parser gave up."""
        stack: list[tuple[int, int]] = []
        tokens = events(self.text)
        try:
            while not isinstance(token := tokens.get_token(), yaml.StreamEndToken):
                if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
                    stack.append((token.start_mark.line, token.start_mark.column))
                elif isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken) and stack:
                    stack.pop()
        except yaml.YAMLError:
            pass
        return stack[-1] if stack else None

    def _unclosed(self, line: int, column: int) -> Diagnostic:
        bracket = self._line(line)[column : column + 1]
        closing = _CLOSES.get(bracket, "]")
        return error(
            "blueprint/unclosed-bracket",
            f"the bracket {shown(bracket)} is not closed",
            self.at(line, column),
            label="opened here",
            help=f"add the closing `{closing}` after the last entry",
        )

    def _colon(self) -> Diagnostic | None:
        if "could not find expected ':'" in self.problem:
            return self._no_colon(self.context_line)
        if "mapping values are not allowed" not in self.problem:
            return None
        if re.search(r":(\s|$)", self.before):
            return error(
                "blueprint/unquoted-colon",
                "a value that holds a colon and a space must be quoted",
                self.here,
                label="read as a second key on the same line",
                help='put quotes around the whole value, as in title: "a: b"',
            )
        previous = self._previous()
        if previous is not None and not re.search(r":(\s|$)", self._line(previous)):
            return self._no_colon(previous)
        return self._indented("the line is indented deeper than the key above, which already has a value")

    def _no_colon(self, number: int) -> Diagnostic:
        line = self._line(number)
        start, length = _indent(line), len(line.strip())
        glued = re.match(r"\s*([\w.-]+):\S", line)
        summary = f"no space after the colon in {shown(line.strip())}"
        if glued is None:
            summary = f"expected `key: value`, found {shown(line.strip())}"
        return error(
            "blueprint/missing-colon",
            summary,
            self.at(number, start, length),
            help="write `key: value`, with a colon and a space after the key",
        )

    def _after_quote(self) -> Diagnostic | None:
        if not self._is_structure() or not self.before.rstrip().endswith(("'", '"')):
            return None
        quote = self.before.rstrip()[-1]
        inside = '\\"' if quote == '"' else "''"
        return error(
            "blueprint/text-after-quote",
            f"text after the closing quote {shown(quote)}",
            self.here,
            help=f"put all of the value inside the quotes; a {quote} inside them is written {inside}",
        )

    def _indentation(self) -> Diagnostic | None:
        if "sequence entries are not allowed" in self.problem:
            return self._list_on_line()
        previous = self._previous()
        ended = previous is not None and self._line(previous).startswith("...")
        outside = "<document start>" in self.problem and ended
        if self._is_structure() and not self.before.strip() and not outside:
            if self.character == "-":
                return self._indented("a list item stands where a key is expected")
            return self._indented("the line is indented like no line above it")
        return None

    def _list_on_line(self) -> Diagnostic:
        return error(
            "blueprint/indentation",
            "a list begins on the line of its key",
            self.here,
            help="begin the list on the next line, two spaces deeper, or write it in brackets: `[a, b]`;"
            " text that begins with `- ` needs quotes",
        )

    def _is_structure(self) -> bool:
        words = ("expected key", "<block end>", "'-' indicator", "<document start>")
        return any(word in self.problem for word in words)

    def _indented(self, summary: str) -> Diagnostic:
        line = self._line(self.line)
        start = min(self.column, _indent(line))
        word = re.match(r"[^\s:]+", line[start:])
        return error(
            "blueprint/indentation",
            summary,
            self.at(self.line, start, len(word[0]) if word else None),
            help="keys of one mapping, and items of one list, begin in the same column; what belongs to a key"
            " stands on the lines below it, two spaces deeper",
        )

    def _other(self) -> Diagnostic:
        problem = f"{self.context}: {self.problem}" if self.context else self.problem
        return error(
            "blueprint/syntax",
            "this is not YAML that can be read",
            self.here,
            notes=(f"the parser says: {problem}",),
            help="compare with the lines around it; a value with special characters needs quotes",
        )


def tag_fault(at: Location, tag: str) -> Diagnostic:
    """A `!tag`, which would ask the reader to make something else than plain data."""
    return error(
        "blueprint/tag",
        f"the tag {shown(tag)} is not supported",
        at,
        label="blueprints are plain data",
        help="remove the tag; a value that begins with `!` needs quotes; a file is not included, but passed"
        " to the command beside this one",
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
