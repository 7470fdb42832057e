"""Everything that can be reported is hidden and shown again: its words leave the public state, and come back."""

from collections.abc import Mapping

from tests.initiatives.conftest import Initiatives
from tests.initiatives.dreaming import Dreaming
from tests.initiatives.moderating import done, hidden

from dorpsplein.contracts.initiatives.contributions import ContributionState
from dorpsplein.contracts.initiatives.moderation import ContributionHidingChanged, StoryHidingChanged
from dorpsplein.contracts.initiatives.stories import RetellingState, StoryState
from dorpsplein.envelope import Event

STATES: Mapping[str, type[Event]] = {
    "contribution": ContributionState,
    "story": StoryState,
    "retelling": RetellingState,
}


async def erased(initiatives: Initiatives, kind: str, subject: str) -> bool:
    """Whether the newest public state of something is a tombstone."""
    states = [one for one in await initiatives.told() if one.type == STATES[kind].type and one.subject == subject]
    return states[-1].erased


async def is_shown(initiatives: Initiatives, path: str, subject: str) -> bool:
    """Whether anyone can read it, and finds it, there."""
    answer = await initiatives.get(path)
    return answer.status_code == 200 and subject in answer.text


async def restored(initiatives: Initiatives, decision: str, by: str) -> None:
    """Its author appeals, and another moderator shows it again."""
    await done(initiatives, f"/moderation/decisions/{decision}/appeal", {"words": "Nee."}, by=by)
    outcome = {"restore": True, "reason": "Het mag."}
    await done(initiatives, f"/moderation/decisions/{decision}/outcome", outcome, by="piet")


async def test_every_kind_of_content_is_hidden_told_so_and_comes_back(initiatives: Initiatives) -> None:
    dreaming = await Dreaming.begin(initiatives)
    scene = await dreaming.scene()
    contribution = await dreaming.bring("Een bankje.", by="carla")
    tell = {"title": "De tuin", "text": "Het begon met één schep.", "people": [], "mayBeRetold": True}
    story = (await done(initiatives, f"/initiatives/{dreaming.initiative}/stories", tell, by="anna"))["id"]
    await done(initiatives, f"/stories/{story}/publication", by="anna")
    retelling = (await done(initiatives, f"/stories/{story}/retellings", {"text": "Wat een buurt!"}, by="dora"))["id"]
    things = {
        "contribution": (contribution, "carla", f"/contributions/{contribution}"),
        "story": (story, "anna", f"/stories/{story}"),
        "retelling": (retelling, "dora", f"/stories/{story}"),
        "scene": (scene, "anna", f"/dreams/{dreaming.dream}"),
    }
    for kind, (subject, author, path) in things.items():
        assert await is_shown(initiatives, path, subject), kind
        decision = await hidden(initiatives, subject, kind)
        assert not await is_shown(initiatives, path, subject), kind
        if kind in STATES:
            assert await erased(initiatives, kind, subject), kind
        if kind == "story":
            assert await erased(initiatives, "retelling", retelling)
        await restored(initiatives, decision, author)
        assert await is_shown(initiatives, path, subject), kind
        if kind in STATES:
            assert not await erased(initiatives, kind, subject), kind
    await one_fact_after_the_other(initiatives)


async def one_fact_after_the_other(initiatives: Initiatives) -> None:
    """Every aggregate's facts have the numbers 1, 2, 3, … also where moderation told of it."""
    numbers: dict[tuple[str, str], list[int]] = {}
    for event in await initiatives.told():
        if not event.event.topic.endswith(".state"):
            numbers.setdefault((event.event.topic, event.subject), []).append(event.sequence)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values()), numbers
    told = [type(event.event) for event in await initiatives.told()]
    assert (told.count(ContributionHidingChanged), told.count(StoryHidingChanged)) == (2, 4)
