"""Telephone numbers and e-mail addresses in one form, however they are written."""

import unicodedata

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_REACHED_BY_SMS = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_SHOWN = 4


def read_phone(text: str, *, country: str) -> str | None:
    """Return a mobile number as E.164, None for anything else. Without a country code it is one of `country`."""
    # People write 00 for +, which not every country's dialling rules know.
    written = f"+{text.strip()[2:]}" if text.strip().startswith("00") else text
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    mobile = phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in _REACHED_BY_SMS
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if mobile and not number.extension else None


def mask_phone(phone: str) -> str:
    """Return an E.164 number of which only the country code's beginning and the last four digits can be read."""
    return f"{phone[:3]}{'•' * (len(phone) - 3 - _SHOWN)}{phone[-_SHOWN:]}"


def read_email(text: str) -> str:
    """Return an e-mail address in the form in which it is compared."""
    return unicodedata.normalize("NFC", text).strip().lower()
