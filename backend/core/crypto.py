"""Everything made with the installation's one secret: encryption, blind indexes, codes and signatures.

Each purpose has a key of its own (HKDF-SHA256, RFC 5869), so what is learnt from one use says nothing about another.
"""

import base64
import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # base 32 without I, L, O and U
MAX_CODE_CHARACTERS = sha256().digest_size * 8 // 5
_READ_AS = str.maketrans("ILO", "110", "- ")  # how people write down what they read
_VERSION = b"\x01"
_NONCE_BYTES = 12

Part = str | int | UUID


class DecryptionError(Exception):
    """The bytes were not made by this key for this place, or were changed since."""


def read_code(written: str) -> str:
    """Return a code in the form in which it was made, as people write it: in any case, with blanks or hyphens."""
    return written.upper().translate(_READ_AS)


def _joined(parts: Iterable[Part]) -> bytes:
    """Return the parts with their lengths, so that ("ab", "c") and ("a", "bc") differ."""
    encoded = [str(part).encode("utf-8", "surrogatepass") for part in parts]
    return b"".join(len(part).to_bytes(4) + part for part in encoded)


class Keyring:
    """The keys derived from `secret_key`. Threads may share it."""

    def __init__(self, secret_key: bytes) -> None:
        if len(secret_key) < KEY_BYTES:
            raise ValueError(f"the secret key is shorter than {KEY_BYTES} bytes")
        self._secret_key = secret_key
        self._keys: dict[str, bytes] = {}
        self._cipher = AESGCM(self._key("encryption"))

    def __repr__(self) -> str:
        return "Keyring()"

    def _key(self, purpose: str) -> bytes:
        if purpose not in self._keys:
            derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"balai/1/{purpose}".encode())
            self._keys[purpose] = derivation.derive(self._secret_key)
        return self._keys[purpose]

    def _mac(self, use: str, purpose: str, parts: Iterable[Part]) -> bytes:
        return hmac.digest(self._key(f"{use}/{purpose}"), _joined(parts), "sha256")

    def encrypt(self, text: str, *, bound_to: str) -> bytes:
        """Return AES-256-GCM of `text`, 29 bytes longer than it, that only opens with the same `bound_to`.

        `bound_to` says where it is kept (table, column, row), so that a ciphertext copied into another row does not
        open there. Nonces are random: one key is good for 2^32 texts (NIST SP 800-38D, 8.3).
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), _VERSION + bound_to.encode())

    def decrypt(self, sealed: bytes, *, bound_to: str) -> str:
        """Return what `encrypt` was given. Raises DecryptionError."""
        version, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if version != _VERSION:
            raise DecryptionError(f"unknown version {version.hex() or 'none'} of the ciphertext for {bound_to}")
        try:
            return self._cipher.decrypt(nonce, rest, _VERSION + bound_to.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise DecryptionError(f"the ciphertext for {bound_to} does not open: another key, place or content") from error

    def blind_index(self, value: str, *, purpose: str) -> bytes:
        """Return 32 bytes by which an encrypted value is found. Bring `value` into one form first (case, +62)."""
        return self._mac("blind-index", purpose, [value])

    def code(self, purpose: str, *parts: Part, length: int) -> str:
        """Return a code of `length` characters, 5 bits each, that only this installation can derive from the parts.

        Nothing need be stored: 12 characters are 60 bits, 13 are 65. Crockford's base 32, at most 51 characters.
        """
        if not 1 <= length <= MAX_CODE_CHARACTERS:
            raise ValueError(f"a code has 1 to {MAX_CODE_CHARACTERS} characters")
        bits = int.from_bytes(self._mac("code", purpose, parts))
        return "".join(CROCKFORD[bits >> 5 * i & 31] for i in range(length))

    def verify_code(self, given: str, purpose: str, *parts: Part, length: int) -> bool:
        """Tell in constant time whether `given` is the code, as people write it: in any case, with blanks or hyphens."""
        read = read_code(given).encode("utf-8", "surrogatepass")
        return hmac.compare_digest(read, self.code(purpose, *parts, length=length).encode())

    def sign(self, purpose: str, *parts: Part) -> str:
        """Return a URL-safe signature, 43 characters, of the parts in their order."""
        return base64.urlsafe_b64encode(self._mac("signature", purpose, parts)).rstrip(b"=").decode()

    def verify_signature(self, signature: str, purpose: str, *parts: Part) -> bool:
        """Tell in constant time whether `sign` made the signature for these parts."""
        return hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), self.sign(purpose, *parts).encode())
