"""The storage that the processes of a search share."""

from __future__ import annotations

import time
import warnings
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import optuna
from sqlalchemy import event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, ProgrammingError, SQLAlchemyError

from trainyard.command import say
from trainyard.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from trainyard.search.settings import Settings

# How long a process waits for another's write to a file.
LOCK_SECONDS = 60
# A database that was there may be gone for so long, as when it is updated and starts again.
AWAY_SECONDS = 600
ASK_AGAIN_SECONDS = 2
# Hosts that open a new database at once make each other's tables fail; one of them has made all of them then.
MOST_OPENINGS = 5


def open_storage(url: str, settings: Settings) -> optuna.storages.RDBStorage:
    """The storage at an address, its tables made where there are none. What is refused is told without the address."""
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    address = name_driver(url)
    connect = {"timeout": LOCK_SECONDS} if address.startswith("sqlite") else {}
    require_address(address)
    try:
        storage = make_with_others(
            lambda: optuna.storages.RDBStorage(
                address,
                # A connection that the server has closed meanwhile is opened again.
                engine_kwargs={"connect_args": connect, "pool_pre_ping": True},
                heartbeat_interval=settings.heartbeat_seconds,
                grace_period=settings.grace_seconds,
            )
        )
    except (ArgumentError, NoSuchModuleError) as error:
        raise no_address() from error
    except (ModuleNotFoundError, ImportError) as error:
        raise UserError(
            "search-storage-driver",
            f"The storage of the search needs a driver that this Python has not: {error}.",
            "Add it to the model's environment; for PostgreSQL: pip install 'psycopg[binary]'.",
        ) from error
    except SQLAlchemyError as error:
        said = str(error.__cause__ or error).strip().splitlines()[0].replace(url, "…").replace(address, "…")
        raise UserError(
            "search-storage-unreachable",
            f"The storage of the search (search.storage, OPTUNA_STORAGE) can't be opened: {said}.",
            "Look whether it runs, whether this runner reaches it, and whether its user may make tables.",
        ) from error
    wait_when_away(storage.engine)
    return storage


def make_with_others(make: Callable[[], optuna.storages.RDBStorage]) -> optuna.storages.RDBStorage:
    """What `make` gives, where others may make the same tables at the same time."""
    for _ in range(MOST_OPENINGS - 1):
        with suppress(IntegrityError, ProgrammingError):
            return make()
        time.sleep(ASK_AGAIN_SECONDS)
    return make()


def require_address(address: str) -> None:
    """Raises a UserError where the address can't be read, or a part of its password would be taken for the host."""
    try:
        host = make_url(address).host
    # What stands where a port does and is no number may be a part of the password.
    except (ArgumentError, ValueError) as error:
        raise no_address() from error
    if "@" in (host or ""):
        raise no_address()


def no_address() -> UserError:
    """What is told of an address that can't be read: nothing that stands in it."""
    return UserError(
        "search-storage-address",
        "The address of the search's storage (search.storage, OPTUNA_STORAGE) is none that SQLAlchemy knows.",
        "Write for example postgresql://user:password@host/database, or sqlite:////folder/search.db; in a password "
        "write @ as %40, : as %3A and / as %2F.",
    )


def wait_when_away(engine: Engine) -> None:
    """Lets whoever connects from now on wait for the database: it was there, and hours of training hang on it."""

    def connect(dialect: Any, _record: object, arguments: list[Any], named: dict[str, Any]) -> Any:  # noqa: ANN401
        until = time.monotonic() + AWAY_SECONDS
        while True:
            try:
                return dialect.connect(*arguments, **named)
            except dialect.loaded_dbapi.OperationalError:
                if time.monotonic() >= until:
                    raise
            say("The storage of the search does not answer; it is asked again.")
            time.sleep(ASK_AGAIN_SECONDS)

    event.listen(engine, "do_connect", connect)


def name_driver(url: str) -> str:
    """The address with the driver that is there, where it leaves that open."""
    scheme, separator, rest = url.partition("://")
    if scheme not in {"postgres", "postgresql"} or separator == "":
        return url
    driver = "" if find_spec("psycopg2") or not find_spec("psycopg") else "+psycopg"
    return f"postgresql{driver}://{rest}"
