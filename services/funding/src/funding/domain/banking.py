"""Numbers that banks know: account numbers (IBAN) and creditor references, both with ISO 7064 MOD 97-10 digits."""

import hashlib
import re
from uuid import UUID

from dorpsplein.errors import Refused

LENGTHS = """
    AD24 AL28 AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GI23 GR27 HR21 HU28 IE22 IS26 IT27 LI21
    LT20 LU20 LV21 MC27 MD24 ME22 MK19 MT31 NL18 NO15 PL28 PT25 RO24 RS22 SE24 SI19 SK24 SM27 VA22
"""
SEPA_LENGTHS = {entry[:2]: int(entry[2:]) for entry in LENGTHS.split()}
"""How long the IBAN of each SEPA country is, by the IBAN registry (ISO 13616) that SWIFT keeps."""

REFERENCE_DIGITS = 20
"""Hexadecimal digits in a reference: 80 bits, so that two pledges never share one by chance."""
REFERENCE = re.compile(rf"(?=(RF[0-9]{{2}}[0-9A-F]{{{REFERENCE_DIGITS}}}))")


def iban_of(text: str) -> str:
    """The IBAN in its electronic form: capitals, no spaces. Raises Refused("iban-not-valid"), without repeating it."""
    iban = re.sub(r"[ \u00a0-]", "", text).upper()
    plain = re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+", iban)
    if not plain or SEPA_LENGTHS.get(iban[:2]) != len(iban) or not _checks(iban):
        raise Refused(
            "iban-not-valid", "This is not the IBAN of an account in the SEPA area; check it for typing errors."
        )
    return iban


def reference_of(pledge_id: UUID) -> str:
    """The creditor reference (ISO 11649) to pay a pledge under: RF, two check digits and part of a hash of its id.

    A UUID does not fit the 21 characters there are, so the way back is an index over `digits_of` every pledge's id.
    """
    digits = hashlib.sha256(pledge_id.bytes).hexdigest()[:REFERENCE_DIGITS].upper()
    return f"RF{98 - _remainder(f'{digits}RF00'):02d}{digits}"


def digits_of(reference: str) -> str:
    """What of a reference comes from the pledge's id."""
    return reference[4:].lower()


def references_in(text: str) -> list[str]:
    """The valid references of our form in what someone wrote, however spaced; each once, in order."""
    packed = re.sub(r"\s", "", text).upper()
    return list(dict.fromkeys(reference for reference in REFERENCE.findall(packed) if _checks(reference)))


def _checks(number: str) -> bool:
    """Whether the check digits at places 3 and 4 are the ones its other characters give."""
    return 2 <= int(number[2:4]) <= 98 and _remainder(number[4:] + number[:4]) == 1


def _remainder(text: str) -> int:
    """The text modulo 97, with each letter as two digits (A is 10)."""
    return int("".join(str(int(character, 36)) for character in text)) % 97
