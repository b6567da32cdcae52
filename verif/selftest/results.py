"""cocotb's results.xml, written by a process in which a stranger's code ran: bounded, and without entities."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from xml.parsers import expat

MAX_BYTES = 4 << 20
MAX_CASES = 10_000
_MAX_DEPTH = 8
_MAX_TEXT = 4000
_STATES: dict[str, Literal["failed", "error", "skipped"]] = {"failure": "failed", "error": "error", "skipped": "skipped"}


class ResultsError(ValueError):
    """Not a file that cocotb writes."""


@dataclass(slots=True)
class Case:
    """One test case. `kind` is the exception's name, `message` its text, `trace` the end of its traceback."""

    module: str
    name: str
    state: Literal["passed", "failed", "error", "skipped"] = "passed"
    kind: str = ""
    message: str = ""
    trace: str = ""


@dataclass(slots=True)
class _Reading:
    cases: list[Case] = field(default_factory=list)
    path: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > _MAX_DEPTH or (len(self.path) == 1 and name != "testsuites"):
            raise ResultsError("elements that cocotb does not write")
        if name == "testcase":
            if len(self.cases) >= MAX_CASES or self.path[:-1] != ["testsuites", "testsuite"]:
                raise ResultsError("test cases where, or as many as, cocotb does not write")
            self.cases.append(Case(_short(attributes.get("classname", "")), _short(attributes.get("name", ""))))
        elif name in _STATES and self.path[-2:-1] == ["testcase"]:
            case = self.cases[-1]
            case.state = _STATES[name]
            case.kind, case.message = _short(attributes.get("type", "")), _short(attributes.get("message", ""))

    def end(self, _name: str) -> None:
        self.path.pop()

    def text(self, data: str) -> None:
        if len(self.path) > 1 and self.path[-1] in _STATES and self.cases:
            self.cases[-1].trace = (self.cases[-1].trace + data)[-_MAX_TEXT:]


def read_results(data: bytes) -> tuple[Case, ...]:
    """The test cases in the order of the file.

    Raises:
        ResultsError: too large, no XML, a document type, entities, or another structure than cocotb's.
    """
    if len(data) > MAX_BYTES:
        raise ResultsError(f"more than {MAX_BYTES} bytes")
    reading, parser = _Reading(), expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = reading.start, reading.end
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = _refused
    parser.EntityDeclHandler = _refused
    parser.ProcessingInstructionHandler = _refused
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ResultsError(f"not XML: {expat.ErrorString(error.code)}") from None
    return tuple(reading.cases)


def _refused(*_: object) -> None:
    raise ResultsError("a document type, an entity or an instruction")


def _short(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:_MAX_TEXT])[:1000]
