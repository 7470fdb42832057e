"""The initiatives service, put together."""

import initiatives
from dorpsplein.contracts.initiatives import EVENTS
from dorpsplein.service import Service
from dorpsplein.timers import watch
from initiatives.api import (
    consents,
    contributions,
    drafts,
    dreams,
    edits,
    films,
    halts,
    imports,
    initiators,
    life,
    lineage,
    lived_experience,
    media,
    merges,
    milestones,
    moderation,
    paper,
    people,
    promises,
    reports,
    responses,
    search,
    similar,
    stories,
    storytelling,
    supports,
    translations,
    uploads,
)
from initiatives.api import initiatives as initiatives_api
from initiatives.commands.checking import check, keep_clean
from initiatives.commands.supports import keep_counts_short
from initiatives.events import PROJECTIONS
from initiatives.settings import MOST_UPLOAD_BYTES, InitiativesSettings
from initiatives.timers import HANDLERS

SERVICE = Service(
    package=initiatives,
    settings=InitiativesSettings,
    routers=[
        imports.router,
        search.router,
        similar.router,
        initiatives_api.router,
        life.router,
        edits.router,
        drafts.router,
        milestones.router,
        initiators.router,
        contributions.router,
        lived_experience.router,
        lineage.router,
        dreams.router,
        translations.router,
        films.router,
        supports.router,
        paper.router,
        merges.router,
        people.router,
        consents.router,
        storytelling.router,
        stories.router,
        uploads.router,
        media.router,
        reports.router,
        moderation.router,
        responses.router,
        promises.router,
        halts.router,
    ],
    publishes=EVENTS,
    projections=PROJECTIONS,
    workers=[watch(HANDLERS), check, keep_clean, keep_counts_short],
    large_bodies={"/uploads": MOST_UPLOAD_BYTES, "/uploads/{upload_id}": MOST_UPLOAD_BYTES},
)
