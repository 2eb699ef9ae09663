"""A region trusts what it receives: a pack is signed by a key, and not one file of it changes unseen."""

import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from backend.packs.faults import PackError
from backend.packs.folder import SHIPPED, SIGNATURE, Files, gather, read_folder
from backend.packs.signing import fingerprint, sign_files, trusted_signer, verify_files

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
FILES = {
    "region.yaml": b"key: contoh\n",
    "complaints.yaml": b"enabled: true\n",
    "bases/base-contoh/pack.yaml": b"key: base-contoh\n",
}


def private(key, protection=None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection or NoEncryption())


def public(key) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def signed() -> Files:
    return FILES | {SIGNATURE: sign_files(FILES, private(KEY))}


def faults_of(files: Files, trusted: bytes) -> list[str]:
    with pytest.raises(PackError) as caught:
        verify_files(files, trusted)
    return [f"{fault.file}: {fault.text}" for fault in caught.value.faults]


def resigned(signed: Files, **said: object) -> Files:
    """Return the pack with other words in its signature's file."""
    return signed | {SIGNATURE: json.dumps(json.loads(signed[SIGNATURE]) | said).encode()}


def test_a_signed_pack_is_known_by_its_signer(signed):
    assert verify_files(signed, public(KEY)) == fingerprint(KEY.public_key())
    assert sign_files(signed, private(KEY)) == signed[SIGNATURE]


def test_the_signature_says_what_it_is_of(signed):
    said = json.loads(signed[SIGNATURE])
    assert list(said["files"]) == sorted(FILES)
    assert said["fingerprint"] == fingerprint(KEY.public_key())
    assert said["algorithm"] == "ed25519"


def test_keys_are_those_of_openssl(tmp_path: Path):
    def openssl(*words: str) -> bytes:
        return subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True).stdout

    openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
    openssl("pkey", "-in", "key.pem", "-pubout", "-out", "key.pub")
    (tmp_path / "key.der").write_bytes(openssl("pkey", "-pubin", "-in", "key.pub", "-outform", "DER"))
    files = FILES | {SIGNATURE: sign_files(FILES, (tmp_path / "key.pem").read_bytes())}
    signer = verify_files(files, (tmp_path / "key.pub").read_bytes())
    assert openssl("dgst", "-sha256", "-r", "key.der").decode().split()[0] == signer


def test_the_trusted_keys_are_several_with_comments_in_pem_or_one_a_line(signed):
    word = json.loads(signed[SIGNATURE])["public_key"].encode()
    for trusted in (
        b"# Banda Aceh\n\n" + public(OTHER) + b"\n# Sumedang, until 2028\n" + public(KEY) + b"# the end\n",
        b"# one a line\n  " + word + b" Sumedang, asked by telephone\r\n\r\n" + public(OTHER),
    ):
        assert verify_files(signed, trusted) == fingerprint(KEY.public_key())


def test_a_key_that_is_not_trusted_is_named(signed):
    [fault] = faults_of(signed, public(OTHER))
    assert fingerprint(KEY.public_key()) in fault
    assert fingerprint(OTHER.public_key()) in fault


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("complaints.yaml", b"enabled: false\n", "changed"),
        ("complaints.yaml", None, "missing"),
        ("extra.yaml", b"", "added"),
        ("bases/base-contoh/pack.yaml", b"key: base-contoh\n\n", "changed"),
        ("bases/base-indonesia/pack.yaml", b"key: base-indonesia\n", "added"),
    ],
)
def test_a_file_that_is_not_as_it_was_signed_is_named(signed, path, content, why):
    files = signed | {path: content} if content is not None else {name: signed[name] for name in signed if name != path}
    [fault] = faults_of(files, public(KEY))
    assert fault.startswith(f"{path}: ")
    assert why in fault


def test_every_file_that_differs_is_named_at_once(signed):
    files = {name: signed[name] for name in (SIGNATURE, "region.yaml")} | {"a.yaml": b"", "complaints.yaml": b""}
    assert [fault.partition(":")[0] for fault in faults_of(files, public(KEY))] == [
        "a.yaml",
        "bases/base-contoh/pack.yaml",
        "complaints.yaml",
    ]


def test_bases_that_nobody_signed_are_trusted_if_they_are_the_shipped_ones():
    files = gather(SHIPPED / "banda-aceh")
    files[SIGNATURE] = sign_files(read_folder(SHIPPED / "banda-aceh"), private(KEY))
    base = next(path for path in files if path.startswith("bases/"))
    assert verify_files(files, public(KEY))
    [fault] = faults_of(files | {base: files[base] + b"\n"}, public(KEY))
    assert fault.startswith(f"{base}: ")


@pytest.mark.parametrize(
    "said",
    [
        {"files": {}},
        {"files": {"region.yaml": "0" * 64}},
        {"fingerprint": "0" * 64},
        {"signature": ""},
        {"signature": "AAAA"},
        {"signature": "no base64"},
    ],
)
def test_words_that_were_not_signed_are_refused(signed, said):
    [fault] = faults_of(resigned(signed, **said), public(KEY))
    assert "the signature is not of what this file says" in fault


def test_a_signature_of_another_key_under_a_trusted_name_is_refused(signed):
    other = json.loads(sign_files(FILES, private(OTHER)))
    [fault] = faults_of(resigned(signed, signature=other["signature"]), public(KEY))
    assert "the signature is not of what this file says" in fault


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"algorithm": "rsa"}, "'rsa', not ed25519"),
        ({"format": "balai-pack-signature-2"}, "sign the pack anew"),
        ({"public_key": "AAAA"}, "sign the pack anew"),
        ({"public_key": 5}, "sign the pack anew"),
        ({"files": ["region.yaml"]}, "sign the pack anew"),
        ({"files": {"region.yaml": "x"}}, "sign the pack anew"),
        ({"more": 1}, "sign the pack anew"),
    ],
)
def test_a_signature_of_another_form_is_refused(signed, said, why):
    [fault] = faults_of(resigned(signed, **said), public(KEY))
    assert fault.startswith("SIGNATURE: ")
    assert why in fault


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"\xff", b"[" * 200_000, b'{"format": 1', b" " * 300_000])
def test_what_is_no_signature_is_refused(signed, content):
    [fault] = faults_of(signed | {SIGNATURE: content}, public(KEY))
    assert "no signature that `balai region sign` has written" in fault


def test_a_pack_without_a_signature_is_refused_with_what_to_do():
    [fault] = faults_of(FILES, public(KEY))
    assert "is not signed" in fault
    assert "openssl genpkey -algorithm ed25519" in fault


@pytest.mark.parametrize(
    "key",
    [b"", b"no key", public(KEY), private(generate_private_key(65537, 2048)), private(KEY, BestAvailableEncryption(b"secret"))],
)
def test_what_is_no_plain_private_key_signs_nothing(key):
    with pytest.raises(PackError, match="openssl genpkey -algorithm ed25519"):
        sign_files(FILES, key)


@pytest.mark.parametrize(
    ("trusted", "line"),
    [
        (b"", 1),
        (b"# nobody yet\n", 1),
        (b"# a comment\n" + private(KEY), 2),
        (b"\n\n" + public(generate_private_key(65537, 2048)), 3),
        (public(KEY) + b"nonsense\n", 4),
        (public(KEY) + b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", 4),
    ],
)
def test_a_file_of_trusted_keys_that_holds_something_else_is_refused_by_line(signed, trusted, line):
    with pytest.raises(PackError) as caught:
        verify_files(signed, trusted)
    [fault] = caught.value.faults
    assert (fault.file, fault.line) == ("trust", line)


def test_where_no_keys_are_named_a_pack_needs_no_signature(signed, tmp_path):
    assert trusted_signer(FILES, None) is None
    (tmp_path / "trust").write_bytes(public(KEY))
    assert trusted_signer(signed, tmp_path / "trust") == fingerprint(KEY.public_key())
    with pytest.raises(PackError):
        trusted_signer(FILES, tmp_path / "trust")
