"""What an operator of the funding service may set, beside what every service has."""

import hashlib
import hmac
from base64 import b64decode

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from dorpsplein.errors import Refused
from dorpsplein.settings import Settings
from funding.domain.banking import iban_of
from funding.domain.payouts import Debtor

SEED_BYTES = 32


class FundingSettings(Settings):
    """`audit_interval_s` is how often the ledger is recomputed; `audit_timeout_s` how long that may take.

    `head_interval_s` is the least time between two signed heads of the transparency log, `log_key` the seed of the
    key that signs them: 32 random bytes in base64.

    `debtor_name`, `debtor_iban` and `debtor_bic` say which bank account is paid from and paid into; without them no
    file for the bank is made and no statement taken in.
    """

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    audit_interval_s: float = Field(60.0, gt=0)
    audit_timeout_s: float = Field(120.0, gt=0)
    head_interval_s: float = Field(1.0, gt=0)
    log_key: SecretStr = SecretStr("")
    debtor_name: str = Field("", max_length=70)
    debtor_iban: str = ""
    debtor_bic: str = Field("", pattern="^([A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?)?$")

    @field_validator("log_key")
    @classmethod
    def _is_a_seed(cls, key: SecretStr) -> SecretStr:
        if key and len(b64decode(key.get_secret_value(), validate=True)) != SEED_BYTES:
            raise ValueError("must be 32 random bytes in base64")
        return key

    @field_validator("debtor_iban")
    @classmethod
    def _is_an_iban(cls, iban: str) -> str:
        try:
            return iban_of(iban) if iban else iban
        except Refused as no:
            raise ValueError("must be the IBAN of an account in the SEPA area") from no

    @property
    def debtor(self) -> Debtor | None:
        """The account that is paid from, where it is set whole."""
        whole = self.debtor_name and self.debtor_iban and self.debtor_bic
        return Debtor(self.debtor_iban, self.debtor_name, self.debtor_bic) if whole else None

    @property
    def log_seed(self) -> bytes:
        """The seed of the log's key. In the local environment it follows from another secret unless it is set."""
        if self.log_key or self.environment != "local":
            return b64decode(self.log_key.get_secret_value())
        return hmac.digest(self.pseudonym_secret.get_secret_value().encode(), b"the key of the log", hashlib.sha256)

    def unsafe(self) -> list[str]:
        """What production needs and does not have; the key of the log only where the log is written."""
        missing = self.environment != "local" and self.role != "api" and not self.log_key
        return [*super().unsafe(), *(["DORPSPLEIN_LOG_KEY (32 random bytes in base64)"] if missing else [])]
