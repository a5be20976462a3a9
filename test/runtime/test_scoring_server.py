"""docs/scoring-server.md: MLflow's published requests are answered as the page says."""

import sys

import pytest

from conftest import REPOSITORY

sys.path.append(str(REPOSITORY / "measure" / "models"))

import scoring_server


@pytest.mark.parametrize("case", scoring_server.all_cases(), ids=lambda case: f"{case.test}: {case.request}")
def test_a_published_request_is_answered_as_mlflow_does_or_has_a_reason(case: scoring_server.Case):
    played = scoring_server.play(case)
    assert scoring_server.agrees(case, played) == (case.reason == ""), played


def test_the_page_is_what_was_played():
    assert scoring_server.PAGE.read_text(encoding="utf-8") == scoring_server.render_page()
