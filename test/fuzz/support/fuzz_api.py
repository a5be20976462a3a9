"""Asks an API what its own description says it refuses, and what it takes, by schemathesis.

Prints as JSON what was answered on each route, and the answers that the description does not know.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_SECONDS = 20
# What is answered without end is not read to its end.
STREAM = "text/event-stream"
# A probe says by its status how things stand.
PROBE = "/readyz"
# A finding of each kind is told so often.
MOST_TOLD = 3
# So often a request goes to the model, the version and the file that are there.
AIMED = 0.5
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
REQUEST_FIELDS = ("method", "url", "headers", "files", "data", "params", "cookies", "json")


@dataclass(frozen=True)
class Drawn:
    """A request: what schemathesis wrote, and bytes in the place of its body."""

    case: Any
    junk: bytes | None
    is_malformed: bool


class FromAddress(HTTPAdapter):
    """Connections that come from one address of loopback: who bears no token waits, by address."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **keywords: Any) -> None:
        super().init_poolmanager(*args, source_address=(self.address, 0), **keywords)


@dataclass
class Caller:
    """Asks with a token of any role, or none, or one that nobody knows."""

    tokens: dict[str, str]
    known: dict[str, str]
    chance: random.Random
    sessions: dict[str, requests.Session] = field(default_factory=lambda: defaultdict(requests.Session))

    def choose_role(self) -> str:
        roles = {**dict.fromkeys(self.tokens, 2), "deployer": 8, "none": 1, "unknown": 1}
        (role,) = self.chance.choices(list(roles), list(roles.values()))
        return role

    def send(self, drawn: Drawn, role: str) -> requests.Response:
        session = self.session_of(role)
        prepared = session.prepare_request(self.build(drawn))
        # Whatever was drawn for it: the token is by role alone.
        prepared.headers.pop("Authorization", None)
        if role != "none":
            prepared.headers["Authorization"] = f"Bearer {self.tokens.get(role, 'nobody-knows-this-one')}"
        return session.send(prepared, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True)

    def build(self, drawn: Drawn) -> requests.Request:
        case = drawn.case
        path = case.meta.components.get(ParameterLocation.PATH)
        # A path that was drawn to be wrong stays so.
        if path is not None and path.mode == GenerationMode.POSITIVE and self.chance.random() < AIMED:
            parameters = case.path_parameters or {}
            case.path_parameters = {name: self.known.get(name, value) for name, value in parameters.items()}
        keywords = case.as_transport_kwargs(base_url=case.operation.schema.get_base_url())
        if drawn.junk is not None:
            keywords = {name: value for name, value in keywords.items() if name not in {"json", "files"}}
            keywords["data"] = drawn.junk
        return requests.Request(**{name: value for name, value in keywords.items() if name in REQUEST_FIELDS})

    def session_of(self, role: str) -> requests.Session:
        if role in self.tokens:
            return self.sessions[role]
        session = requests.Session()
        numbers = (self.chance.randint(1, 250) for _ in range(3))
        session.mount("http://", FromAddress(".".join(["127", *map(str, numbers)])))
        return session


class Findings:
    """Answers that the description does not know, by kind, some of each."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = defaultdict(list)

    def note(self, kind: str, text: str) -> None:
        if len(self.texts[kind]) < MOST_TOLD:
            self.texts[kind].append(text[:1_000])

    @staticmethod
    def fault_of(check: Any, case: Any, response: requests.Response) -> str | None:
        try:
            case.validate_response(response, checks=[check])
        except FailureGroup as failed:
            return " ".join(str(failed.exceptions[0]).split())
        return None

    def judge(self, drawn: Drawn, role: str, response: requests.Response) -> None:
        case, status = drawn.case, response.status_code
        asked = f"{response.request.method} {response.request.url} {response.request.body!r}"
        checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
        # Of bytes in the place of a body schemathesis does not know that they are wrong.
        if drawn.is_malformed and drawn.junk is None and role == "deployer":
            checks.append(negative_data_rejection)
        for check in checks:
            told = self.fault_of(check, case, response)
            if told is not None:
                self.note(check.__name__, f"{status}: {told} {response.text[:200]}: {asked}")
        if status >= 500 and not case.operation.path.startswith(PROBE):
            self.note(f"answered {status}", f"{asked}: {response.text[:300]}")
        if status == 400 and not drawn.is_malformed and not states(case.operation, response.json()["detail"]):
            self.note("well-formed, and refused", f"{response.text[:300]}: {asked}")


def states(operation: Any, detail: str) -> bool:
    """Whether the description says in words what is complained of: not every rule has a keyword of JSON Schema."""
    described = json.dumps(operation.definition.raw)
    return all(complaint.split(": ", 1)[-1] in described for complaint in detail.split("; "))


def main() -> None:
    """Asks every route that the description names."""
    arguments = parse()
    # By its address schemathesis would leave the route of the description itself out.
    described = requests.get(f"{arguments.url}/openapi.json", timeout=TIMEOUT_SECONDS).json()
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=arguments.url)
    schema.config.generation.with_security_parameters = False
    caller = Caller(json.loads(arguments.tokens), json.loads(arguments.known), random.Random(arguments.seed))  # noqa: S311 - to be repeated
    operations = [found.ok() for found in schema.get_all_operations()]
    told = {f"{one.method.upper()} {one.path}": fuzz(one, arguments, caller) for one in operations}
    json.dump(told, sys.stdout)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--requests", type=int, required=True, help="so many malformed ones for each route")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--known", required=True, help="parameters of what is there, as JSON")
    parser.add_argument("--tokens", required=True, help="token by role, as JSON")
    return parser.parse_args()


def fuzz(operation: Any, arguments: argparse.Namespace, caller: Caller) -> dict[str, Any]:
    """Sends an operation so many malformed requests, and a fifth as many that are as described."""
    answered: Counter[str] = Counter()
    findings = Findings()
    malformed = 0

    def ask(drawn: Drawn) -> None:
        nonlocal malformed
        malformed += drawn.is_malformed
        role = caller.choose_role()
        try:
            response = caller.send(drawn, role)
            if not response.headers.get("content-type", "").startswith(STREAM):
                findings.judge(drawn, role, response)
            answered[f"{role} {response.status_code}"] += 1
            response.close()
        except requests.RequestException as cause:
            findings.note("no answer", f"{drawn.case.as_curl_command()}: {cause}")

    for strategy, most in strategies_of(operation, arguments.requests):
        repeat(strategy, most, arguments.seed, ask)
    return {"malformed": malformed, "answered": dict(answered), "findings": findings.texts}


def strategies_of(operation: Any, most: int) -> list[tuple[Any, int]]:
    """What is drawn of, and how often: where nothing can be wrong, what the description says nothing of is added."""
    described = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    well_formed = described.map(lambda case: Drawn(case, None, is_malformed=False))
    more = st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=5)
    junk = st.builds(add_junk, described, more, st.binary(max_size=200))
    has_input = any(True for _ in operation.iter_parameters()) or len(operation.body) > 0
    if not has_input:
        return [(junk, most), (well_formed, 1)]
    against = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    malformed = against.map(lambda case: Drawn(case, None, is_malformed=True))
    return [(malformed, most - most // 2), (junk, most // 2), (well_formed, most // 5)]


def add_junk(case: Any, query: dict[str, str], body: bytes) -> Drawn:
    """The same with a query of what nobody knows, and a body that is no JSON, or where none belongs."""
    case.query = {**(case.query or {}), **query}
    return Drawn(case, body, is_malformed=True)


def repeat(strategy: Any, most: int, number: int, ask: Callable[[Drawn], None]) -> None:
    """Draws until so many have been asked: hypothesis ends sooner where it knows of nothing new."""
    done = 0
    while done < most:

        @seed(number + done)
        @settings(
            max_examples=most - done,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )
        @given(drawn=strategy)
        def once(drawn: Drawn) -> None:
            nonlocal done
            done += 1
            ask(drawn)

        once()


if __name__ == "__main__":
    main()
