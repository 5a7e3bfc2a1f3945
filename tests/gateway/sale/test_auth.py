from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from itsdangerous import URLSafeTimedSerializer

from gateway.sale.auth import (
    Authenticator,
    BadCredentials,
    Caller,
    Organizer,
    StoredApiKey,
    Viewer,
    ViewerTokens,
    command_id,
    mint_api_key,
)
from seatengine.ids import HolderId
from seatengine.limits import MAX_ID_CHARS, MAX_IDEMPOTENCY_KEY_CHARS

SECRET = "a secret for these tests"


class KeyShelf:
    def __init__(self, *keys: StoredApiKey) -> None:
        self._keys = {key.key_id: key for key in keys}

    async def api_key(self, key_id: str) -> StoredApiKey | None:
        return self._keys.get(key_id)


def ask(authorization: str, *keys: StoredApiKey) -> Caller:
    return asyncio.run(Authenticator(ViewerTokens(SECRET), KeyShelf(*keys)).caller(authorization))


def test_a_viewer_is_recognised_by_its_token() -> None:
    holder, token = ViewerTokens(SECRET).mint()
    assert holder.startswith("v_")
    assert ask(f"Viewer {token}") == Viewer(holder)
    assert ask(f"viewer  {token}") == Viewer(holder)


def test_every_viewer_is_another() -> None:
    tokens = ViewerTokens(SECRET)
    assert len({tokens.mint()[0] for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "x" * 5_000,
        ViewerTokens("another secret").mint()[1],
        ViewerTokens(SECRET).mint()[1][:-1],
        URLSafeTimedSerializer(SECRET, salt="seatengine.viewer").dumps("k_staff"),
        URLSafeTimedSerializer(SECRET, salt="seatengine.viewer").dumps({"v_": 1}),
        URLSafeTimedSerializer(SECRET, salt="seatengine.other").dumps("v_other"),
    ],
)
def test_a_forged_token_is_nobodys(token: str) -> None:
    assert ViewerTokens(SECRET).holder(token) is None
    with pytest.raises(BadCredentials):
        ask(f"Viewer {token}")


def test_an_old_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = ViewerTokens(SECRET).mint()
    monkeypatch.setattr("gateway.sale.auth.VIEWER_TOKEN_TTL_MS", -1_000)
    assert ViewerTokens(SECRET).holder(token) is None


def test_an_api_key_names_its_organizer() -> None:
    new = mint_api_key()
    stored = StoredApiKey(new.key_id, "o1", new.secret_hash, None)
    assert ask(f"Bearer {new.text}", stored) == Organizer(HolderId(f"k_{new.key_id}"), "o1")


def test_the_secret_itself_is_not_stored() -> None:
    new = mint_api_key()
    secret = new.text.rsplit("_", 1)[1]
    assert bytes.fromhex(secret) != new.secret_hash
    assert len(new.secret_hash) == 32


def test_wrong_unknown_and_revoked_keys_are_turned_away() -> None:
    new = mint_api_key()
    stored = StoredApiKey(new.key_id, "o1", new.secret_hash, None)
    revoked = StoredApiKey(new.key_id, "o1", new.secret_hash, datetime.now(UTC))
    for credential in (f"sk_{new.key_id}_wrong", new.text[:-1], f"sk_{new.key_id}_", "sk__", "k"):
        with pytest.raises(BadCredentials, match="not known"):
            ask(f"Bearer {credential}", stored)
    with pytest.raises(BadCredentials, match="not known"):
        ask(f"Bearer {new.text}")
    with pytest.raises(BadCredentials, match="revoked"):
        ask(f"Bearer {new.text}", revoked)


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "sk_1_2"])
def test_other_schemes_are_turned_away(header: str) -> None:
    with pytest.raises(BadCredentials):
        ask(header)


def test_a_command_id_is_scoped_to_its_holder() -> None:
    assert command_id(HolderId("v_a"), "1") != command_id(HolderId("v_b"), "1")
    holder, _ = ViewerTokens(SECRET).mint()
    assert len(command_id(holder, "x" * MAX_IDEMPOTENCY_KEY_CHARS)) <= MAX_ID_CHARS


@pytest.mark.parametrize("key", ["", "x" * (MAX_IDEMPOTENCY_KEY_CHARS + 1), "é", "a\nb"])
def test_a_bad_idempotency_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        command_id(HolderId("v_a"), key)
