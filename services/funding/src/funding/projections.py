"""What funding keeps of the initiatives service's events, a batch at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from dorpsplein.contracts.initiatives import (
    InitiativeEdited,
    InitiativeProposed,
    InitiativeWithdrawn,
    SupportGiven,
    SupportWithdrawn,
)
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded
from funding import commands
from funding.domain.pledges import WITHDRAWN

INITIATIVES = """
    insert into initiatives as i (initiative_id, version, status, theme, needed_cents)
    select id, version, coalesce(status, 'proposed'), coalesce(theme, ''), coalesce(needed, 0)
    from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[]) as e(id, version, status, theme, needed)
    order by id
    on conflict (initiative_id) do nothing
"""
