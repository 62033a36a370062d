"""Every code there is, whoever raises it: planform's own pages and those that rules carry themselves."""

from __future__ import annotations

import functools

from planform.codes import CODES
from planform.codes import page as own_page

__all__ = ["all_codes", "page"]


def all_codes() -> tuple[str, ...]:
    """Codes in alphabetical order."""
    return tuple(sorted({*CODES, *_rules()}))


def page(code: str) -> str:
    """The page of a code; KeyError for one that does not exist."""
    return own_page(code) if code in CODES else _rules()[code]


@functools.cache
def _rules() -> dict[str, str]:
    from planform.checks.cloud import RULES
    from planform.checks.cloud_names import PAGES
    from planform.rules.pack import shipped_pack
    from planform.rules.page import rule_page

    return {
        **{rule.code: rule.page for rule in RULES},
        **{code: page.text for code, page in PAGES.items()},
        **{rule.code: rule_page(rule) for rule in shipped_pack().rules},
    }
