"""Cloud KMS keys and key rings."""

from __future__ import annotations

from collections.abc import Iterator

from planform.checks.cloud.rule import Block, Context, Finding, Rule, unknown_word

# Each purpose with what the names of its algorithms begin with.
_PURPOSES = {
    "ENCRYPT_DECRYPT": ("GOOGLE_SYMMETRIC_ENCRYPTION", "EXTERNAL_SYMMETRIC_ENCRYPTION"),
    "ASYMMETRIC_SIGN": ("RSA_SIGN_", "EC_SIGN_", "PQ_SIGN_"),
    "ASYMMETRIC_DECRYPT": ("RSA_DECRYPT_",),
    "RAW_ENCRYPT_DECRYPT": ("AES_",),
    "MAC": ("HMAC_",),
    "KEY_ENCAPSULATION": ("ML_KEM_", "KEM_"),
}
_LEVELS = ("SOFTWARE", "HSM", "HSM_SINGLE_TENANT", "EXTERNAL", "EXTERNAL_VPC")
_DAY = 86400


def _purpose(body: Block) -> str | None:
    return "ENCRYPT_DECRYPT" if body.absent("purpose") else body.text("purpose")


def _words(body: Block, _: Context) -> Iterator[Finding]:
    """A key's purpose is fixed when it is made, and is one of the API's words; so is its protection level."""
    yield from unknown_word(body, "purpose", tuple(_PURPOSES), "purpose")
    yield from unknown_word(body.block("version_template"), "protection_level", _LEVELS, "protection level")


def _algorithm(body: Block, _: Context) -> Iterator[Finding]:
    """The algorithm fits the purpose, and an asymmetric key has to name its own: only ENCRYPT_DECRYPT has a default."""
    purpose = _purpose(body)
    if purpose not in _PURPOSES:
        return
    if purpose != "ENCRYPT_DECRYPT" and body.absent("version_template"):
        yield Finding("version_template", f"{purpose} without an algorithm", "add `version_template`")
    template = body.block("version_template")
    text = template.text("algorithm")
    if text and not text.startswith(_PURPOSES[purpose]):
        yield Finding(
            template.at("algorithm"),
            f"algorithm `{text}` does not serve {purpose}",
            f"its algorithms begin with {', '.join(_PURPOSES[purpose])}",
        )


def _rotation(body: Block, _: Context) -> Iterator[Finding]:
    """Only ENCRYPT_DECRYPT keys rotate by themselves.

    Who verifies a signature has to learn the new public key first.
    """
    purpose = _purpose(body)
    if purpose is not None and purpose != "ENCRYPT_DECRYPT" and body.given("rotation_period"):
        yield Finding("rotation_period", f"automatic rotation of a key for {purpose}", "remove `rotation_period`")


def _ring(body: Block, _: Context) -> Iterator[Finding]:
    """A key names its ring by the whole resource name: the provider makes a URL of it."""
    text = body.text("key_ring")
    if text and "/" not in text:
        yield Finding("key_ring", f"`{text}` is no key ring", "write projects/PROJECT/locations/LOCATION/keyRings/RING")


def _destroy(body: Block, _: Context) -> Iterator[Finding]:
    """Versions wait between 24 hours and 120 days before they are destroyed; imported keys may be destroyed at once."""
    text = body.text("destroy_scheduled_duration") or ""
    seconds = float(text[:-1]) if text.endswith("s") and text[:-1].isdigit() else None
    if text and seconds is None:
        yield Finding("destroy_scheduled_duration", f"`{text}` is no duration", 'write seconds: "2592000s"')
    elif seconds is not None and seconds > 120 * _DAY:
        yield Finding("destroy_scheduled_duration", f"versions wait {text}", f"{120 * _DAY}s (120 days) at most")
    elif seconds is not None and seconds < _DAY and body.absent("import_only"):
        yield Finding("destroy_scheduled_duration", f"versions wait {text}", f"{_DAY}s (a day) or more")


_TYPES = ("google_kms_crypto_key",)
_RING = "projects/acme-dev/locations/europe-west4/keyRings/main"
_KEY: dict[str, object] = {"name": "storage", "key_ring": _RING}
_SIGN: dict[str, object] = _KEY | {
    "purpose": "ASYMMETRIC_SIGN",
    "version_template": [{"algorithm": "EC_SIGN_P256_SHA256"}],
}
_SOURCE = "Cloud KMS API v1, projects.locations.keyRings.cryptoKeys (2026-08)"

RULES = (
    Rule(
        code="cloud/kms-word",
        types=_TYPES,
        title="a purpose or protection level that does not exist",
        judge=_words,
        source=_SOURCE,
        wrong=_KEY | {"purpose": "ENCRYPT"},
        right=_KEY | {"purpose": "ENCRYPT_DECRYPT"},
    ),
    Rule(
        code="cloud/kms-algorithm",
        types=_TYPES,
        title="an algorithm that does not serve the key's purpose",
        judge=_algorithm,
        source="Cloud KMS API v1, CryptoKeyVersionAlgorithm; key purposes and algorithms (2026-08)",
        wrong=_KEY | {"purpose": "ASYMMETRIC_SIGN"},
        right=_SIGN,
    ),
    Rule(
        code="cloud/kms-rotation",
        types=_TYPES,
        title="automatic rotation of an asymmetric key",
        judge=_rotation,
        source="Cloud KMS API v1, CryptoKey.rotationPeriod: keys with purpose ENCRYPT_DECRYPT (2026-08)",
        wrong=_SIGN | {"rotation_period": "7776000s"},
        right=_KEY | {"rotation_period": "7776000s"},
    ),
    Rule(
        code="cloud/kms-ring",
        types=_TYPES,
        title="a key ring named by its last part",
        judge=_ring,
        source="provider 7.45.0, google_kms_crypto_key, key_ring",
        wrong=_KEY | {"key_ring": "main"},
        right=_KEY,
    ),
    Rule(
        code="cloud/kms-destroy",
        types=_TYPES,
        title="key versions that wait too short or too long for destruction",
        judge=_destroy,
        source="Cloud KMS, control key destruction, scheduled for destruction duration (2026-08)",
        wrong=_KEY | {"destroy_scheduled_duration": "30d"},
        right=_KEY | {"destroy_scheduled_duration": "2592000s"},
    ),
)
