"""A page where one draws or uploads a digit and sees what the serving model reads, how surely, and which version it is.

PREDICTIONS=http://serve-1:8080/predictions/mnist uvicorn page:app
"""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI
from fastapi.responses import FileResponse, JSONResponse

PREDICTIONS = os.environ.get("PREDICTIONS", "http://127.0.0.1:8080/predictions/mnist")
MOST_BYTES = 10_000_000
SECONDS = 10

app = FastAPI(title="Digits")


@app.get("/")
def show() -> FileResponse:
    """The page."""
    return FileResponse(Path(__file__).with_name("page.html"))


@app.post("/digit")
def read(picture: Annotated[bytes, Body(media_type="image/*", max_length=MOST_BYTES)]) -> JSONResponse:
    """The digit of a picture, its probability, and the version that says so; a refusal as the model's host words it."""
    request = urllib.request.Request(PREDICTIONS, picture, {"content-type": "image/*"})  # noqa: S310 - whoever starts this names it
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return JSONResponse(describe(json.load(answer), answer.headers["x-trainyard-version"]))
    except urllib.error.HTTPError as error:
        return JSONResponse({"message": tell(error.read())}, error.code)
    except OSError as error:
        return JSONResponse({"message": f"{PREDICTIONS} does not answer: {error}."}, 502)


def describe(answer: dict[str, Any], version: str | None) -> dict[str, Any]:
    """The likeliest digit of the one row."""
    (probabilities,) = answer["predictions"]
    digit = max(range(len(probabilities)), key=probabilities.__getitem__)
    return {"digit": digit, "confidence": probabilities[digit], "version": version}


def tell(body: bytes) -> str:
    """What a refusal says."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return "The host refused the picture."
