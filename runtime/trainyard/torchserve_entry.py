"""What TorchServe imports from the archive's root, as `trainyard_handler`: one function, called with None to load."""

from typing import Any

from trainyard.handler import ServingContext, answer_batch, start

_services: dict[str, Any] = {}


def handle(data: list[dict[str, Any]] | None, context: ServingContext) -> list[str] | None:
    """Loads the model when there are no data; answers a batch of requests otherwise."""
    if data is None:
        _services["model"] = start(context)
        return None
    return answer_batch(_services["model"], data, context)
