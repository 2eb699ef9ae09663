"""Who vouches for a pack: an Ed25519 signature over the checksum of every file, kept in the pack as `SIGNATURE`.

The file is JSON to be read: which key, which files, and the signature over all of that without itself. A key is known by its
fingerprint, the SHA-256 of its DER, as `openssl pkey -pubin -in key.pub -outform DER | sha256sum` tells it.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, load_pem_public_key
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from backend.packs.faults import Faults, PackError, Place
from backend.packs.folder import BASES, SHIPPED, SIGNATURE, Files

FORMAT, ALGORITHM = "balai-pack-signature-1", "ed25519"
MAX_SIGNATURE = 256 * 1024  # bytes
_MAKE = "make one with `openssl genpkey -algorithm ed25519 -out key.pem`"
_TELL = "its public half with `openssl pkey -in key.pem -pubout -out key.pub`"
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)


class _SignatureFile(Schema):
    class Meta:
        unknown = RAISE

    format = fields.String(required=True, validate=validate.Equal(FORMAT))
    algorithm = fields.String(required=True)
    public_key = fields.String(required=True)
    fingerprint = fields.String(required=True)
    files = fields.Dict(keys=fields.String(), values=fields.String(validate=validate.Regexp(r"[0-9a-f]{64}\Z")), required=True)
    signature = fields.String(required=True)


def sign_files(files: Files, private_key: bytes) -> bytes:
    """Return what belongs into `SIGNATURE`, made with a private key in PEM. Raises PackError for a key of another kind."""
    try:
        key = load_pem_private_key(private_key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise _refused("key", "no_key", f"this is no Ed25519 private key in PEM without a password: {_MAKE}, {_TELL}")
    public = key.public_key()
    said: dict[str, Any] = {
        "format": FORMAT,
        "algorithm": ALGORITHM,
        "public_key": base64.b64encode(public.public_bytes_raw()).decode(),
        "fingerprint": fingerprint(public),
        "files": _checksums(files),
    }
    said["signature"] = base64.b64encode(key.sign(_canonical(said))).decode()
    return (json.dumps(said, indent=1) + "\n").encode()


def verify_files(files: Files, trusted: bytes) -> str:
    """Return the fingerprint of the trusted key that has signed exactly these files.

    `trusted` holds public keys, in PEM or one a line as in `SIGNATURE`; what follows a key, and lines that begin with #, are
    comments. Files of bases that nobody signed are let pass if they are the shipped ones. Raises PackError with the reason, or
    with every file that was changed, added or taken away.
    """
    said = _read_signature(files)
    signer = _trusted_key(said, _trusted_keys(trusted))
    try:
        signer.verify(_base64(said["signature"]), _canonical(said))
    except InvalidSignature:
        raise _refused(SIGNATURE, "signature_wrong", "the signature is not of what this file says: sign the pack anew") from None
    faults = Faults()
    for path, text in _differences(said["files"], files):
        faults.note(Place(path, 1), "signature_broken", text)
    if faults:
        raise PackError(faults)
    return fingerprint(signer)


def trusted_signer(files: Files, trust: Path | None) -> str | None:
    """Return who has signed the files, of the keys in the file `trust`; None where nobody needs to. Raises PackError."""
    return verify_files(files, trust.read_bytes()) if trust else None


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return what a key is known by: the SHA-256 of its DER, in hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _refused(file: str, code: str, text: str) -> PackError:
    faults = Faults()
    faults.note(Place(file, 1), code, text)
    return PackError(faults)


def _checksums(files: Files) -> dict[str, str]:
    return {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files) if path != SIGNATURE}


def _canonical(said: Mapping[str, Any]) -> bytes:
    """Return what is signed: all that the file says but the signature, the same bytes however it is laid out."""
    signed = {name: value for name, value in said.items() if name != "signature"}
    return json.dumps(signed, sort_keys=True, separators=(",", ":")).encode()


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""  # which no key and no signature is


def _read_signature(files: Files) -> Mapping[str, Any]:
    content = files.get(SIGNATURE)
    if content is None:
        text = f"the pack is not signed: ask who sent it to sign it (`balai region sign DIR --key key.pem`); for a key, {_MAKE}"
        raise _refused(SIGNATURE, "signature_missing", text)
    try:
        said = json.loads(content[: MAX_SIGNATURE + 1])
        algorithm = said.get("algorithm") if isinstance(said, dict) else None
        loaded: Mapping[str, Any] = _SignatureFile().load(said)
    except (ValueError, RecursionError, ValidationError) as error:
        text = f"this is no signature that `balai region sign` has written ({error}): sign the pack anew"
        raise _refused(SIGNATURE, "signature_unreadable", text) from None
    if algorithm != ALGORITHM:
        raise _refused(
            SIGNATURE, "signature_algorithm", f"it is signed with {algorithm!r}, not {ALGORITHM}: {_MAKE} and sign anew"
        )
    return loaded


def _trusted_key(said: Mapping[str, Any], trusted: Mapping[bytes, Ed25519PublicKey]) -> Ed25519PublicKey:
    key = trusted.get(_base64(said["public_key"]))
    if key is None:
        named = _public_key(said["public_key"])
        if named is None:
            raise _refused(SIGNATURE, "signature_unreadable", "its public_key is none of Ed25519: sign the pack anew")
        known = ", ".join(map(fingerprint, trusted.values()))
        text = f"it is signed by the key {fingerprint(named)}, and those trusted are {known}: ask its owner, then add it to them"
        raise _refused(SIGNATURE, "signer_not_trusted", text)
    return key


def _trusted_keys(trusted: bytes) -> Mapping[bytes, Ed25519PublicKey]:
    """Return the keys of a file by their raw bytes. Raises PackError for what in it is none, and for a file without any."""
    faults = Faults()
    keys = {}
    for line, written in _written_keys(trusted.decode("utf-8", "replace")):
        key = _public_key(written)
        if key is None:
            faults.note(Place("trust", line), "no_key", f"this is no Ed25519 public key: {_TELL}, or begin the line with #")
        else:
            keys[key.public_bytes_raw()] = key
    if not keys and not faults:
        faults.note(Place("trust", 1), "no_key", f"there is no key in it: ask those you trust for theirs ({_TELL})")
    if faults:
        raise PackError(faults)
    return keys


def _written_keys(text: str) -> Iterator[tuple[int, str]]:
    """Yield each block of PEM, and each first word of another line that is no comment; with its line."""
    for block in _PEM.finditer(text):
        yield text.count("\n", 0, block.start()) + 1, block[0]
    rest = _PEM.sub(lambda block: "\n" * block[0].count("\n"), text)
    for line, words in enumerate(rest.splitlines(), start=1):
        if words.strip() and not words.lstrip().startswith("#"):
            yield line, words.split()[0]


def _public_key(written: str) -> Ed25519PublicKey | None:
    try:
        if not written.startswith("-----"):
            return Ed25519PublicKey.from_public_bytes(_base64(written))
        key = load_pem_public_key(written.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def _differences(signed: Mapping[str, str], files: Files) -> Iterator[tuple[str, str]]:
    there = _checksums(files)
    for path in sorted(signed.keys() | there.keys()):
        if path not in there:
            yield path, "it was signed and is missing: ask for the whole pack"
        elif path not in signed:
            if not _is_shipped(path, files[path]):
                yield path, "it was added after the pack was signed: take it out, or ask for a signature that covers it"
        elif signed[path] != there[path]:
            yield path, "it was changed after the pack was signed: ask for the file as it was signed"


def _is_shipped(path: str, content: bytes) -> bool:
    """Whether this is a base's file as it comes with Balai, and needs no other word for it."""
    folder, _slash, inside = path.partition("/")
    shipped = SHIPPED / inside
    return folder == BASES and shipped.is_file() and shipped.read_bytes() == content
