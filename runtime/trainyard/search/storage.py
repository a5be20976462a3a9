"""The storage that the processes of a search share."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING

import optuna
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from trainyard.errors import UserError

if TYPE_CHECKING:
    from trainyard.search.settings import Settings

# How long a process waits for another's write to a file.
LOCK_SECONDS = 60


def open_storage(url: str, settings: Settings) -> optuna.storages.RDBStorage:
    """The storage at an address, its tables made where there are none. What is refused is told without the address."""
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    address = name_driver(url)
    connect = {"timeout": LOCK_SECONDS} if address.startswith("sqlite") else {}
    try:
        return optuna.storages.RDBStorage(
            address,
            # A connection that the server has closed meanwhile is opened again.
            engine_kwargs={"connect_args": connect, "pool_pre_ping": True},
            heartbeat_interval=settings.heartbeat_seconds,
            grace_period=settings.grace_seconds,
        )
    except (ArgumentError, NoSuchModuleError) as error:
        raise UserError(
            "search-storage-address",
            "The address of the search's storage (search.storage, OPTUNA_STORAGE) is none that SQLAlchemy knows.",
            "Write for example postgresql://user:password@host/database, or sqlite:////folder/search.db.",
        ) from error
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


def name_driver(url: str) -> str:
    """The address with the driver that is there, where it leaves that open."""
    scheme, separator, rest = url.partition("://")
    if scheme not in {"postgres", "postgresql"} or separator == "":
        return url
    driver = "" if find_spec("psycopg2") or not find_spec("psycopg") else "+psycopg"
    return f"postgresql{driver}://{rest}"
