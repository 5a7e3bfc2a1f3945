"""A buyer's name and mail address: what is accepted, and how it is said when it is not. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

from seatengine.limits import MAX_EMAIL_CHARS, MAX_NAME_CHARS

# Deliverability is for the mail to find out; this only catches what cannot be an address.
_LOCAL: Final = r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}"
_DOMAIN: Final = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])"
_EMAIL: Final = re.compile(f"{_LOCAL}@{_DOMAIN}")


class Contact(msgspec.Struct, frozen=True):
    """Who booked."""

    name: str
    email: str


class BadContact(ValueError):
    """A name or address that cannot be one. `field` is "name" or "email"; the message is a
    sentence for the buyer."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def checked_contact(name: str, email: str) -> Contact:
    """The contact as it is kept: composed characters, single blanks. Raises BadContact."""
    name = " ".join(unicodedata.normalize("NFC", name[: 4 * MAX_NAME_CHARS]).split())
    email = unicodedata.normalize("NFC", email[: 4 * MAX_EMAIL_CHARS]).strip()
    if problem := _name_problem(name):
        raise BadContact("name", problem)
    if problem := _email_problem(email):
        raise BadContact("email", problem)
    return Contact(name, email)


def _name_problem(name: str) -> str:
    if not name:
        return "Please give a name for the booking."
    if len(name) > MAX_NAME_CHARS:
        return f"Please give a name of at most {MAX_NAME_CHARS} characters."
    if not any(c.isalnum() for c in name) or any(unicodedata.category(c)[0] == "C" for c in name):
        return "Please give a name made of letters."
    return ""


def _email_problem(email: str) -> str:
    if not email:
        return "Please give a mail address for the booking."
    if len(email) > MAX_EMAIL_CHARS:
        return f"Please give a mail address of at most {MAX_EMAIL_CHARS} characters."
    local = email.partition("@")[0]
    if not _EMAIL.fullmatch(email) or ".." in local or local.startswith(".") or local[-1] == ".":
        return "This does not look like a mail address. Please check it."
    return ""
