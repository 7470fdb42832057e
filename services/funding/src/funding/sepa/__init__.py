"""The bank's XML: the only place that touches it. Messages are those of ISO 20022 (https://www.iso20022.org)."""

from funding.sepa.camt import read
from funding.sepa.pain import file_for_bank
from funding.sepa.tree import MOST_STATEMENT_BYTES

__all__ = ["MOST_STATEMENT_BYTES", "file_for_bank", "read"]
