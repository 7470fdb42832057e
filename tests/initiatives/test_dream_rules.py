"""The rules of dream visions: storyboards, light, versions, films."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.initiatives.lives import ANNA, BRAM, CARLA, ROAD, given, refusal

from dorpsplein.contracts.initiatives.dreams import (
    DreamRendered,
    DreamRenderFailed,
    DreamRenderStarted,
    LivedExperienceAsked,
    SceneAdded,
    SceneChanged,
    SceneCleared,
    SceneDarkened,
    SceneFilled,
    SceneHidingChanged,
    SceneLit,
    SceneRemoved,
    ScenesReordered,
    StoryboardOpened,
)
from dorpsplein.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Rejected
from initiatives.domain.dreams import filling, showing, storyboard, versions
from initiatives.domain.dreams.differences import differences
from initiatives.domain.dreams.filling import MOST_PARTS, Offered
from initiatives.domain.dreams.film import Shot, scene_of, shots
from initiatives.domain.dreams.storyboard import MOST_SCENES, Decided, Dream, Light, Part, Scene, Seen
from initiatives.domain.dreams.versions import MOVES, Film, Status, Version
from initiatives.domain.initiative import Status as LifeStatus

IN_CO_CREATION = given(*ROAD[LifeStatus.IN_CO_CREATION])
DREAM, GARDEN, FEAST = uuid4(), Scene(uuid4(), "De tuin", "Wat groeit er?"), Scene(uuid4(), "Het feest", "Wie komt er?")
LIT, WAITING, DARK = Seen(Light.LIT), Seen(Light.WAITING), Seen(Light.DARK, reason="consent-withdrawn")
FILM = Film(12.0, "ab" * 32, {})

Step = Callable[[Dream], Decided]


def dream(*steps: Step) -> Dream:
    """A dream vision with two scenes, after these steps."""
    it, _ = storyboard.open_storyboard(IN_CO_CREATION, DREAM, ANNA)
    for step in (lambda d: storyboard.add_scene(d, GARDEN), lambda d: storyboard.add_scene(d, FEAST), *steps):
        it, _ = step(it)
    return it


def offered(
    by: UUID | None = BRAM, kind: str = "text", words: str = "Bonen.", about: UUID = IN_CO_CREATION.id
) -> Offered:
    return Offered(uuid4(), about, kind, by, words)


def filled(part_id: UUID, seen: Seen = LIT, scene: Scene = GARDEN, kind: str = "text", by: UUID = BRAM) -> Step:
    return lambda it: filling.fill(it, scene.id, part_id, offered(by, kind), seen)


def made(it: Dream, **changes: Any) -> tuple[Dream, Version]:
    after, version = versions.make(it, None, uuid4(), "Een buurttuin")
    return after, replace(version, **changes)


def test_a_storyboard_is_opened_by_an_initiator_of_an_initiative_in_co_creation() -> None:
    it, [fact] = storyboard.open_storyboard(IN_CO_CREATION, DREAM, ANNA)
    assert (it.id, it.version, type(fact)) == (DREAM, 1, StoryboardOpened)
    assert refusal(Forbidden, lambda: storyboard.open_storyboard(IN_CO_CREATION, DREAM, BRAM)) == "not-yours"


@pytest.mark.parametrize("status", LifeStatus)
def test_a_storyboard_is_made_while_there_is_co_creation_and_after(status: LifeStatus) -> None:
    initiative = given(*ROAD[status])
    if status in (LifeStatus.IN_CO_CREATION, LifeStatus.DREAM_PUBLISHED, LifeStatus.UNDER_WAY):
        storyboard.may_compose(initiative, ANNA)
    else:
        assert refusal(Refused, lambda: storyboard.may_compose(initiative, ANNA)) == "not-in-co-creation"


def test_scenes_are_added_changed_moved_and_taken_out_with_a_fact_for_each() -> None:
    it = dream()
    gap = Scene(uuid4(), "Later", "Hoe was het?", "armoede")
    more, facts = storyboard.add_scene(it, gap)
    assert [type(fact) for fact in facts] == [SceneAdded, LivedExperienceAsked]
    assert (more.version, more.scenes) == (it.version + 2, (GARDEN, FEAST, gap))
    asked, facts = storyboard.change_scene(it, GARDEN.id, {"heading": "De moestuin", "experience": "armoede"})
    assert [type(fact) for fact in facts] == [SceneChanged, LivedExperienceAsked]
    assert facts[0].changed == ["heading", "experience"]  # type: ignore[attr-defined]
    assert storyboard.change_scene(asked, GARDEN.id, {"heading": "De moestuin"}) == (asked, [])
    moved, [fact] = storyboard.reorder(it, [FEAST.id, GARDEN.id])
    assert (moved.scenes, type(fact)) == ((FEAST, GARDEN), ScenesReordered)
    assert storyboard.reorder(moved, [FEAST.id, GARDEN.id]) == (moved, [])
    part = uuid4()
    less, [fact] = storyboard.remove_scene(dream(filled(part)), GARDEN.id)
    assert (less.scenes, type(fact), less.parts[0].cleared) == ((FEAST,), SceneRemoved, True)


def test_a_scene_is_filled_by_an_agreed_contribution_or_waits_for_its_contributor() -> None:
    part = uuid4()
    it, [fact] = filled(part, Seen(Light.LIT, named=True))(dream())
    assert isinstance(fact, SceneFilled)
    assert (fact.part_id, fact.part, fact.lit) == (part, "text", True)
    assert (it.parts[0].light, it.parts[0].named) == (Light.LIT, True)
    it, [fact] = filled(part, Seen(Light.WAITING, named=True), kind="video")(dream())
    assert isinstance(fact, SceneFilled)
    assert (fact.part, fact.lit, it.parts[0].named) == ("clip", False, False)


@pytest.mark.parametrize(
    ("kind", "decide", "code"),
    [
        (NotFound, lambda it: filling.fill(it, uuid4(), uuid4(), offered(), LIT), "scene-unknown"),
        (
            Refused,
            lambda it: filling.fill(it, GARDEN.id, uuid4(), offered(about=uuid4()), LIT),
            "contribution-of-another",
        ),
        (Refused, lambda it: filling.fill(it, GARDEN.id, uuid4(), offered(None), LIT), "nobody-to-ask"),
        (
            Refused,
            lambda it: filling.fill(it, GARDEN.id, uuid4(), offered(words="x" * 601), LIT),
            "too-long-for-a-scene",
        ),
        (NotFound, lambda it: filling.clear(it, uuid4(), IN_CO_CREATION, ANNA), "part-unknown"),
        (NotFound, lambda it: storyboard.change_scene(it, uuid4(), {"heading": "x"}), "scene-unknown"),
        (NotFound, lambda it: storyboard.remove_scene(it, uuid4()), "scene-unknown"),
        (Invalid, lambda it: storyboard.reorder(it, [GARDEN.id, GARDEN.id]), "not-all-scenes"),
        (Refused, lambda it: made(it), "nothing-to-show"),
    ],
)
def test_what_cannot_be_done_to_a_storyboard(kind: type[Rejected], decide: Callable[[Dream], Any], code: str) -> None:
    assert refusal(kind, lambda: decide(dream())) == code


def test_a_storyboard_holds_only_so_much() -> None:
    full = replace(dream(), scenes=tuple(Scene(uuid4(), "x", "y") for _ in range(MOST_SCENES)))
    assert refusal(Refused, lambda: storyboard.add_scene(full, GARDEN)) == "too-many-scenes"
    crowded = dream(*(filled(uuid4()) for _ in range(MOST_PARTS)))
    assert refusal(Refused, lambda: filled(uuid4())(crowded)) == "scene-full"
    once = offered()
    twice, _ = filling.fill(dream(), GARDEN.id, uuid4(), once, LIT)
    assert refusal(Conflict, lambda: filling.fill(twice, GARDEN.id, uuid4(), once, LIT)) == "already-in-scene"
    scenes = tuple(Scene(uuid4(), "x", "y") for _ in range(9))
    parts = tuple(Part(uuid4(), scene.id, uuid4(), BRAM, "text", Light.LIT) for scene in scenes for _ in range(5))
    assert refusal(Refused, lambda: made(replace(dream(), scenes=scenes, parts=parts))) == "too-many-shots"


def test_a_part_is_taken_out_by_an_initiator_or_whose_it_is() -> None:
    part = uuid4()
    it = dream(filled(part))
    for person in (ANNA, BRAM):
        after, [fact] = filling.clear(it, part, IN_CO_CREATION, person)
        assert (type(fact), after.parts_of(GARDEN.id)) == (SceneCleared, [])
    assert refusal(Forbidden, lambda: filling.clear(it, part, IN_CO_CREATION, CARLA)) == "not-yours"


def test_light_follows_consent_and_every_change_is_told_once() -> None:
    part = uuid4()
    it = dream(filled(part, WAITING))
    it, [fact] = filling.shade(it, {part: Seen(Light.LIT)})
    assert type(fact) is SceneLit
    it, [fact] = filling.shade(it, {part: Seen(Light.LIT, named=True)})
    assert type(fact) is SceneLit
    it, [fact] = filling.shade(it, {part: Seen(Light.LIT)})
    assert isinstance(fact, SceneDarkened)
    assert fact.reason == "name-withdrawn"
    it, [fact] = filling.shade(it, {part: DARK})
    assert isinstance(fact, SceneDarkened)
    assert fact.reason == "consent-withdrawn"
    assert filling.shade(it, {part: DARK}) == (it, [])
    hidden = replace(it, hidden=frozenset({GARDEN.id}))
    assert [type(fact) for fact in filling.hidden_or_shown(hidden, [GARDEN.id])[1]] == [SceneHidingChanged]
    assert storyboard.state(hidden, {}).headings == ["Het feest"]


def test_a_version_is_the_storyboard_as_it_is_without_open_scenes() -> None:
    part = uuid4()
    it, version = made(dream(filled(part)))
    assert (it.newest, version.number, version.scenes, [one.id for one in version.parts]) == (1, 1, (GARDEN,), [part])
    rendered = replace(version, status=Status.RENDERED)
    again = refusal(Refused, lambda: versions.make(it, rendered, uuid4(), "Een buurttuin"))
    assert again == "storyboard-unchanged"
    assert refusal(Refused, lambda: versions.make(it, version, uuid4(), "Een buurttuin")) == "render-under-way"
    failed = replace(version, status=Status.FAILED)
    assert versions.make(it, failed, uuid4(), "Een buurttuin")[1].number == 2
    assert versions.make(it, rendered, uuid4(), "Een moestuin")[1].number == 2


def test_a_render_is_started_once_more_and_then_given_up() -> None:
    it, version = made(dream(filled(uuid4())))
    it = replace(it, succeeding=version.number)
    for attempt in (1, 2):
        version, (it, [fact]) = versions.start(it, version)
        assert isinstance(fact, DreamRenderStarted)
        assert (version.status, fact.attempt) == (Status.RENDERING, attempt)
    version, (it, [fact]) = versions.start(it, version)
    assert isinstance(fact, DreamRenderFailed)
    assert (version.status, fact.reason, it.succeeding) == (Status.FAILED, "cut-off-twice", None)


def test_a_render_that_is_put_back_did_not_count() -> None:
    it, version = made(dream(filled(uuid4())))
    started, _ = versions.start(it, version)
    assert versions.put_back(started) == version


def test_a_film_names_its_dark_scenes() -> None:
    it, version = made(dream(filled(uuid4()), filled(uuid4(), DARK, FEAST)), status=Status.RENDERING)
    dark = versions.not_agreed(version)
    rendered, (_, [fact]) = versions.finish(it, version, replace(FILM, dark=dark))
    assert isinstance(fact, DreamRendered)
    assert (rendered.status, fact.dark_scenes, dark) == (Status.RENDERED, [FEAST.id], {FEAST.id: "not-agreed"})


def test_a_version_takes_the_place_of_the_one_before() -> None:
    it, first = made(dream(filled(uuid4())), status=Status.PUBLISHED)
    it = replace(it, published=1, newest=2)
    second = replace(first, number=2, status=Status.RENDERED)
    after, changed = showing.publish(it, [first, second], 2)
    assert (after.published, [(one.number, one.status) for one in changed]) == (
        2,
        [(2, Status.PUBLISHED), (1, Status.REPLACED)],
    )
    third = replace(second, number=3, status=Status.PUBLISHED)
    late = refusal(Refused, lambda: showing.publish(replace(it, published=3), [second, third], 2))
    assert late == "newer-published"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.QUEUED, "not-rendered"),
        (Status.RENDERING, "not-rendered"),
        (Status.FAILED, "not-rendered"),
        (Status.PUBLISHED, "already-published"),
        (Status.REPLACED, "already-published"),
        (Status.WITHDRAWN, "version-withdrawn"),
    ],
)
def test_only_what_is_rendered_is_published(status: Status, code: str) -> None:
    it, version = made(dream(filled(uuid4())), status=status)
    assert refusal(Refused, lambda: showing.publish(it, [version], 1)) == code
    assert refusal(NotFound, lambda: showing.publish(it, [version], 2)) == "version-unknown"


def test_nothing_is_published_while_somebody_in_it_has_not_answered_or_does_not_agree() -> None:
    part, waiting = uuid4(), uuid4()
    it, version = made(dream(filled(part), filled(waiting, WAITING)), status=Status.RENDERED)
    with pytest.raises(Refused) as refused:
        showing.publish(it, [version], 1)
    assert (refused.value.code, refused.value.facts["parts"]) == ("consent-missing", [str(waiting)])
    dark, _ = filling.shade(it, {part: DARK})
    assert refusal(Refused, lambda: showing.publish(dark, [version], 1)) == "version-withdrawn"


def test_what_is_taken_back_makes_a_version_without_it_that_publishes_itself() -> None:
    part, other = uuid4(), uuid4()
    it, first = made(dream(filled(part), filled(other, scene=FEAST)), status=Status.PUBLISHED)
    later, _ = filled(uuid4())(replace(it, published=1))
    dark, _ = filling.shade(later, {part: DARK})
    after, withdrawn, new = showing.settle(dark, [first], uuid4())
    assert new is not None
    assert [(one.number, one.status) for one in withdrawn] == [(1, Status.WITHDRAWN)]
    assert (after.newest, after.succeeding, new.number, new.status) == (2, 2, 2, Status.QUEUED)
    assert [(one.id, one.light) for one in new.parts] == [(part, Light.DARK), (other, Light.LIT)]
    assert showing.settle(after, [*withdrawn, new], uuid4()) == (after, [], None)


def test_a_second_withdrawal_before_the_film_is_there_counts_too() -> None:
    part, other = uuid4(), uuid4()
    it, first = made(dream(filled(part), filled(other)), status=Status.PUBLISHED)
    dark, _ = filling.shade(replace(it, published=1), {part: DARK})
    after, [withdrawn], second = showing.settle(dark, [first], uuid4())
    assert second is not None
    darker, _ = filling.shade(after, {other: DARK})
    after, [gone], third = showing.settle(darker, [withdrawn, second], uuid4())
    assert third is not None
    assert (gone.number, third.number, after.succeeding) == (2, 3, 3)
    assert {one.light for one in third.parts} == {Light.DARK}


def test_a_version_that_was_not_published_is_made_anew_and_waits_for_its_initiators() -> None:
    part, waiting = uuid4(), uuid4()
    it, first = made(dream(filled(part), filled(waiting, WAITING)), status=Status.RENDERED)
    dark, _ = filling.shade(it, {part: DARK})
    after, _, new = showing.settle(dark, [first], uuid4())
    assert new is not None
    assert (after.succeeding, [one.light for one in new.parts]) == (None, [Light.DARK, Light.WAITING])
    hidden, _, other = showing.settle(replace(it, hidden=frozenset({GARDEN.id})), [first], uuid4())
    assert other is not None
    assert (hidden.newest, other.scenes, other.parts) == (2, (), ())


@pytest.mark.parametrize("verb", MOVES)
def test_a_version_moves_only_as_the_table_says(verb: str) -> None:
    it, version = made(dream(filled(uuid4())), attempts=1)
    moves: dict[str, Callable[[Version], Status]] = {
        "start": lambda one: versions.start(it, one)[0].status,
        "restart": lambda one: versions.start(it, one)[0].status,
        "put back": lambda one: versions.put_back(one).status,
        "finish": lambda one: versions.finish(it, one, FILM)[0].status,
        "fail": lambda one: versions.fail(it, one, "render-broke")[0].status,
        "publish": lambda one: showing.publish(it, [one], 1)[1][0].status,
        "replace": lambda one: (
            showing.publish(it, [replace(version, number=2, status=Status.RENDERED), one], 2)[1][1].status
        ),
        "withdraw": lambda one: showing.settle(replace(it, hidden=frozenset({GARDEN.id})), [one], uuid4())[1][0].status,
    }
    sources, target = MOVES[verb]
    for status in Status:
        if status in sources:
            assert moves[verb](replace(version, status=status)) == target
        elif (verb == "start" and status is Status.RENDERING) or (verb == "restart" and status is Status.QUEUED):
            continue
        else:
            with pytest.raises((Refused, IndexError)):
                moves[verb](replace(version, status=status))


def test_a_film_shows_together_what_fills_a_scene_and_a_dark_card_where_nothing_may_be_shown() -> None:
    image, text, voice, second = (
        Part(uuid4(), GARDEN.id, uuid4(), person, kind, Light.LIT, named=named)
        for person, kind, named in (
            (BRAM, "image", True),
            (CARLA, "text", False),
            (ANNA, "voice", True),
            (BRAM, "text", False),
        )
    )
    dark = Part(uuid4(), FEAST.id, uuid4(), BRAM, "text", Light.DARK)
    words = {
        image.contribution_id: "Zo.",
        text.contribution_id: "Bonen.",
        voice.contribution_id: "",
        second.contribution_id: "Prei.",
        dark.contribution_id: "Geheim.",
    }
    shown = shots([GARDEN, FEAST], [image, text, voice, second, dark], words)
    assert shown == [
        Shot(
            f"{GARDEN.id}-1",
            "image",
            "De tuin",
            "Bonen.\nZo.",
            image.contribution_id,
            voice.contribution_id,
            (BRAM, ANNA),
        ),
        Shot(f"{GARDEN.id}-2", "card", "De tuin", "Prei."),
        Shot(f"{FEAST.id}-1", "dark", "Het feest"),
    ]
    assert scene_of(shown[1].id) == GARDEN.id
    del words[image.contribution_id]
    assert shots([GARDEN], [image], words) == [Shot(f"{GARDEN.id}-1", "dark", "De tuin")]


def test_a_difference_between_versions_can_be_read() -> None:
    kept, gone, lost = uuid4(), uuid4(), uuid4()
    third = Scene(uuid4(), "Later", "Hoe?")
    before = made(dream(filled(kept), filled(gone), filled(lost, scene=FEAST)))[1]
    dark = tuple(
        replace(part, light=Light.DARK) if part.id == lost else part for part in before.parts if part.id != gone
    )
    after = replace(
        before,
        number=2,
        scenes=(FEAST, replace(GARDEN, heading="De moestuin"), third),
        parts=(*dark, Part(uuid4(), third.id, uuid4(), BRAM, "text", Light.LIT)),
    )
    assert [one.sentence for one in differences(None, before)] == ["«De tuin» kwam erbij", "«Het feest» kwam erbij"]
    assert [(one.sentence) for one in differences(before, after)] == [
        "«Het feest» kwam op een andere plaats",
        "«Het feest» werd donker",
        "«De moestuin» kwam op een andere plaats",
        "«De moestuin» kreeg een andere titel",
        "«De moestuin» verloor een deel",
        "«Later» kwam erbij",
    ]
    assert [one.change for one in differences(after, before)][-1] == "removed"
