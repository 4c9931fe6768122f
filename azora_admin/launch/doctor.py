"""``azora doctor``: everything that can be missing or wrong on a machine, in plain words, with what to do."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from azora_admin.core import clock
from azora_admin.core.config import Settings, SettingsError
from azora_admin.gateways.mail.smtp import MailNotTaken, MailServer
from azora_admin.launch import home as homes
from azora_admin.launch import port
from azora_admin.launch.database_check import examine_database
from azora_admin.launch.finding import Finding, noted, well, wrong
from azora_admin.launch.problem import LaunchError
from azora_admin.launch.stripe_setup import secrets_of

_ROOT: Final = Path(__file__).resolve().parent.parent.parent
_OLDEST_PYTHON: Final = (3, 11)
_LEAST_SPACE: Final = 1024**3
_LARGEST_SKEW: Final = 30.0
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order in which a start would meet them."""
    full = homes.completed(settings)
    examinations: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _python,
        _packages,
        _browser_files,
        _browser,
        _home,
        _port,
        _settings,
        examine_database,
        _stripe,
        _webhook,
        _mail,
    )
    return [finding for examination in examinations for finding in examination(full)]


def is_checkout() -> bool:
    """Whether this runs from a checkout, where things are built, or from an installed wheel, where they are."""
    return (_ROOT / "requirements.lock").is_file()


def _python(settings: Settings) -> Iterator[Finding]:
    version = sys.version_info
    sentence = f"{version.major}.{version.minor}.{version.micro} at {sys.executable}"
    if version < _OLDEST_PYTHON:
        yield wrong("python", f"{sentence} is too old: 3.11 or newer is needed.")
    else:
        yield well("python", sentence)


def _packages(settings: Settings) -> Iterator[Finding]:
    if not is_checkout():
        yield well("packages", "installed as a package")
        return
    other = [name for name, pinned, here in _installed() if here and here not in pinned]
    if other:
        yield wrong("packages", f"{', '.join(other)} differ from requirements.lock. Run make prepare-run.")
    else:
        yield well("packages", "what is installed is what requirements.lock pins")


def _installed() -> Iterator[tuple[str, set[str], str | None]]:
    """Name, pinned versions (one for each range of Pythons) and installed version of every package of the lock."""
    pins: dict[str, set[str]] = {}
    lock = (_ROOT / "requirements.lock").read_text(encoding="utf-8")
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock, re.MULTILINE):
        pins.setdefault(name, set()).add(version)
    for name, pinned in pins.items():
        try:
            yield name, pinned, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield name, pinned, None


def _browser_files(settings: Settings) -> Iterator[Finding]:
    package = Path(__file__).resolve().parent.parent
    static = package / "static" if (package / "static").is_dir() else _ROOT / "static"
    if (static / "vendor" / "icons.svg").is_file():
        yield well("browser files", f"built, in {static / 'vendor'}")
    else:
        node = _node()
        how = (
            "Run make prepare-run." if is_checkout() else "The wheel was built without them; build it again."
        )
        yield wrong("browser files", f"static/vendor is missing ({node}). {how}")


def _node() -> str:
    found = shutil.which(
        "node", path=f"{os.environ.get('PATH', '')}{os.pathsep}{Path(sys.executable).parent}"
    )
    if found is None:
        return "there is no Node here; make prepare-run brings one"
    return f"Node {subprocess.run([found, '--version'], capture_output=True, text=True, check=False).stdout.strip()}"


def _browser(settings: Settings) -> Iterator[Finding]:
    if not is_checkout():
        return
    named = os.environ.get("AZORA_CHROMIUM")
    found = next(filter(None, map(shutil.which, [named, *_BROWSERS] if named else _BROWSERS)), None)
    if found:
        yield well("chromium", f"for the browser tests, at {found}")
    else:
        yield noted(
            "chromium", "not on the PATH; only the browser tests need it, and make test installs one."
        )


def _home(settings: Settings) -> Iterator[Finding]:
    try:
        home = homes.open_home(settings)
    except LaunchError as problem:
        yield wrong("home", str(problem))
        return
    free = shutil.disk_usage(home.folder).free
    if free < _LEAST_SPACE:
        yield wrong(
            "home", f"{home.folder} has only {free // 1024**2} MB left; make room or move AZORA_HOME."
        )
    else:
        yield well("home", f"{home.folder}, {free // 1024**3} GB left")


def _port(settings: Settings) -> Iterator[Finding]:
    obstacle = port.find_obstacle(settings.host, settings.port)
    running = homes.read_run(homes.Home(settings.home))
    if obstacle is None:
        yield well("port", f"{settings.port} is free")
    elif running and str(running.get("url", "")).endswith(f":{settings.port}"):
        yield well("port", f"{settings.port} is held by Azora admin itself (web {running['pids']['web']})")
    else:
        yield wrong("port", obstacle)


def _settings(settings: Settings) -> Iterator[Finding]:
    from azora_admin.launch.supervisor import check_settings

    try:
        check_settings(settings)
        yield well("settings", f"fit to run in {settings.mode} mode")
    except SettingsError as problem:
        yield wrong("settings", str(problem))


def _stripe(settings: Settings) -> Iterator[Finding]:
    base = settings.stripe_api_base
    if not base and not settings.stripe_api_key.get_secret_value():
        if settings.mode == "demo":
            yield noted("stripe", "its stand-in is started with the demo (make run)")
        return
    address = base or "https://api.stripe.com"
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310  http(s), checked by the settings
            date = answer.headers["Date"]
    except urllib.error.HTTPError as refusal:
        date = refusal.headers["Date"]  # it answered: that is all we ask
    except OSError as error:
        yield wrong("stripe", f"{address} does not answer ({error}). Check the network and STRIPE_API_BASE.")
        return
    yield well("stripe", f"{address} answers")
    if date:
        yield from _skew(parsedate_to_datetime(date).astimezone(UTC), address)


def _webhook(settings: Settings) -> Iterator[Finding]:
    count = len(secrets_of(settings))
    if count == 1:
        yield well("webhook", "events are accepted by one signing secret")
    elif count > 1:
        yield noted(
            "webhook",
            f"events are accepted by {count} signing secrets, as while one is rolled. When Stripe signs with the new "
            "one alone (azora stripe setup says so), take the old one out of STRIPE_WEBHOOK_SECRET.",
        )
    elif settings.mode == "live":
        yield wrong(
            "webhook",
            "every event is refused: STRIPE_WEBHOOK_SECRET is not set. Run azora stripe setup, which tells the secret.",
        )


def _mail(settings: Settings) -> Iterator[Finding]:
    url = urlsplit(settings.smtp_url.get_secret_value())
    if not url.hostname:
        if settings.mode == "demo":
            yield noted("mail", "arrives in the mailbox of the demo: /demo/mailbox")
        else:
            yield wrong(
                "mail",
                "none goes out, so nobody can choose a new password. Set AZORA_SMTP_URL and AZORA_MAIL_FROM.",
            )
        return
    try:
        MailServer(settings).greet()
        yield well("mail", f"{url.hostname} takes mail of {settings.mail_sender}")
    except MailNotTaken as problem:
        yield wrong("mail", f"{url.hostname}: {problem}. Check AZORA_SMTP_URL.")


def _skew(theirs: datetime, who: str) -> Iterator[Finding]:
    seconds = (clock.now() - theirs).total_seconds()
    if abs(seconds) > _LARGEST_SKEW:
        yield wrong(
            "clock", f"{abs(seconds):.0f} s off {who}: events will be refused as forged. Set the clock (NTP)."
        )
    else:
        yield well("clock", f"agrees with {who}")
