"""Initiatives that may be like another: by rare words in common, by the letters of their titles, by being near.

Each way gives at most some hundreds, straight from its index; only those are looked at closely.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from initiatives.domain.initiative import ENDED, Spot
from initiatives.domain.similar import NEAR_M, Candidate
from initiatives.storage.pages import SHOWN, WITH_PROJECTIONS
from initiatives.storage.search import VISIBLE

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_BY_WORDS, MOST_BY_TITLE, MOST_BY_PLACE = 200, 100, 50
MOST_COMMON_TOGETHER = 0.03
"""In which share of all initiatives the words that are looked for may stand together: the rarest are taken first."""
OVER = ", ".join(f"'{status}'" for status in sorted(ENDED))
LIVE = f"i.status not in ({OVER}) and {VISIBLE}"

LEXEMES = """
    select distinct on (lexeme) lexeme, word, place, known.share
    from unnest($1::text[]) with ordinality as asked(word, place)
    cross join unnest(tsvector_to_array(to_tsvector('dutch', word))) as lexeme
    left join (
        select common.lexeme, common.share
        from pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) as common(lexeme, share)
        where schemaname = current_schema() and tablename = 'initiatives' and attname = 'words'
    ) as known using (lexeme)
    order by lexeme, place
"""
BY_WORDS = f"""
        select i.id from initiatives i where i.words @@ {{}}::text::tsquery and {LIVE}
        order by i.proposed_at desc, i.id desc limit {MOST_BY_WORDS}
"""  # noqa: S608 - pieces of ours
CANDIDATES = f"""
    with by_words as (
        {BY_WORDS.format("$1")}
    ), by_words_of_title as (
        {BY_WORDS.format("$8")}
    ), by_title as (
        select i.id from initiatives i where $2::text <% i.title and {LIVE} limit {MOST_BY_TITLE}
    ), by_place as (
        select i.id from initiatives i
        where earth_box(ll_to_earth($3::float8, $4::float8), {NEAR_M}) @> ll_to_earth(i.latitude, i.longitude)
            and {LIVE}
        order by ll_to_earth(i.latitude, i.longitude) <-> ll_to_earth($3, $4) limit {MOST_BY_PLACE}
    )
    select i.id, similarity(i.title, $2)::float8 as title, coalesce(i.theme = $5, false) as same_theme,
        array(select unnest(tsvector_to_array(i.words)) intersect select unnest($6::text[])) as shared,
        ll_to_earth(i.latitude, i.longitude) <-> ll_to_earth($3, $4) as distance
    from (
        select id from by_words union select id from by_words_of_title
        union select id from by_title union select id from by_place
    ) as candidate join initiatives i on i.id = candidate.id
    where i.id is distinct from $7::uuid
"""  # noqa: S608 - pieces of ours
WRITTEN = f"select title, summary, theme, latitude, longitude from initiatives i where id = $1 and {VISIBLE}"  # noqa: S608
DOCUMENTS = f"""
    select i.id, row_to_json(shown)::text as document
    from initiatives i {WITH_PROJECTIONS} cross join lateral (select {SHOWN}) as shown
    where i.id = any($1::uuid[])
"""  # noqa: S608 - pieces of ours


@dataclass(frozen=True, slots=True)
class Asked:
    """What others are to be like: its title, and the words of title and summary, each once and in their order."""

    title: str
    of_title: Sequence[str]
    words: Sequence[str]
    theme: str | None = None
    near: Spot | None = None
    besides: UUID | None = None


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A word as it was written, and in which share of all initiatives it stands in some form; None: hardly any."""

    word: str
    share: float | None


async def written(connection: "Connection", initiative_id: UUID) -> asyncpg.Record | None:
    """What an initiative says, its theme and place; None where there is none to be seen."""
    return await connection.fetchrow(WRITTEN, initiative_id)


async def lexemes(connection: "Connection", words: Sequence[str]) -> dict[str, Lexeme]:
    """The Dutch lexemes of words, in their order; how common they are is as the last `analyze` found it."""
    rows = await connection.fetch(LEXEMES, list(words))
    return {row["lexeme"]: Lexeme(row["word"], row["share"]) for row in sorted(rows, key=lambda row: row["place"])}


async def candidates(connection: "Connection", asked: Asked, known: Mapping[str, Lexeme]) -> list[Candidate]:
    """Live initiatives that may be like what is asked."""
    latitude, longitude = (asked.near.latitude, asked.near.longitude) if asked.near else (None, None)
    prepared = await connection.prepare(CANDIDATES)
    of_title = {lexeme: one for lexeme, one in known.items() if one.word in asked.of_title}
    rows = await prepared.fetch(
        _any_of(_rarest(known)),
        asked.title,
        latitude,
        longitude,
        asked.theme,
        list(known),
        asked.besides,
        _any_of(_rarest(of_title)),
    )
    return [
        Candidate(row["id"], frozenset(row["shared"]), row["title"], row["distance"], row["same_theme"]) for row in rows
    ]


async def documents(connection: "Connection", ids: Sequence[UUID]) -> dict[UUID, str]:
    """Initiatives as lists show them, as JSON text, by id."""
    return {row["id"]: row["document"] for row in await connection.fetch(DOCUMENTS, list(ids))}


def _rarest(known: Mapping[str, Lexeme]) -> list[str]:
    """The rarest lexemes, as many as do not stand in too many initiatives together; one at least."""
    taken: list[str] = []
    together = 0.0
    for lexeme, one in sorted(known.items(), key=lambda item: item[1].share or 0.0):
        together += one.share or 0.0
        if taken and together > MOST_COMMON_TOGETHER:
            break
        taken.append(lexeme)
    return taken


def _any_of(lexemes: Sequence[str]) -> str:
    """A query for any of these lexemes, each between quotes."""
    quoted = (lexeme.replace("\\", "\\\\").replace("'", "''") for lexeme in lexemes)
    return " | ".join(f"'{lexeme}'" for lexeme in quoted)
