"""The palette's lines: what one may open, and nothing else."""

from __future__ import annotations

import re

from tests.pages import market
from tests.pages.conftest import Browser


def lines(browser: Browser, email: str, text: str) -> list[str]:
    """The titles of what is found, as the palette gets them."""
    headers = {"HX-Request": "true", "HX-Target": "palette-list"}
    answer = browser(email).get("/jump", query_string={"q": text}, headers=headers)
    assert answer.text.lstrip().startswith('<ul class="list" id="palette-list"')
    return re.findall(r"<span>([^<]*)</span>", answer.text)


def test_staff_find_pages_people_and_payments(browser: Browser) -> None:
    market.add_person("sam@market.test", "Sam Support", "support")
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    (learner,) = market.add_learners([1])
    payment = market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900))
    assert lines(browser, "sam@market.test", "p")[0] == "Payments"
    assert lines(browser, "sam@market.test", "priya") == ["Priya Raman"]
    assert lines(browser, "sam@market.test", str(payment)) == ["Rust for Embedded Linux"]
    assert lines(browser, "sam@market.test", f"pi_{payment.hex}") == ["Rust for Embedded Linux"]
    assert lines(browser, "sam@market.test", "nothing like it") == []


def test_a_learner_finds_their_own_pages_and_nobody(browser: Browser) -> None:
    market.add_person("sam@market.test", "Sam Support", "support")
    market.add_learners([1])
    assert lines(browser, "learner1@market.test", "") == ["Account", "Your cards", "Your security"]
    assert lines(browser, "learner1@market.test", "sam") == []
    assert lines(browser, "learner1@market.test", "pay") == []
