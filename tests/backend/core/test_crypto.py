"""What is sealed opens only where it belongs; what is derived is always the same; what is forged is seen."""

import hmac
import re
from hashlib import sha256
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from backend.core.crypto import CROCKFORD, DecryptionError, Keyring

KEYS = Keyring(bytes(range(32)))
OTHER_KEYS = Keyring(bytes(range(1, 33)))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, TEXTS)
def test_what_is_encrypted_opens_again_in_its_place(text: str, place: str) -> None:
    assert KEYS.decrypt(KEYS.encrypt(text, bound_to=place), bound_to=place) == text


@given(TEXTS, st.data())
def test_any_changed_bit_is_seen(text: str, data: st.DataObject) -> None:
    sealed = bytearray(KEYS.encrypt(text, bound_to="accounts.phone:7"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DecryptionError):
        KEYS.decrypt(bytes(sealed), bound_to="accounts.phone:7")


def test_a_ciphertext_opens_in_no_other_row_and_with_no_other_key() -> None:
    sealed = KEYS.encrypt("+6281234567890", bound_to="accounts.phone:7")
    with pytest.raises(DecryptionError, match=r"accounts\.phone:8"):
        KEYS.decrypt(sealed, bound_to="accounts.phone:8")
    with pytest.raises(DecryptionError):
        OTHER_KEYS.decrypt(sealed, bound_to="accounts.phone:7")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(27), b"\x02" + bytes(60)])
def test_what_is_no_ciphertext_is_refused_clearly(sealed: bytes) -> None:
    with pytest.raises(DecryptionError, match="here"):
        KEYS.decrypt(sealed, bound_to="here")


def test_the_same_text_never_looks_the_same_and_shows_nothing() -> None:
    sealed = {KEYS.encrypt("+6281234567890", bound_to="x") for _ in range(100)}
    assert len(sealed) == 100
    assert all(b"62812" not in one and len(one) == 14 + 29 for one in sealed)


def test_a_ciphertext_can_be_opened_by_the_book() -> None:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"balai/1/encryption").derive(bytes(range(32)))
    sealed = KEYS.encrypt("halo", bound_to="row")
    assert AESGCM(key).decrypt(sealed[1:13], sealed[13:], b"\x01row") == b"halo"


def test_a_blind_index_finds_the_same_value_for_the_same_purpose_alone() -> None:
    index = KEYS.blind_index("warga@example.org", purpose="email")
    assert len(index) == 32
    assert index == KEYS.blind_index("warga@example.org", purpose="email")
    assert len({index, KEYS.blind_index("warga@example.org", purpose="phone")}) == 2
    assert index != OTHER_KEYS.blind_index("warga@example.org", purpose="email")
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"balai/1/blind-index/email").derive(bytes(range(32)))
    assert index == hmac.digest(key, b"\0\0\0\x11warga@example.org", sha256)


def test_a_code_is_derived_not_kept_and_belongs_to_its_parts() -> None:
    complaint = UUID(int=5)
    code = KEYS.code("tracking", "banda-aceh", complaint, length=13)
    assert code == Keyring(bytes(range(32))).code("tracking", "banda-aceh", complaint, length=13)
    assert re.fullmatch(f"[{CROCKFORD}]{{13}}", code)
    others = [
        KEYS.code("receipt", "banda-aceh", complaint, length=13),
        KEYS.code("tracking", "sumedang", complaint, length=13),
        KEYS.code("tracking", "banda-aceh", UUID(int=6), length=13),
        OTHER_KEYS.code("tracking", "banda-aceh", complaint, length=13),
    ]
    assert len({code, *others}) == 5


def test_codes_use_every_bit_of_their_length() -> None:
    codes = [KEYS.code("tracking", number, length=12) for number in range(4_000)]
    assert len(set(codes)) == 4_000
    assert all({code[place] for code in codes} == set(CROCKFORD) for place in range(12))
    for length in (0, 52):
        with pytest.raises(ValueError, match="1 to 51"):
            KEYS.code("tracking", 1, length=length)


def test_a_code_is_read_as_people_write_it() -> None:
    number = next(n for n in range(10_000) if {"0", "1"} <= set(KEYS.code("tracking", n, length=13)))
    code = KEYS.code("tracking", number, length=13)
    written = f"{code[:4]}-{code[4:9]} {code[9:]}".lower().replace("0", "o").replace("1", "l")
    assert KEYS.verify_code(written, "tracking", number, length=13)
    for wrong in ("", code[:-1], code + "0", "É" + code[1:], "\ud800", code[::-1]):
        assert not KEYS.verify_code(wrong, "tracking", number, length=13)


def test_parts_that_only_look_alike_joined_are_told_apart() -> None:
    assert KEYS.sign("file", "ab", "c") != KEYS.sign("file", "a", "bc") != KEYS.sign("file", "abc")


@given(st.lists(st.one_of(st.text(), st.integers(), st.uuids()), max_size=4))
def test_a_signature_holds_for_its_parts_and_no_others(parts: list[str | int | UUID]) -> None:
    signature = KEYS.sign("file", *parts)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", signature)
    assert KEYS.verify_signature(signature, "file", *parts)
    assert not KEYS.verify_signature(signature, "file", *parts, "more")
    assert not KEYS.verify_signature(signature, "token", *parts)
    assert not OTHER_KEYS.verify_signature(signature, "file", *parts)


@given(st.text())
def test_any_other_text_is_no_signature(text: str) -> None:
    assert not KEYS.verify_signature(text, "file", "x")


def test_a_short_secret_is_refused_and_none_is_printed() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(b"short")
    assert "\\x" not in repr(KEYS)
