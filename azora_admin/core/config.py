"""Settings: read once from the environment, checked, and passed down; nothing else reads ``os.environ``.

The table in the README is made from this class (``azora settings``).
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from azora_admin.core import origins


class SettingsError(Exception):
    """A setting is missing or impossible; the message is a sentence that names it."""


def _postgres_url(url: str) -> str:
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://")
    return url


def _http_url(url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/")


def _smtp_url(url: SecretStr) -> SecretStr:
    parts = _split(url.get_secret_value())
    if url.get_secret_value() and (parts is None or parts.scheme not in SMTP_SCHEMES or not parts.hostname):
        raise ValueError("must be like smtp://name:password@host:587, smtps://… or smtp+plain://…")
    return url


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError when it is no port
    except ValueError:
        return None
    return parts


def _redis_url(url: SecretStr) -> SecretStr:
    if url.get_secret_value() and not url.get_secret_value().startswith(REDIS_SCHEMES):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return url


def _sender(text: str) -> str:
    _, address = parseaddr(text)
    if text and ("@" not in address or not text.isprintable()):
        raise ValueError("must be like Azora <no-reply@example.com>")
    return text


PostgresUrl = Annotated[str, AfterValidator(_postgres_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
SmtpUrl = Annotated[SecretStr, AfterValidator(_smtp_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
REDIS_SCHEMES: Final = ("redis://", "rediss://", "unix://")
SMTP_SCHEMES: Final = ("smtp", "smtps", "smtp+plain")


class Settings(BaseSettings):
    """Everything that can differ between two places where Azora admin runs."""

    model_config = SettingsConfigDict(env_prefix="AZORA_", frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(8000, ge=1, le=65535, description="Port of the web server.")
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    home: Path = Field(Path("var"), description="Folder of the embedded database, uploads and keys.")
    mode: Literal["demo", "live"] = Field(
        "live", description="demo: sandboxes, demo people and test banners."
    )
    database_url: PostgresUrl = Field(
        "", description="PostgreSQL 15 or newer; empty: the embedded one (demo)."
    )
    replica_url: PostgresUrl = Field("", description="A read replica for reports; empty: the main database.")
    redis_url: RedisUrl = Field(
        SecretStr(""),
        description="Redis in which processes count requests together and share copies of sessions; "
        "empty: each counts for itself, and each page reads its session.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs cookies and cursors, seals secrets; at least 32 characters. Empty: one kept in the home.",
    )
    base_url: HttpUrl = Field("", description="Public address of the site; empty: http://127.0.0.1:PORT.")
    allowed_hosts: origins.Hosts = Field(
        (),
        description="Names, beside that in AZORA_BASE_URL and this machine's own, that requests may have as Host; "
        "separated by commas.",
    )
    cors_origins: origins.Origins = Field(
        (),
        description="Origins, such as https://app.example.com, whose scripts may call the API; separated by commas.",
    )
    trusted_proxies: int = Field(
        0, ge=0, le=9, description="Proxies in front whose X-Forwarded-For and -Proto are believed."
    )
    require_second_factor: Literal["auto", "yes", "no"] = Field(
        "auto",
        description="Whether finance and admin must have a second factor; auto: live yes, in the demo no.",
    )
    requests_per_minute: int = Field(
        6000,
        ge=1,
        le=1_000_000_000,
        description="Requests a minute that are taken from one caller, or one address nobody is known at.",
    )
    web_workers: int = Field(2, ge=1, le=64, description="Web server processes.")
    web_threads: int = Field(2, ge=1, le=64, description="Threads in each web server process.")
    worker_jobs: int = Field(4, ge=1, le=64, description="Jobs that one worker process does side by side.")
    database_pool: int = Field(6, ge=1, le=200, description="Database connections kept by each process.")
    ask_after_seconds: int = Field(
        20,
        ge=1,
        le=86_400,
        description="A silent payment is asked for at Stripe after this time, then ever more seldom.",
    )
    refund_support_limit: int = Field(
        200,
        ge=0,
        le=1_000_000,
        description="Support may refund so many whole units of its currency of a payment, finance more.",
    )
    refund_alone_limit: int = Field(
        500,
        ge=0,
        le=1_000_000,
        description="Of what makes the refunds of a payment exceed so many units a second person has to approve.",
    )
    signing_key_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="A new key signs access tokens after so many days; 0: only by `azora keys rotate`.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What the log tells.")

    smtp_url: SmtpUrl = Field(
        SecretStr(""),
        description="Mail server: smtp:// (STARTTLS), smtps:// or, inside a network of one's own, smtp+plain://; "
        "empty: in the demo a mailbox page, live no mail goes out.",
    )
    mail_from: Annotated[str, AfterValidator(_sender)] = Field(
        "", description="Sender of mails; empty: Azora <no-reply@HOST of the public address>."
    )

    stripe_api_key: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("STRIPE_API_KEY"),
        description="Secret or restricted key.",
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("STRIPE_WEBHOOK_SECRET"),
        description="Signing secret of the webhook endpoint; two, separated by a comma, while it is rolled.",
    )
    stripe_api_base: HttpUrl = Field(
        "",
        validation_alias=AliasChoices("STRIPE_API_BASE"),
        description="Where Stripe's API is; empty: Stripe itself. The demo sets its stand-in.",
    )

    @property
    def public_url(self) -> str:
        return self.base_url or f"http://127.0.0.1:{self.port}"

    @property
    def second_factor_required(self) -> bool:
        if self.require_second_factor == "auto":
            return self.mode == "live"
        return self.require_second_factor == "yes"

    @property
    def mail_sender(self) -> str:
        return self.mail_from or f"Azora <no-reply@{urlsplit(self.public_url).hostname}>"

    @property
    def host_names(self) -> frozenset[str]:
        """Every name that a request's Host may have, without its port."""
        return origins.host_names(self.public_url, self.host, self.allowed_hosts)


def load_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """Settings from the environment, ``overrides`` (by field name) first.

    Raises SettingsError with a sentence for a person when a value is impossible.
    """
    try:
        return Settings(**(overrides or {}))  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(" ".join(_sentence(problem) for problem in error.errors())) from None


def plain(value: object) -> str:
    """A setting's value as the environment writes it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def environment_name(field: str) -> str:
    """The environment variable that sets ``field``."""
    return field.upper() if field.startswith("stripe_") else f"AZORA_{field.upper()}"


def _sentence(problem: Mapping[str, object]) -> str:
    location = problem["loc"]
    name = str(location[0]) if isinstance(location, tuple) and location else "?"
    variable = name if name.isupper() else environment_name(name)
    return f"{variable} is not usable: {str(problem['msg']).removeprefix('Value error, ')}."
