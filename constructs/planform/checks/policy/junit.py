"""A judgement as JUnit's XML, which every CI shows: one test case for each rule."""

from __future__ import annotations

from collections import defaultdict
from xml.etree import ElementTree

from planform.checks.policy.judge import Judgement
from planform.diagnostics import Diagnostic, to_text

__all__ = ["to_junit"]


def to_junit(judgement: Judgement) -> str:
    """The document. What is wrong with waivers has cases of its own; warnings are told and fail nothing."""
    by_code: dict[str, list[Diagnostic]] = defaultdict(list)
    for each in judgement.findings:
        by_code[each.code].append(each)
    codes = [*(rule.code for rule in judgement.rules)]
    codes += [code for code in by_code if code not in codes]
    failing = [code for code in codes if any(each.severity.stops for each in by_code[code])]
    suite = ElementTree.Element(
        "testsuite",
        name="planform check",
        tests=str(len(codes)),
        failures=str(len(failing)),
        errors="0",
        skipped="0",
        time=f"{judgement.seconds:.3f}",
    )
    for code in codes:
        family, _, name = code.rpartition("/")
        case = ElementTree.SubElement(suite, "testcase", classname=family.replace("/", "."), name=name)
        text = to_text(by_code[code])
        if code in failing:
            summary = "; ".join(each.summary for each in by_code[code])
            ElementTree.SubElement(case, "failure", type=code, message=summary).text = text
        elif text:
            ElementTree.SubElement(case, "system-out").text = text
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
