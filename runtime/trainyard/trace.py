"""The caller's trace, for what a model records of its own work while it answers.

Nothing is recorded here: a model that is instrumented with OpenTelemetry, or by MLflow's tracing, which keeps a context
of its own, finds the W3C trace context that came with the request as the current one, so that its spans are part of the
caller's trace.
"""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from trainyard.messages import Request

TRACE_HEADER = "traceparent"
MLFLOW_TRACING = "mlflow.tracing"

logger = logging.getLogger(__name__)


def in_trace_of(requests: Sequence[Request]) -> AbstractContextManager[None]:
    """The trace of a request that is answered by itself; a batch has no one parent, and is in none."""
    headers = requests[0].headers if len(requests) == 1 else {}
    return _attached(headers) if TRACE_HEADER in headers else nullcontext()


@contextmanager
def _attached(headers: Mapping[str, str]) -> Iterator[None]:
    """Where there is nothing that traces, or what can't be used, a prediction is what it would have been."""
    with ExitStack() as left:
        for enter in (_enter_opentelemetry, _enter_mlflow):
            with _only_logged():
                left.callback(_leave, enter(headers))
        yield


def _enter_opentelemetry(headers: Mapping[str, str]) -> Callable[[], object]:
    """Makes the request's context OpenTelemetry's current one, by the propagators that are set; gives what ends it."""
    from opentelemetry import context, propagate  # noqa: PLC0415 - only where a trace comes in, and only if there

    token = context.attach(propagate.extract(headers))
    return lambda: context.detach(token)


def _enter_mlflow(headers: Mapping[str, str]) -> Callable[[], object]:
    """The same for MLflow's tracing, where the model has loaded one that can be told; gives what ends it."""
    tell = getattr(sys.modules.get(MLFLOW_TRACING), "set_tracing_context_from_http_request_headers", None)
    if tell is None:
        return lambda: None
    told = tell(dict(headers))
    told.__enter__()
    return lambda: told.__exit__(None, None, None)


def _leave(end: Callable[[], object]) -> None:
    with _only_logged():
        end()


@contextmanager
def _only_logged() -> Iterator[None]:
    """An answer is worth more than its trace."""
    try:
        yield
    except ImportError:
        return
    except Exception:
        logger.exception("a trace could not be gone on with")
