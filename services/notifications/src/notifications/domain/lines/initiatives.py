"""What is said of events of the initiatives service."""

from collections.abc import Callable
from typing import Any

from dorpsplein.contracts.initiatives.contributions import ContributionOffered
from dorpsplein.contracts.initiatives.dreams import LivedExperienceAsked, SceneAdded, SceneFilled, StoryboardOpened
from dorpsplein.contracts.initiatives.halts import HaltUpheld
from dorpsplein.contracts.initiatives.initiatives import (
    CoCreationStarted,
    CoInitiatorJoined,
    CoInitiatorLeft,
    DreamVisionPublished,
    ExpiryAnnounced,
    HaltAppealed,
    HaltLifted,
    InitiativeCelebrated,
    InitiativeEdited,
    InitiativeExpired,
    InitiativeHalted,
    InitiativeJoined,
    InitiativeParted,
    InitiativePaused,
    InitiativeProposed,
    InitiativeResumed,
    InitiativeStarted,
    InitiativeWithdrawn,
    SupportClosed,
    ThresholdReached,
)
from dorpsplein.contracts.initiatives.merges import (
    MergeAgreed,
    MergeClosed,
    MergeDeclined,
    MergeProposed,
    MergeUndone,
    MergeWithdrawn,
)
from dorpsplein.contracts.initiatives.milestones import MilestoneReached
from dorpsplein.contracts.initiatives.moderation import ContentHidden, ContentRestored
from dorpsplein.contracts.initiatives.responses import (
    MunicipalResponseAmended,
    MunicipalResponseGiven,
    PromiseContested,
    PromiseDue,
    PromiseKept,
    PromiseReleased,
)
from dorpsplein.contracts.initiatives.stories import StoryPublished, StoryRetold
from dorpsplein.contracts.initiatives.supports import PaperBatchCounted, SupportGiven
from dorpsplein.envelope import Event
from notifications.domain.wording import counted, day

KINDS = {
    "initiative": "een initiatief",
    "contribution": "een inbreng",
    "story": "een verhaal",
    "retelling": "een doorvertelling",
    "scene": "een scène",
}


def _moderated(event: ContentHidden | ContentRestored, it: str) -> str:
    """An initiative that is hidden has no title any more, so that it is not named."""
    what = KINDS.get(event.subject_kind, "iets")
    if event.subject_kind == "initiative" or event.initiative_id is None:
        return what
    return f"{what} bij {it}"


def _response(event: MunicipalResponseGiven, it: str) -> str:
    parts = [f"waarmee zij kan helpen ({event.can_help})"] if event.can_help else []
    parts += [f"wat niet kan en waarom ({event.cannot})"] if event.cannot else []
    parts += [counted(event.promises, "belofte", "beloften")] if event.promises else []
    return f"De gemeente reageert op {it}: {', '.join(parts)}"


LINES: dict[type[Event], Callable[[Any, str], str]] = {
    InitiativeProposed: lambda _, it: f"Nieuw initiatief: {it}",
    InitiativeEdited: lambda _, it: f"{it} is bijgewerkt",
    ThresholdReached: lambda e, it: f"{it} heeft {e.threshold} steunbetuigingen en kan verder",
    InitiativeWithdrawn: lambda _, it: f"{it} is ingetrokken door de initiatiefnemer",
    CoCreationStarted: lambda _, it: f"{it} is open voor inbreng: iedereen kan meedenken",
    DreamVisionPublished: lambda e, it: (
        f"Het droombeeld van {it} is er"
        if e.dream_version == 1
        else f"Er is een nieuwe versie van het droombeeld van {it}"
    ),
    StoryboardOpened: lambda _, it: f"Het droombeeld van {it} is begonnen: vul mee",
    SceneAdded: lambda _, it: f"Het droombeeld van {it} heeft een nieuwe scène die u kunt vullen",
    LivedExperienceAsked: lambda _, it: f"Voor het droombeeld van {it} wordt gevraagd naar mensen met eigen ervaring",
    SceneFilled: lambda _, it: f"Een scène van het droombeeld van {it} is gevuld",
    InitiativeStarted: lambda _, it: f"{it} gaat van start",
    InitiativeCelebrated: lambda _, it: f"{it} is klaar en wordt gevierd; dank aan iedereen die meedeed",
    InitiativePaused: lambda _, it: f"{it} rust even",
    InitiativeResumed: lambda _, it: f"{it} gaat weer verder",
    ExpiryAnnounced: lambda e, it: (
        f"{it} kan nog tot {day(e.expires_at)} worden gesteund; {e.threshold} steunbetuigingen zijn nodig"
    ),
    InitiativeExpired: lambda e, it: f"De tijd van {it} is voorbij: {e.supports} van {e.threshold} steunbetuigingen",
    InitiativeJoined: lambda _, it: f"{it} gaat samen verder met een ander initiatief",
    InitiativeParted: lambda _, it: f"{it} gaat weer alleen verder",
    InitiativeHalted: lambda e, it: (
        f"{it} is stopgezet om {'de veiligheid' if e.ground == 'safety' else 'een wettelijke reden'};"
        f" bezwaar kan tot {day(e.appeal_until)}"
    ),
    HaltAppealed: lambda _, it: f"Er is bezwaar gemaakt tegen de stopzetting van {it}",
    HaltLifted: lambda _, it: f"De stopzetting van {it} is voorbij",
    CoInitiatorJoined: lambda _, it: f"{it} heeft er een mede-initiatiefnemer bij",
    CoInitiatorLeft: lambda _, it: f"Een initiatiefnemer van {it} is gestopt; anderen gaan verder",
    SupportClosed: lambda e, it: (
        f"De steun voor {it} staat vast: {counted(e.supports, 'steunbetuiging', 'steunbetuigingen')}"
    ),
    MilestoneReached: lambda _, it: f"{it} heeft een mijlpaal bereikt",
    SupportGiven: lambda _, it: f"Nieuwe steunbetuiging voor {it}",
    PaperBatchCounted: lambda e, it: (
        f"Voor {it} zijn {counted(e.supports, 'handtekening', 'handtekeningen')} op papier geteld"
    ),
    MergeProposed: lambda _, it: f"{it} wil samen verder met een ander initiatief",
    MergeAgreed: lambda e, it: (
        f"Wie {it} steunt, kiest tot {day(e.window_ends_at)} zelf of die steun meegaat naar het andere initiatief"
    ),
    MergeDeclined: lambda _, it: f"{it} gaat niet samen verder met een ander initiatief",
    MergeWithdrawn: lambda _, it: f"{it} vraagt niet meer om samen verder te gaan",
    MergeClosed: lambda e, it: (
        f"Het kiezen bij {it} is voorbij: {counted(e.moved, 'steunbetuiging ging', 'steunbetuigingen gingen')} mee,"
        f" {counted(e.stayed, 'bleef', 'bleven')}"
    ),
    MergeUndone: lambda _, it: f"{it} gaat toch niet samen verder; alle steun is weer waar die was",
    ContributionOffered: lambda _, it: f"Nieuwe inbreng voor {it}",
    StoryPublished: lambda _, it: f"Er is een verhaal verteld over {it}",
    StoryRetold: lambda _, it: f"Een wethouder vertelt een verhaal over {it} verder",
    HaltUpheld: lambda _, it: f"De stopzetting van {it} blijft, ook na het bezwaar",
    ContentHidden: lambda e, it: (
        f"Volgens een huisregel is {_moderated(e, it)} verborgen; waarom staat in het moderatielogboek"
    ),
    ContentRestored: lambda e, it: f"Na bezwaar is {_moderated(e, it)} weer te zien",
    MunicipalResponseGiven: _response,
    MunicipalResponseAmended: lambda _, it: f"De gemeente heeft haar reactie op {it} veranderd",
    PromiseDue: lambda _, it: f"De dag van een belofte van de gemeente aan {it} is voorbij",
    PromiseKept: lambda _, it: f"Een belofte van de gemeente aan {it} is nagekomen",
    PromiseContested: lambda _, it: f"Volgens de initiatiefnemers is een belofte aan {it} niet nagekomen",
    PromiseReleased: lambda e, it: (
        f"Een belofte van de gemeente aan {it} is niet meer nodig"
        if e.reason == "no-longer-needed"
        else f"De gemeente kan een belofte aan {it} niet nakomen, en zegt waarom"
    ),
}
BURIES_NEWS: dict[type[Event], Callable[[Any], bool]] = {
    SupportGiven: lambda e: e.channel in {"import", "paper", "merge"},
    SceneFilled: lambda e: not e.lit,
}
MAILED: tuple[type[Event], ...] = (
    InitiativeProposed,
    ThresholdReached,
    CoCreationStarted,
    DreamVisionPublished,
    InitiativeStarted,
    InitiativeCelebrated,
    ExpiryAnnounced,
    InitiativeExpired,
    InitiativeJoined,
    MergeAgreed,
    InitiativeHalted,
    InitiativeWithdrawn,
    MilestoneReached,
    ContributionOffered,
    StoryPublished,
    StoryRetold,
    MunicipalResponseGiven,
    PromiseDue,
)
