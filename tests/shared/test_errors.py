"""What says no: a code, a sentence, and facts that stand beside them in a problem document."""

import pytest

from dorpsplein.errors import Conflict, Refused
from dorpsplein.web import rejection_document


def test_facts_stand_in_the_problem_document() -> None:
    document = rejection_document(Conflict("place-is-there", "It is there already.", placeId="a"))
    assert (document["status"], document["code"], document["placeId"]) == (409, "place-is-there", "a")


@pytest.mark.parametrize("name", ["type", "title", "status", "instance"])
def test_a_fact_cannot_take_the_place_of_what_the_document_says_itself(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        Refused("too-early", "Not yet.", **{name: "planned"})
