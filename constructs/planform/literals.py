"""Values that look like keys: a blueprint holds names, never secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["looks_secret", "masked", "secret_paths"]

_FORMS: tuple[tuple[str, str], ...] = (
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("an AWS access key", r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a Google access token", r"\bya29\.[0-9A-Za-z_-]{20,}"),
    ("a Google OAuth client secret", r"\bGOCSPX-[0-9A-Za-z_-]{20,}"),
    ("a Slack token", r"\bxox[abposr]-[0-9A-Za-z-]{10,}"),
    ("a signed web token", r"(?<![\w-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    ("an API key", r"\b(sk|pk|rk)[-_](live|test|ant|proj)[-_][A-Za-z0-9_-]{16,}"),
    ("a HashiCorp Vault token", r"\bhv[sb]\.[A-Za-z0-9_-]{24,}"),
    ("a password in a URL", r"\b[a-z][a-z0-9+.-]{0,30}://[^/\s:@]+:[^/\s:@]+@"),
)
"""No form may try again at each character of a long word that it then does not match: texts are a stranger's."""
_TELLTALES = re.compile(
    r"-----BEGIN|A[KS]IA|gh[pousr]_|github_pat_|glpat-|AIza|ya29\.|GOCSPX-|xox|eyJ|[spr]k[-_]|hv[sb]\.|://"
)
"""What every text of one of the forms has; most texts have none, and one look is enough."""
COVER = "•"
_KEY = re.compile(r"(^|_)(password|passwd|secret_key|private_key|api_key|access_key|client_secret|token)$")


def looks_secret(text: str) -> str | None:
    """What kind of secret a value looks like, or None. Forms as their issuers document them, 2026-11."""
    if not _TELLTALES.search(text):
        return None
    return next((kind for kind, form in _FORMS if re.search(form, text)), None)


def masked(text: str) -> str:
    """The text with every secret of a known form covered, character by character, so that columns stay."""
    for _, form in _FORMS:
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
