from __future__ import annotations

import pytest

from gateway.live.contacts import BadContact, Contact, checked_contact
from seatengine.limits import MAX_EMAIL_CHARS, MAX_NAME_CHARS


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Ada Lovelace", "ada@example.org"),
        ("José", "jose+tickets@mail.example.co.uk"),
        ("O'Brien-Smith 3rd", "o.brien@sub-domain.example"),
        ("李小龍", "用户@例子.公司"),
        ("X", "x@xn--bcher-kva.example"),
    ],
)
def test_people_are_who_they_say(name: str, email: str) -> None:
    assert checked_contact(name, email) == Contact(name, email)


def test_blanks_and_composition_are_tidied() -> None:
    assert checked_contact("  Ada \t Lovelace ", " ada@example.org\n").name == "Ada Lovelace"
    assert checked_contact("Jose\u0301", "j@example.org").name == "José"


@pytest.mark.parametrize(
    "name", ["", "   ", "...", "\u202eadA", "a\x00b", "x" * (MAX_NAME_CHARS + 1)]
)
def test_bad_names(name: str) -> None:
    with pytest.raises(BadContact, match=r"^Please") as caught:
        checked_contact(name, "ada@example.org")
    assert caught.value.field == "name"


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "ada@example..org",
        "a..b@example.org",
        ".a@example.org",
        "a.@example.org",
        "a b@example.org",
        "a@b@example.org",
        "a@-example.org",
        "a@example.org-",
        "a@192.168.0.1",
        "<a@example.org>",
        "a@example.org\nBcc: b@example.org",
        "x" * 65 + "@example.org",
        "a@" + "x" * MAX_EMAIL_CHARS + ".org",
    ],
)
def test_bad_addresses(email: str) -> None:
    with pytest.raises(BadContact, match="mail address") as caught:
        checked_contact("Ada", email)
    assert caught.value.field == "email"
