"""Explain my euro: the chain of a pledge in plain Dutch and English, which says what the ledger says."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from tests.funding.conftest import Funding

from funding.domain.explaining import REASONS, amount, day
from funding.domain.rules import TEXTS


def test_every_reason_of_a_rule_is_said_in_both_languages():
    assert REASONS.keys() == TEXTS.keys()


@pytest.mark.parametrize(
    ("resource", "quantity", "dutch", "english"),
    [
        ("EUR/2", 5, "€ 0,05", "€0.05"),
        ("EUR/2", 123_456_789, "€ 1.234.567,89", "€1,234,567.89"),
        ("EUR/2", 10**17 + 1, "€ 1.000.000.000.000.000,01", "€1,000,000,000,000,000.01"),
        ("TIME/timmerwerk", 60, "1 uur timmerwerk", "1 hour of timmerwerk"),
        ("TIME/timmerwerk", 150, "2 uur en 30 minuten timmerwerk", "2 hours and 30 minutes of timmerwerk"),
        ("SLOT/grote-zaal", 45, "45 minuten grote zaal", "45 minutes of grote zaal"),
        ("MAT/stoelen", 12, "12 × stoelen", "12 × stoelen"),
    ],
)
def test_amounts_are_said_as_people_say_them(resource: str, quantity: int, dutch: str, english: str):
    assert amount(resource, quantity) == (dutch, english)


def test_a_moment_is_told_in_the_time_of_the_netherlands():
    assert day(datetime(2026, 7, 1, 10, tzinfo=UTC)) == ("1 juli 2026, 12:00 uur", "1 July 2026, 12:00")
    assert day(datetime(2026, 1, 31, 23, 30, tzinfo=UTC))[0] == "1 februari 2026, 00:30 uur"


async def explained(funding: Funding, pledge: str) -> list[tuple[str, str]]:
    answer = await funding.get(f"/pledges/{pledge}/explanation")
    assert answer.status_code == 200, answer.text
    return [(step["code"], step["nl"]) for step in answer.json()["steps"]]


async def test_the_chain_of_a_euro_is_told_from_pledge_to_match_to_commit(funding: Funding):
    initiative, round_id = await funding.initiative(12_000), await funding.round(30_000, 10_000)
    pledge = await funding.pledge(initiative, 8_000, round_id)
    committed = ("committed", "Het initiatief had wat het nodig had; de toezegging en de matching zijn definitief.")
    assert await explained(funding, pledge["id"]) == [
        ("pledged", "Er is € 80,00 toegezegd."),
        ("matched", f"Daarbij kwam € 40,00 matching, volgens regelversie {pledge['match']['ruleVersion'][:12]}."),
        ("reason:ratio", "+ € 40,00: de toezegging maal de verhouding, naar beneden afgerond."),
        ("matched-by", "Van die matching kwam € 30,00 van gemeente."),
        ("matched-by", "Van die matching kwam € 10,00 van provincie."),
        committed,
    ]


async def test_reasons_in_an_explanation_add_up_to_the_match(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(100_000, capDonorCents=700)
    pledge = await funding.pledge(initiative, 15_001, round_id)
    told = (await funding.get(f"/pledges/{pledge['id']}/explanation")).json()["steps"]
    signed = [
        (1 if step["en"][0] == "+" else -1) * euros_in(step["en"]) for step in told if step["code"].startswith("reason")
    ]
    assert sum(signed) == pledge["matchCents"] == 700


def euros_in(text: str) -> int:
    return int(text.split("€")[1].split(":")[0].replace(",", "").replace(".", ""))


async def test_what_was_withdrawn_or_is_still_held_is_told_as_such(funding: Funding):
    initiative = await funding.initiative()
    held, gone = [await funding.pledge(initiative, cents) for cents in (100, 200)]
    await funding.post(f"/pledges/{gone['id']}/withdrawal", by="anna")
    assert (await explained(funding, held["id"]))[-1][0] == "held"
    code, words = (await explained(funding, gone["id"]))[-1]
    assert (code, "ingetrokken" in words) == ("given-back", True)


async def test_hours_are_told_with_their_parts_as_they_came(funding: Funding):
    initiative = await funding.initiative(by="anna")
    needs = {"needs": [{"resource": "TIME/timmerwerk", "minimum": 120}]}
    answer = await funding.put(f"/initiatives/{initiative}/needs", needs, by="anna")
    assert answer.status_code == 200, answer.text
    body = {"initiativeId": initiative, "hours": {"skill": "timmerwerk", "minutes": 120}}
    pledge = (await funding.post("/pledges", body, by="bea")).json()
    for minutes in (90, 30):
        delivery = {"quantity": minutes, "evidence": "urenbriefje"}
        assert (await funding.post(f"/pledges/{pledge['id']}/deliveries", delivery, by="anna")).status_code == 201
    told = [words for code, words in await explained(funding, pledge["id"]) if code == "delivered"]
    assert told == [
        "Daarvan is 1 uur en 30 minuten timmerwerk geleverd.",
        "Daarvan is 30 minuten timmerwerk geleverd.",
    ]


async def test_a_pledge_that_is_not_there_is_not_explained(funding: Funding):
    assert (await funding.get(f"/pledges/{uuid4()}/explanation")).status_code == 404
