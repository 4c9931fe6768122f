"""A value that can't be is refused by one sentence that names its variable, and tells no secret."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from azora_admin.core.config import Settings, SettingsError, environment_name, load_settings, plain


@pytest.fixture(autouse=True)
def empty_environment() -> Iterator[None]:
    """The environment without a word of ours."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(("AZORA_", "STRIPE_"))]:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


IMPOSSIBLE = [
    ("AZORA_PORT", "0"),
    ("AZORA_PORT", "65536"),
    ("AZORA_PORT", "-1"),
    ("AZORA_PORT", "eighty"),
    ("AZORA_PORT", ""),
    ("AZORA_PORT", "80.5"),
    ("AZORA_MODE", "production"),
    ("AZORA_MODE", ""),
    ("AZORA_DATABASE_URL", "mysql://localhost/azora"),
    ("AZORA_DATABASE_URL", "localhost"),
    ("AZORA_REPLICA_URL", "http://localhost"),
    ("AZORA_BASE_URL", "azora.example"),
    ("AZORA_BASE_URL", "ftp://azora.example"),
    ("AZORA_SMTP_URL", "mail.example.com"),
    ("AZORA_SMTP_URL", "http://mail.example.com"),
    ("AZORA_SMTP_URL", "smtp://"),
    ("AZORA_SMTP_URL", "smtp://mail.example.com:port"),
    ("AZORA_MAIL_FROM", "Azora"),
    ("AZORA_MAIL_FROM", "Azora <a@example.com>\nBcc: b@example.com"),
    ("AZORA_REDIS_URL", "127.0.0.1:6379"),
    ("AZORA_REDIS_URL", "http://127.0.0.1"),
    ("AZORA_REQUESTS_PER_MINUTE", "0"),
    ("AZORA_WEB_WORKERS", "0"),
    ("AZORA_WEB_WORKERS", "65"),
    ("AZORA_WEB_THREADS", "many"),
    ("AZORA_WORKER_JOBS", "0"),
    ("AZORA_DATABASE_POOL", "0"),
    ("AZORA_DATABASE_POOL", "201"),
    ("AZORA_ASK_AFTER_SECONDS", "0"),
    ("AZORA_ASK_AFTER_SECONDS", "86401"),
    ("AZORA_LOG_LEVEL", "LOUD"),
    ("STRIPE_API_BASE", "127.0.0.1:12111"),
    ("AZORA_ALLOWED_HOSTS", "https://shop.example"),
    ("AZORA_ALLOWED_HOSTS", "shop.example:443"),
    ("AZORA_ALLOWED_HOSTS", "shop.example, Shop.example"),
    ("AZORA_ALLOWED_HOSTS", "*"),
    ("AZORA_ALLOWED_HOSTS", "*.shop.example"),
    ("AZORA_ALLOWED_HOSTS", ".shop.example"),
    ("AZORA_ALLOWED_HOSTS", "shop.example/"),
    ("AZORA_CORS_ORIGINS", "*"),
    ("AZORA_CORS_ORIGINS", "null"),
    ("AZORA_CORS_ORIGINS", "shop.example"),
    ("AZORA_CORS_ORIGINS", "https://shop.example/"),
    ("AZORA_CORS_ORIGINS", "https://shop.example/app"),
    ("AZORA_CORS_ORIGINS", "https://*.shop.example"),
    ("AZORA_CORS_ORIGINS", "https://Shop.example"),
    ("AZORA_CORS_ORIGINS", "https://you@shop.example"),
    ("AZORA_CORS_ORIGINS", "https://shop.example,*"),
    ("AZORA_CORS_ORIGINS", "https://shop.example https://other.example"),
]


@pytest.mark.parametrize(("variable", "value"), IMPOSSIBLE)
def test_an_impossible_value_is_one_sentence_that_names_the_variable(variable: str, value: str) -> None:
    os.environ[variable] = value
    with pytest.raises(SettingsError) as refused:
        load_settings()
    sentence = str(refused.value)
    assert sentence.startswith(f"{variable} is not usable: ")
    assert sentence.endswith(".")
    assert sentence.count(" is not usable") == 1
    assert "\n" not in sentence
    assert "Value error" not in sentence


def test_a_value_given_by_the_program_is_refused_under_its_variable_too() -> None:
    with pytest.raises(SettingsError, match=r"^STRIPE_API_BASE is not usable: "):
        load_settings({"stripe_api_base": "nowhere"})
    with pytest.raises(SettingsError, match=r"^AZORA_PORT is not usable: "):
        load_settings({"port": 0})


def test_two_impossible_values_are_two_sentences() -> None:
    os.environ.update(AZORA_PORT="0", AZORA_MODE="x")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).count(" is not usable: ") == 2


def test_without_a_word_the_settings_are_those_of_the_table() -> None:
    settings = load_settings()
    assert (settings.port, settings.mode, settings.database_url) == (8000, "live", "")
    assert settings.public_url == "http://127.0.0.1:8000"


def test_the_environment_sets_every_field_by_the_name_that_the_table_says() -> None:
    for field in Settings.model_fields:
        was = Settings.model_fields[field].get_default()
        example = {int: "7", str: "http://x.example"}.get(type(was), "8")
        name = environment_name(field)
        if field in ("database_url", "replica_url"):
            example = "postgresql://x.example/azora"
        example = {
            "mode": "demo",
            "log_level": "ERROR",
            "require_second_factor": "yes",
            "smtp_url": "smtp://x.example:587",
            "redis_url": "redis://x.example",
            "mail_from": "Azora <x@x.example>",
            "allowed_hosts": "x.example,[::2]",
            "cors_origins": "https://x.example,app://y:1",
        }.get(field, example)
        os.environ[name] = example
        assert plain(getattr(load_settings(), field)) == example, name


def test_what_the_program_says_goes_before_the_environment() -> None:
    os.environ.update(AZORA_PORT="9000", STRIPE_API_KEY="sk_test_environment")
    settings = load_settings({"port": 9001, "stripe_api_key": "sk_test_program"})
    assert settings.port == 9001
    assert settings.stripe_api_key.get_secret_value() == "sk_test_program"


def test_mails_come_from_the_site_unless_a_sender_is_set() -> None:
    site = {"base_url": "https://admin.azora.example:8443"}
    assert load_settings(site).mail_sender == "Azora <no-reply@admin.azora.example>"
    chosen = load_settings(site | {"mail_from": "Academy <hello@academy.example>"})
    assert chosen.mail_sender == "Academy <hello@academy.example>"


def test_settings_printed_tell_no_secret() -> None:
    os.environ.update(
        AZORA_SECRET_KEY="very-secret-1",
        STRIPE_API_KEY="very-secret-2",
        STRIPE_WEBHOOK_SECRET="very-secret-3",
    )
    assert "very-secret" not in repr(load_settings())


def test_an_address_loses_its_last_slash() -> None:
    settings = load_settings({"base_url": "https://azora.example/", "stripe_api_base": "http://127.0.0.1:1/"})
    assert settings.public_url == "https://azora.example"
    assert settings.stripe_api_base == "http://127.0.0.1:1"


def test_a_list_may_have_spaces_around_its_commas() -> None:
    os.environ["AZORA_CORS_ORIGINS"] = " https://a.example , http://localhost:3000,capacitor://localhost, "
    assert load_settings().cors_origins == (
        "https://a.example",
        "http://localhost:3000",
        "capacitor://localhost",
    )


def test_the_site_goes_by_its_own_names() -> None:
    machine = {"127.0.0.1", "localhost", "[::1]"}
    assert load_settings().host_names == machine
    assert load_settings({"host": "0.0.0.0"}).host_names == machine
    assert load_settings({"host": "::"}).host_names == machine
    assert load_settings({"host": "192.168.1.5"}).host_names == machine | {"192.168.1.5"}
    assert load_settings({"host": "fe80::1"}).host_names == machine | {"[fe80::1]"}
    named = load_settings(
        {"base_url": "https://Azora.example:8443/", "allowed_hosts": "shop.example,10.0.0.7"}
    )
    assert named.host_names == machine | {"azora.example", "shop.example", "10.0.0.7"}


@pytest.mark.parametrize(
    ("mode", "chosen", "required"),
    [
        ("live", "auto", True),
        ("demo", "auto", False),
        ("live", "no", False),
        ("demo", "yes", True),
    ],
)
def test_a_second_factor_is_required_live_and_not_in_the_demo_unless_it_is_said(
    mode: str, chosen: str, required: bool
) -> None:
    settings = load_settings({"mode": mode, "require_second_factor": chosen})
    assert settings.second_factor_required is required
