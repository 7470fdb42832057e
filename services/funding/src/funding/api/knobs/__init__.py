"""Knobs over HTTP: the registry, a fund's knobs, changes and their votes, the electorate, the brake."""

from fastapi import APIRouter

from funding.api.knobs import ballots, brakes, changes, electorate, funds, turns

router = APIRouter(tags=["knobs"])
for part in (funds, changes, turns, ballots, electorate, brakes):
    router.include_router(part.router)

__all__ = ["router"]
