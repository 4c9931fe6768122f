"""What commands have in common: where they work, and how they tell what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from azora_admin.core.config import Settings, SettingsError, load_settings
from azora_admin.launch.home import completed
from azora_admin.launch.problem import LaunchError

_WITHOUT_DATABASE = (
    "There is no database to work with: nothing is running in {home}. Start Azora admin there (make run), "
    "or set AZORA_DATABASE_URL."
)


@contextmanager
def sentences() -> Iterator[None]:
    """What goes wrong and was foreseen is told in a sentence, with exit status 1; the rest keeps its traceback."""
    from sqlalchemy.exc import OperationalError

    from azora_admin.core.errors import DomainError

    try:
        yield
    except OperationalError as error:
        raise click.ClickException(f"The database does not do its part: {str(error.orig).strip()}") from None
    except (LaunchError, SettingsError) as problem:
        raise click.ClickException(str(problem)) from None
    except DomainError as refusal:
        raise click.ClickException(
            " ".join([one.message for one in refusal.errors] or [refusal.detail])
        ) from None


def settings_with_database() -> Settings:
    """The settings of this environment, completed by what runs in the home. Raises LaunchError without a database."""
    chosen = completed(load_settings())
    if not chosen.database_url:
        raise LaunchError(_WITHOUT_DATABASE.format(home=chosen.home))
    return chosen
