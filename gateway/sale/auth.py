"""Who is asking: anonymous viewers by signed token, organizers by API key.

A viewer's token says only "this browser is v_...", signed; nothing about it is stored. An API key
is `sk_<id>_<secret>`; the database has the secret's SHA-256, never the secret. The secret has
256 random bits, so a fast hash is enough: there is nothing to guess from.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
from itsdangerous import BadData, URLSafeTimedSerializer

from seatengine.ids import CommandId, HolderId
from seatengine.limits import MAX_ID_CHARS, MAX_IDEMPOTENCY_KEY_CHARS, VIEWER_TOKEN_TTL_MS

_VIEWER_SALT: Final = "seatengine.viewer"
_MAX_CREDENTIAL_CHARS: Final = 512
_NO_SECRET: Final = bytes(32)


class Viewer(msgspec.Struct, frozen=True):
    """A browser, known by the token it was given."""

    holder: HolderId


class Organizer(msgspec.Struct, frozen=True):
    """A program or person acting for an organizer, known by an API key."""

    holder: HolderId
    organizer_id: str


Caller = Viewer | Organizer


class BadCredentials(Exception):
    """The Authorization header does not hold. The message says what to do, for the client."""


class ViewerTokens:
    """Gives out viewer identities and recognises them again."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt=_VIEWER_SALT)

    def mint(self) -> tuple[HolderId, str]:
        """A new viewer and the token that proves it."""
        holder = HolderId("v_" + secrets.token_urlsafe(12))
        return holder, self._serializer.dumps(holder)

    def holder(self, token: str) -> HolderId | None:
        """Whose token this is; None when it is forged, broken or too old."""
        if len(token) > _MAX_CREDENTIAL_CHARS:
            return None
        try:
            said = self._serializer.loads(token, max_age=VIEWER_TOKEN_TTL_MS // 1000)
        except BadData:
            return None
        return HolderId(said) if isinstance(said, str) and said.startswith("v_") else None


def viewer_token_expiry(now: datetime) -> datetime:
    """When a token minted `now` stops working."""
    return now + timedelta(milliseconds=VIEWER_TOKEN_TTL_MS)


class NewApiKey(msgspec.Struct, frozen=True):
    """`text` is shown once; `key_id` and `secret_hash` are what is stored."""

    text: str
    key_id: str
    secret_hash: bytes


def mint_api_key() -> NewApiKey:
    """A new key with 256 random bits of secret."""
    key_id = secrets.token_hex(6)
    secret = secrets.token_hex(32)
    return NewApiKey(f"sk_{key_id}_{secret}", key_id, hash_secret(secret))


def hash_secret(secret: str) -> bytes:
    """SHA-256 of a key's secret part, 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()


class StoredApiKey(msgspec.Struct, frozen=True):
    """A key as the catalog has it. `revoked_at` None means it works."""

    key_id: str
    organizer_id: str
    secret_hash: bytes
    revoked_at: datetime | None


class ApiKeys(Protocol):
    async def api_key(self, key_id: str) -> StoredApiKey | None:
        """The stored key. Raises StoreUnavailable."""
        ...


class Authenticator:
    """Turns an Authorization header into a Caller."""

    def __init__(self, tokens: ViewerTokens, keys: ApiKeys) -> None:
        self.tokens = tokens
        self._keys = keys

    async def caller(self, authorization: str) -> Caller:
        """Who sent this header. Raises BadCredentials, or StoreUnavailable for API keys."""
        scheme, _, credential = authorization.partition(" ")
        credential = credential.strip()
        if len(credential) > _MAX_CREDENTIAL_CHARS:
            raise BadCredentials("The credential is too long.")
        match scheme.lower():
            case "viewer":
                holder = self.tokens.holder(credential)
                if holder is None:
                    raise BadCredentials(
                        "This viewer token is not valid or has expired. "
                        "Ask for a new one with POST /api/v1/viewers."
                    )
                return Viewer(holder)
            case "bearer":
                return await self._organizer(credential)
        raise BadCredentials(
            "Send 'Authorization: Bearer sk_...' with an API key "
            "or 'Authorization: Viewer ...' with a viewer token."
        )

    async def _organizer(self, credential: str) -> Organizer:
        prefix, _, rest = credential.partition("_")
        key_id, _, secret = rest.partition("_")
        stored = None
        if prefix == "sk" and key_id.isascii() and key_id.isalnum() and secret:
            stored = await self._keys.api_key(key_id)
        # An unknown id costs the same comparison, so that timing does not tell ids apart.
        expected = stored.secret_hash if stored else _NO_SECRET
        matches = hmac.compare_digest(hash_secret(secret), expected)
        if stored is None or not matches:
            raise BadCredentials("This API key is not known. Check that it was copied in full.")
        if stored.revoked_at is not None:
            raise BadCredentials("This API key was revoked. Ask the organizer for a new one.")
        return Organizer(HolderId(f"k_{stored.key_id}"), stored.organizer_id)


def command_id(holder: HolderId, key: str) -> CommandId:
    """A command's id: the idempotency key, scoped to who sent it.

    Raises ValueError where `key` is empty, too long or not printable ASCII.
    """
    if not 0 < len(key) <= MAX_IDEMPOTENCY_KEY_CHARS or not (key.isascii() and key.isprintable()):
        raise ValueError(f"1 to {MAX_IDEMPOTENCY_KEY_CHARS} printable ASCII characters")
    scoped = f"{holder}/{key}"
    if len(scoped) > MAX_ID_CHARS:
        raise ValueError(f"at most {MAX_ID_CHARS - len(holder) - 1} characters")
    return CommandId(scoped)
