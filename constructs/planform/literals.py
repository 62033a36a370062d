"""Values that look like keys: a blueprint holds names, never secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

__all__ = ["FORMS", "looks_secret", "masked", "secret_paths"]

FORMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----", ("-----BEGIN",)),
    ("an AWS access key", r"\b(AKIA|ASIA)[0-9A-Z]{16}\b", ("AKIA", "ASIA")),
    (
        "a GitHub token",
        r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    ),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}", ("glpat-",)),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}\b", ("AIza",)),
    ("a Google access token", r"\bya29\.[0-9A-Za-z_-]{20,}", ("ya29.",)),
    ("a Google OAuth client secret", r"\bGOCSPX-[0-9A-Za-z_-]{20,}", ("GOCSPX-",)),
    ("a Slack token", r"\bxox[abposr]-[0-9A-Za-z-]{10,}", ("xox",)),
    ("a signed web token", r"(?<![\w-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", ("eyJ",)),
    (
        "an API key",
        r"\b(sk|pk|rk)[-_](live|test|ant|proj)[-_][A-Za-z0-9_-]{16,}",
        ("k-live", "k_live", "k-test", "k_test", "k-ant", "k_ant", "k-proj", "k_proj"),
    ),
    ("a HashiCorp Vault token", r"\bhv[sb]\.[A-Za-z0-9_-]{24,}", ("hvs.", "hvb.")),
    ("a password in a URL", r"(?<=[a-z0-9+.-])://[^/\s:@]+:[^/\s:@]+@", ("://",)),
)
"""What a secret is called, its form, and what every text of that form has one of, as words are found sooner than forms.

No form may try again at each character of a long word that it then does not match: texts are a stranger's.
"""
_TELLTALES = re.compile("|".join(re.escape(word) for _, _, words in FORMS for word in words))
"""Most texts have none of these, and one look is enough."""
COVER = "•"
_KEY = re.compile(r"(^|_)(password|passwd|secret_key|private_key|api_key|access_key|client_secret|token)$")


def looks_secret(text: str) -> str | None:
    """What kind of secret a value looks like, or None. Forms as their issuers document them, 2026-11."""
    return _kind_of_short(text) if len(text) < 128 else _kind_of(text)


def _kind_of(text: str) -> str | None:
    if not _TELLTALES.search(text):
        return None
    return next(
        (kind for kind, form, words in FORMS if any(word in text for word in words) and re.search(form, text)), None
    )


_kind_of_short = lru_cache(maxsize=4096)(_kind_of)
"""Labels, kinds and names come again and again."""


def masked(text: str) -> str:
    """The text with every secret of a known form covered, character by character, so that columns stay."""
    for _, form, _ in FORMS:
        text = re.sub(form, lambda found: COVER * len(found.group()), text)
    return text


def secret_paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The path and kind of every string that looks like a secret, keys of mappings included."""
    if isinstance(value, str):
        kind = looks_secret(value)
        if kind is None and path and isinstance(path[-1], str) and _KEY.search(path[-1]) and value:
            kind = "a secret"
        if kind:
            yield path, kind
    elif isinstance(value, Mapping):
        for key, item in value.items():
            kind = looks_secret(key)
            if kind:
                yield (*path, key), kind
            yield from secret_paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from secret_paths(item, (*path, index))
