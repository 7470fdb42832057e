"""What an operator may set; every value comes from the environment as DORPSPLEIN_<NAME>."""

from pathlib import Path
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_SECRET = 32


class Settings(BaseSettings):
    """Settings every service has; a service adds its own in its `settings.py`."""

    model_config = SettingsConfigDict(env_prefix="DORPSPLEIN_", extra="ignore", frozen=True)

    environment: Literal["local", "production"] = "production"
    role: Literal["all", "api", "worker"] = "all"
    public_url: str = "http://localhost:8080"
    data_dir: Path = Path("data")

    host: str = "127.0.0.1"
    port: int = 8000
    listen_fd: int | None = None
    metrics_port: int = 9000
    metrics_fd: int | None = None

    database_url: SecretStr = SecretStr("")
    migration_url: SecretStr = SecretStr("")
    database_pool: int = Field(8, ge=1)
    statement_timeout_s: float = Field(10.0, gt=0)

    kafka_bootstrap_servers: str = "localhost:9092"
    topic_prefix: str = ""
    topic_partitions: int | None = None
    topic_replication: int = 1
    create_topics: bool = True
    batch_records: int = Field(1000, ge=1)
    poll_interval_s: float = Field(300.0, gt=0)
    dead_letter_limit: int = Field(100, ge=1)
    relay_batch: int = Field(500, ge=1)

    oin: str = Field("00000001000000000000", pattern=r"^\d{20}$")
    issuer: str = ""
    jwks_url: str = ""
    audience: str = "dorpsplein"
    pseudonym_secret: SecretStr = SecretStr("")

    otlp_endpoint: str = ""
    failpoints: str = ""
    clock_file: Path | None = None
    """Says how far the service's clock is ahead; see `dorpsplein.clock`. For the local environment only."""

    @model_validator(mode="after")
    def _real_time(self) -> Self:
        if self.clock_file is not None and self.environment != "local":
            raise ValueError("clock_file is for the local environment only: elsewhere time is real")
        return self

    def unsafe(self) -> list[str]:
        """The settings that production needs and does not have; never any in the local environment."""
        if self.environment == "local":
            return []
        needed = {
            "DORPSPLEIN_ISSUER": bool(self.issuer),
            "DORPSPLEIN_JWKS_URL": bool(self.jwks_url),
            f"DORPSPLEIN_PSEUDONYM_SECRET (at least {SHORTEST_SECRET} characters)": (
                len(self.pseudonym_secret.get_secret_value()) >= SHORTEST_SECRET
            ),
        }
        return [name for name, is_set in needed.items() if not is_set]

    def source(self, service: str) -> str:
        """The CloudEvents source of a service: a URN under the municipality's OIN (NL GOV profile 1.1)."""
        return f"urn:nld:oin:{self.oin}:systeem:{service}"


NAMESPACE = UUID("6f1d8a0c-7a5e-5d0b-9b0e-d0a95b1e1e00")
"""Root of every name-based (version 5) id the system makes."""
