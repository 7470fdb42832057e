"""What an operator may set for notifications; values come from the environment as DORPSPLEIN_<NAME>."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from dorpsplein import settings


class Settings(settings.Settings):
    """Deliveries to other systems, e-mail, and how often reach is counted. All times are in seconds."""

    allow_private_callbacks: bool = False
    delivery_timeout_s: float = Field(10.0, gt=0)
    delivery_lease_s: float = Field(60.0, gt=0)
    deliveries_per_endpoint: int = Field(8, ge=1)
    deliveries_in_flight: int = Field(500, ge=1)
    first_retry_s: float = Field(5.0, gt=0)
    longest_retry_s: float = Field(8 * 3600.0, gt=0)
    give_up_after_s: float = Field(76 * 3600.0, gt=0)
    heartbeat_s: float = Field(15.0, gt=0)
    measure_every_s: float = Field(60.0, gt=0)

    smtp_host: str = ""
    smtp_port: int = Field(25, ge=1, le=65_535)
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_from: str = "Dorpsplein <dorpsplein@localhost>"

    @property
    def has_mail(self) -> bool:
        """Whether e-mail can go out: to a server, or to the inbox of the local run."""
        return bool(self.smtp_host) or self.environment == "local"

    @model_validator(mode="after")
    def _private_callbacks_stay_local(self) -> Self:
        if self.allow_private_callbacks and self.environment != "local":
            raise ValueError("allow_private_callbacks is for the local environment only")
        if self.delivery_lease_s <= self.delivery_timeout_s:
            raise ValueError("delivery_lease_s must be longer than delivery_timeout_s")
        return self
