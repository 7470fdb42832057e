"""Reading a vote in the Pabulib format."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.domain.pabulib import Election, MalformedFile, Project, Vote, parse, scale, snapshot
from funding.domain.rules import Ballot, Candidate, Gift, Pool

REAL = {
    "Netherlands_Amsterdam_179.pb": (24, 219, 2_152),
    "Netherlands_Amsterdam_267.pb": (53, 3_184, 23_675),
    "Netherlands_Amsterdam_309.pb": (58, 14_411, 151_820),
    "Netherlands_Amsterdam_522.pb": (15, 318, 1_392),
    "Netherlands_Amsterdam_588.pb": (15, 212, 1_191),
    "Netherlands_Amsterdam_643.pb": (3, 66, 66),
    "Netherlands_Amsterdam_645.pb": (38, 3_908, 18_701),
    "Netherlands_Assen_2024.pb": (14, 84, 285),
    "Poland_Gdynia_2020_Dabrowa__large.min.pb": (11, 2_100, 5_785),
    "Poland_Krakow_2019_Bienczyce.min.pb": (9, 1_045, 3_135),
}


def read(path: Path) -> Election:
    return parse(path.read_bytes(), path.name)


GOOD = """\
META
key;value
num_projects;2
num_votes;3
budget;1000.50
vote_type;approval
PROJECTS
project_id;cost;name;category
1;999.9;"Een ""groene"" straat; met bankjes";Groen
2;999999999;Podium;
VOTES
voter_id;vote
a;1,2
b;2
c;
"""
META = "META\nkey;value\nnum_projects;1\nnum_votes;1\nbudget;10\nvote_type;"


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_has_what_its_meta_says(shared_data: Path, name: str) -> None:
    election = read(shared_data / "pabulib" / name)
    projects, votes, approvals = REAL[name]
    assert (len(election.projects), len(election.votes)) == (projects, votes)
    assert (election.meta["num_projects"], election.meta["num_votes"]) == (str(projects), str(votes))
    assert sum(len(vote.approved()) for vote in election.votes) == approvals


def test_the_supports_of_a_real_file_are_those_its_projects_were_counted(shared_data: Path) -> None:
    path = shared_data / "pabulib" / "Netherlands_Amsterdam_267.pb"
    counted = [line.split(";") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("36")]
    election = read(path)
    for project_id, _, votes, *_ in counted:
        assert sum(project_id in vote.approved() for vote in election.votes) == int(votes)


def test_names_are_unquoted_and_a_withdrawn_project_is_told_apart() -> None:
    election = parse(GOOD.encode(), "good.pb")
    assert election.budget_cents == 1_000_50
    assert election.projects == (
        Project("1", 999_90, 'Een "groene" straat; met bankjes', "Groen"),
        Project("2", 999_999_999_00, "Podium"),
    )
    assert [project.withdrawn for project in election.projects] == [False, True]
    assert election.votes[2] == Vote("c", ())


def test_a_byte_order_mark_other_line_ends_and_blank_lines_change_nothing() -> None:
    other = "\ufeff" + GOOD.replace("\n", "\r\n").replace("PROJECTS", "\r\n  \r\nPROJECTS")
    assert parse(other.encode(), "good.pb") == parse(GOOD.encode(), "good.pb")


def test_a_voter_that_names_a_project_twice_is_for_it_once() -> None:
    election = parse(GOOD.replace("a;1,2", "a;1,2,1").encode(), "twice.pb")
    assert election.votes[0].approved() == ["1", "2"]


@pytest.mark.parametrize(
    ("vote_type", "votes", "approved"),
    [
        ("choose-1", "voter_id;vote\na;1", ["1"]),
        ("ordinal", "voter_id;vote\na;1", ["1"]),
        ("cumulative", "voter_id;vote;points\na;1;3", ["1"]),
        ("scoring", "voter_id;vote;points\na;1;0", []),
        ("scoring", "voter_id;vote;points\na;1;-1.5", []),
    ],
)
def test_every_type_of_vote_is_read(vote_type: str, votes: str, approved: list[str]) -> None:
    text = f"{META}{vote_type}\nPROJECTS\nproject_id;cost\n1;10\nVOTES\n{votes}\n"
    assert parse(text.encode(), "votes.pb").votes[0].approved() == approved


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (("META\n", ""), 1, "the file must begin with META"),
        (("VOTES", "BALLOTS"), 11, "'BALLOTS' is no section; there are META, PROJECTS and VOTES"),
        (("VOTES", "PROJECTS"), 11, "there is a second section PROJECTS"),
        ((GOOD[GOOD.index("VOTES") :], ""), 10, "there is no section VOTES"),
        ((GOOD[GOOD.index("voter_id") :], ""), 11, "VOTES has no line of column names"),
        (("project_id;cost;name", "project_id;price;name"), 8, "PROJECTS has no column cost"),
        (("name;category", "name;name"), 8, "PROJECTS has a column twice"),
        (("voter_id;vote", "voter;vote"), 12, "VOTES has no column voter_id"),
        (("budget;1000.50\n", ""), 1, "META has no budget"),
        (("budget;", "num_votes;3\nbudget;"), 5, "num_votes is there twice"),
        (("approval", "lottery"), 6, "the vote type 'lottery' is not one of"),
        (("999.9", "about 1000"), 9, "the cost 'about 1000' is no amount"),
        (("999.9", "12.000"), 9, "the cost '12.000' is no amount"),
        (("999.9", "-5"), 9, "the cost '-5' is no amount"),
        (("999.9", "nan"), 9, "the cost 'nan' is no amount"),
        (("999.9", "1" * 18), 9, "is no amount"),
        (("999.9", "१२"), 9, "is no amount"),
        (("1000.50", "veel"), 5, "the budget 'veel' is no amount"),
        (("2;999999999", "1;999999999"), 10, "the project 1 is there twice"),
        (("2;999999999", ";999999999"), 10, "the project has no id"),
        (("b;2", "a;2"), 14, "the voter a is there twice"),
        (("b;2", ";2"), 14, "the voter has no id"),
        (("b;2", f"{'b' * 101};2"), 14, "the id of the voter is longer than 100 characters"),
        (("b;2", "b;3"), 14, "voter b names the project '3', which is not in PROJECTS"),
        (("b;2", "b;2;3"), 14, "there are 3 fields where the section has 2"),
        (("num_projects;2", "num_projects;3"), 3, "num_projects is '3', but PROJECTS has 2"),
        (("num_votes;3", "num_votes;three"), 4, "num_votes is 'three', but VOTES has 3"),
        (("approval", "choose-1"), 13, "voter a names 2 projects in a choose-1 vote"),
        (("approval", "scoring"), 11, "VOTES has no column points, which a scoring vote needs"),
        (("Podium", "Po\x07dium"), 10, "there is a control character U+0007"),
        (("Podium", "Po\0dium"), 10, "there is a zero byte"),
        (("Podium", '"Podium"!'), 10, "the quoting is not right"),
        (("Podium", '"Podium'), 15, "the quoting is not right"),
    ],
)
def test_a_malformed_file_is_refused_with_file_line_and_reason(change: tuple[str, str], line: int, reason: str) -> None:
    before, after = change
    assert before in GOOD
    with pytest.raises(MalformedFile) as refusal:
        parse(GOOD.replace(before, after, 1).encode(), "bad.pb")
    assert any(at == line and reason in why for at, why in refusal.value.faults), refusal.value
    assert f"bad.pb:{line}: " in str(refusal.value)


@pytest.mark.parametrize("points", ["1,2", "", "many"])
def test_points_that_do_not_fit_the_ballot_are_refused(points: str) -> None:
    text = f"{META}scoring\nPROJECTS\nproject_id;cost\n1;10\nVOTES\nvoter_id;vote;points\na;1;{points}\n"
    with pytest.raises(MalformedFile, match=r"bad\.pb:12: (there are|the points)"):
        parse(text.encode(), "bad.pb")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "bad.pb:1: the file is empty"),
        (b" \r\n\n", "bad.pb:1: the file is empty"),
        (b"\xef\xbb\xbf", "bad.pb:1: there is no section META"),
        (GOOD.encode("utf-16"), "bad.pb:1: there is a zero byte: this is no text file"),
        (GOOD.replace("Podium", "Café").encode("latin-1"), "bad.pb:10: the byte 0xe9 is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "bad.pb:3: there is a zero byte: this is no text file"),
    ],
)
def test_what_is_no_text_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(MalformedFile) as refusal:
        parse(raw, "bad.pb")
    assert reason in str(refusal.value).splitlines()


def test_every_fault_is_told_at_once_in_order() -> None:
    bad = GOOD.replace("999.9", "x").replace("b;2", "b;9").replace("num_votes;3", "num_votes;4")
    with pytest.raises(MalformedFile) as refusal:
        parse(bad.encode(), "bad.pb")
    assert [line for line, _ in refusal.value.faults] == [4, 9, 14]


@given(st.binary(max_size=400) | st.text(alphabet="METAPROJCSV;\n\"',0123 ", max_size=400).map(str.encode))
def test_whatever_the_bytes_are_they_are_read_or_refused(raw: bytes) -> None:
    with suppress(MalformedFile):
        parse(raw, "any.pb")


words = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=' ;",'), max_size=30).map(str.strip)
ids = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


@st.composite
def elections(draw: st.DrawFn) -> Election:
    vote_type = draw(st.sampled_from(["approval", "choose-1", "cumulative", "scoring", "ordinal"]))
    project_ids = draw(st.lists(ids, min_size=1, max_size=6, unique=True))
    cents = st.integers(0, 10**12)
    won = st.sampled_from([True, False, None])
    projects = [Project(p, draw(cents), draw(words), draw(words), draw(words), draw(won)) for p in project_ids]
    most = 1 if vote_type == "choose-1" else 6
    votes = []
    for voter in draw(st.lists(ids, max_size=6, unique=True)):
        named = tuple(draw(st.lists(st.sampled_from(project_ids), max_size=most)))
        points = st.lists(st.decimals(-9, 99, places=2), min_size=len(named), max_size=len(named)).map(tuple)
        votes.append(Vote(voter, named, draw(points) if vote_type in ("cumulative", "scoring") else None))
    budget = draw(cents)
    meta = {
        "description": draw(words),
        "num_projects": str(len(projects)),
        "num_votes": str(len(votes)),
        "budget": amount(budget),
        "vote_type": vote_type,
    }
    return Election(meta, vote_type, budget, tuple(projects), tuple(votes))


@given(elections())
def test_what_is_written_is_read_back_the_same(election: Election) -> None:
    assert parse(written(election).encode(), "round-trip.pb") == election


def written(election: Election) -> str:
    file = io.StringIO()
    sheet = csv.writer(file, delimiter=";", quoting=csv.QUOTE_NONNUMERIC)
    file.write("META\nkey;value\n")
    sheet.writerows(election.meta.items())
    file.write("PROJECTS\nproject_id;cost;name;category;description;selected\n")
    sheet.writerows(
        (p.id, amount(p.cost_cents), p.name, p.category, p.description, WON[p.selected]) for p in election.projects
    )
    file.write("VOTES\nvoter_id;vote;points\n")
    for vote in election.votes:
        points = ",".join(str(number) for number in vote.points or ())
        sheet.writerow((vote.voter, ",".join(vote.projects), points))
    return file.getvalue()


WON = {True: "1", False: "0", None: ""}


def amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def counted(vote_type: str, votes: str, meta: str = "") -> tuple[Ballot, ...]:
    count = len(votes.splitlines()) - 1
    head = f"META\nkey;value\nnum_projects;3\nnum_votes;{count}\nbudget;10\n{meta}vote_type;{vote_type}\n"
    text = f"{head}PROJECTS\nproject_id;cost\n1;10\n2;20\n3;999999999\nVOTES\n{votes}\n"
    return snapshot(parse(text.encode(), "count.pb")).ballots


@pytest.mark.parametrize(
    ("vote_type", "votes", "meta", "ballots"),
    [
        ("approval", "voter_id;vote\na;2,1\nb;1,2\nc;", "", [(("1", 1), ("2", 1)), ()]),
        ("approval", "voter_id;vote\na;1,3,1", "", [(("1", 1),)]),
        ("choose-1", "voter_id;vote\na;2", "", [(("2", 1),)]),
        ("cumulative", "voter_id;vote;points\na;1,2;3,0", "", [(("1", 3),)]),
        ("scoring", "voter_id;vote;points\na;2,1;-1.5,0.25", "", [(("1", 25), ("2", -150))]),
        ("ordinal", "voter_id;vote\na;2,1", "", [(("1", 1), ("2", 2))]),
        ("ordinal", "voter_id;vote\na;2,1", "max_length;3\n", [(("1", 2), ("2", 3))]),
        ("ordinal", "voter_id;vote\na;3,1\nb;1", "", [(("1", 1),), (("1", 2),)]),
    ],
)
def test_every_type_of_ballot_gives_whole_points(
    vote_type: str, votes: str, meta: str, ballots: list[tuple[tuple[str, int], ...]]
) -> None:
    assert [ballot.points for ballot in counted(vote_type, votes, meta)] == ballots


def test_the_scores_of_the_ordinal_file_are_the_published_ones(shared_data: Path) -> None:
    path = shared_data / "pabulib" / "Poland_Krakow_2019_Bienczyce.min.pb"
    rows = path.read_text(encoding="utf-8").split("PROJECTS\n")[1].split("VOTES\n")[0].splitlines()[1:]
    published = {row.split(";")[0]: int(row.split(";")[3]) for row in rows}
    now = snapshot(read(path))
    assert published == {
        one.id: sum(dict(ballot.points).get(one.id, 0) * ballot.voters for ballot in now.ballots)
        for one in now.candidates
    }


def test_an_election_becomes_a_round_with_one_pool_and_like_ballots_together() -> None:
    election = parse(GOOD.encode(), "good.pb")
    now = snapshot(election)
    assert now.candidates == (Candidate("1", 999_90, theme="Groen"),)
    assert now.pools == (Pool("budget", 1_000_50),)
    assert now.ballots == (Ballot((("1", 1),)), Ballot((), voters=2))
    assert snapshot(election, gifts=True).gifts == (Gift("a/1", "a", "1", 100),)
    assert scale(election) == 1


def test_what_was_selected_is_read() -> None:
    text = GOOD.replace("name;category", "name;selected").replace(";Groen", ";1").replace("Podium;", "Podium;0")
    assert [project.selected for project in parse(text.encode(), "won.pb").projects] == [True, False]
    assert [project.selected for project in parse(GOOD.encode(), "good.pb").projects] == [None, None]
