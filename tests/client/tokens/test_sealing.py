"""How a token lies in the cache (``reliability.md`` §1.2)."""

from __future__ import annotations

import sys

import pytest

from django_playlyfe.client.tokens import EncryptedSeal, SignedSeal
from django_playlyfe.exceptions import ConfigurationError

RECORD = {"v": 1, "token": "tok-canary", "exp": 1709640000.5}


@pytest.fixture(params=[SignedSeal, EncryptedSeal])
def seal(request):
    if request.param is EncryptedSeal:
        pytest.importorskip("cryptography", reason="the extra 'crypto' is not installed")
    return request.param


def test_a_record_opens_under_its_own_key_only(seal):
    text = seal("secret").close(RECORD, "K1")
    assert seal("secret").open(text, "K1") == RECORD
    assert seal("secret").open(text, "K2") is None
    assert seal("other").open(text, "K1") is None


def test_an_earlier_secret_still_opens(seal):
    text = seal("old").close(RECORD, "K1")
    assert seal("new", ["old"]).open(text, "K1") == RECORD
    assert seal("new").open(text, "K1") is None


@pytest.mark.parametrize("junk", [None, "", "junk", 7, b"junk", {"token": "x"}, "eyJ9:abc", ["x"]])
def test_junk_opens_to_nothing(seal, junk):
    assert seal("secret").open(junk, "K1") is None


def test_one_changed_character_opens_to_nothing(seal):
    text = seal("secret").close(RECORD, "K1")
    for position in range(len(text)):
        changed = text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]
        assert seal("secret").open(changed, "K1") in (None, RECORD)  # the last bits of base64 may be idle


def test_encryption_hides_the_token():
    pytest.importorskip("cryptography", reason="the extra 'crypto' is not installed")
    text = EncryptedSeal("secret").close(RECORD, "K1")
    assert "canary" not in text


def test_without_the_package_encryption_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    with pytest.raises(ConfigurationError, match=r"django-playlyfe\[crypto\]"):
        EncryptedSeal("secret")
