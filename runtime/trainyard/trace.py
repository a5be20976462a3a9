"""The caller's trace, for what a model records of its own work while it answers.

Nothing is recorded here: a model that is instrumented with OpenTelemetry, as MLflow's tracing is, finds the W3C trace
context that came with the request as the current one, so that its spans are part of the caller's trace.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from trainyard.messages import Request

TRACE_HEADER = "traceparent"

logger = logging.getLogger(__name__)


def in_trace_of(requests: Sequence[Request]) -> AbstractContextManager[None]:
    """The trace of a request that is answered by itself; a batch has no one parent, and is in none."""
    headers = requests[0].headers if len(requests) == 1 else {}
    return _attached(headers) if TRACE_HEADER in headers else nullcontext()


@contextmanager
def _attached(headers: Mapping[str, str]) -> Iterator[None]:
    """Without OpenTelemetry, or with one that can't be used, a prediction is what it would have been."""
    try:
        from opentelemetry import context, propagate  # noqa: PLC0415 - only where a trace comes in, and only if there

        token = context.attach(propagate.extract(headers))
    except ImportError:
        yield
        return
    except Exception:
        logger.exception("a trace could not be gone on with")
        yield
        return
    try:
        yield
    finally:
        context.detach(token)
