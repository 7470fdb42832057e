"""Participatory budgeting votes in the Pabulib format (https://pabulib.org/format).

A text file in UTF-8 with the sections META, PROJECTS and VOTES; each begins with a line of column names, fields are
separated by `;` and quoted as in CSV. What voters are (age, sex, neighbourhood) is not read.
"""

from funding.domain.pabulib.ballots import scale, snapshot
from funding.domain.pabulib.election import WITHDRAWN, Election, Project, Vote
from funding.domain.pabulib.reading import VOTE_TYPES, parse
from funding.domain.pabulib.sheet import MalformedFile

__all__ = ["VOTE_TYPES", "WITHDRAWN", "Election", "MalformedFile", "Project", "Vote", "parse", "scale", "snapshot"]
