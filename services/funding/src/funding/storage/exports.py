"""What is open data, as queries whose rows are read a batch at a time. No person's pseudonym is in any of them."""

from dorpsplein.exports import Export

TRANSFERS = Export(
    {
        "index": "place of its leaf in the transparency log",
        "id": "transfer",
        "groupId": "pledge, pot line or other group it belongs to",
        "kind": "what it is for",
        "resource": "EUR/2 (cents), TIME/… or SLOT/… (minutes), MAT/… (items)",
        "debit": "account it leaves; of a person only the commitment that is in the log",
        "credit": "account it reaches; of a person only the commitment that is in the log",
        "amount": "whole units of the resource",
        "status": "pending, posted, voided or expired",
        "posted": "how much of it was posted",
        "at": "when it was written (UTC)",
        "resolvedAt": "when a pending one was resolved (UTC)",
    },
    """
        select e.index, e.ref, leaf ->> 'group', leaf ->> 'kind', leaf ->> 'resource', leaf ->> 'debit',
            leaf ->> 'credit', (leaf ->> 'amount')::bigint,
            case when (leaf ->> 'pending')::boolean then coalesce(r.outcome, 'pending') else 'posted' end,
            case when (leaf ->> 'pending')::boolean then coalesce(r.amount, 0) else (leaf ->> 'amount')::bigint end,
            leaf ->> 'at', r.at
        from (select index, ref, convert_from(leaf, 'UTF8')::jsonb as leaf from log_entries order by index) as e
        left join resolutions r on r.transfer_id = e.ref
        where leaf ->> 'type' = 'transfer' order by e.index
    """,
)
PLEDGES = Export(
    {
        "id": "pledge",
        "initiativeId": "initiative it is for",
        "roundId": "round it was made in, if any",
        "resource": "EUR/2 (cents), TIME/… or SLOT/… (minutes), MAT/… (items)",
        "quantity": "whole units of the resource",
        "delivered": "how much of it was delivered",
        "status": "held, committed, delivered, lapsed, withdrawn or refunded",
        "madeAt": "when it was made (UTC)",
        "matchCents": "what followed it by rule, in cents",
        "ruleVersion": "the version of the rule that answered it",
        "inputDigest": "digest of what that rule was given",
    },
    """
        select id, initiative_id, round_id, resource, quantity, delivered, status, made_at,
            (match ->> 'cents')::bigint, match ->> 'ruleVersion', match ->> 'inputDigest'
        from pledges order by id
    """,
)
MATCHES = Export(
    {
        "pledgeId": "pledge that was matched; none where a whole round was divided at its close",
        "initiativeId": "initiative it is for",
        "roundId": "round it comes from",
        "potLineId": "pot line that gives it",
        "amountCents": "cents that pot line promised",
        "backCents": "how much of them went back to it",
        "status": "that of the pledge, or held, committed or returned",
        "ruleVersion": "the version of the rule that gave it",
        "inputDigest": "digest of what that rule was given",
    },
    """
        select m.pledge_id, m.initiative_id, m.round_id, share ->> 0, (share ->> 1)::bigint,
            (
                select coalesce(sum((back ->> 1)::bigint), 0)::bigint
                from jsonb_array_elements(m.match -> 'back') as back where back ->> 0 = share ->> 0
            ),
            m.status, m.match ->> 'ruleVersion', m.match ->> 'inputDigest'
        from (
            select id as pledge_id, initiative_id, round_id, status, match from pledges where match is not null
            union all
            select null, initiative_id, round_id, status, match from grants
        ) as m cross join lateral jsonb_array_elements(m.match -> 'by') as share
    """,
)
ROUNDS = Export(
    {
        "id": "round",
        "fundId": "fund it is a window of",
        "rule": "the rule that matches",
        "ruleVersion": "its version, pinned when the round was opened",
        "openedAt": "when it was opened (UTC)",
        "closesAt": "until when it takes pledges (UTC)",
        "status": "open or closed; one that is past its time takes no pledges either",
    },
    """
        select id, fund_id, rule, rule_version, opened_at, closes_at,
            case when closed then 'closed' else 'open' end
        from rounds order by opened_at, id
    """,
)
POT_LINES = Export(
    {
        "id": "pot line",
        "roundId": "round it stands in",
        "cofinancier": "code of the party that put it in",
        "amountCents": "what was put in, in cents",
        "addedAt": "when (UTC)",
    },
    "select id, round_id, cofinancier, amount_cents, added_at from pot_lines order by added_at, id",
)
KNOB_CHANGES = Export(
    {
        "id": "change",
        "fundId": "fund it is for",
        "class": "tuning, rule or constitution",
        "status": "how far it came",
        "values": "the values it asks for, as JSON",
        "draftedAt": "when it was drafted (UTC)",
        "openedAt": "when voting opened (UTC)",
        "closesAt": "when voting closes or closed (UTC)",
        "effectiveAt": "when it takes or took effect (UTC)",
        "roster": "how many may vote",
        "quorum": "how many must",
        "yes": "ballots for it, once voting is over",
        "no": "ballots against it, once voting is over",
        "abstain": "ballots for neither, once voting is over",
        "simulation": "digest of the simulation it was opened with",
    },
    """
        select id, fund_id, knob_class, status, knob_values, drafted_at, opened_at, closes_at, effective_at, roster,
            quorum, case when status <> 'open' then yes end, case when status <> 'open' then no end,
            case when status <> 'open' then abstain end, simulated
        from knob_changes order by drafted_at, id
    """,
)
KNOB_SETS = Export(
    {
        "fundId": "fund",
        "number": "1 for its first values, one more with every change",
        "values": "the value of every knob, as JSON",
        "ruleVersion": "the version of its rule under these values",
        "valuationVersion": "the version of its valuation under these values",
        "effectiveAt": "when they took effect (UTC)",
        "changeId": "change that brought them, if any",
    },
    """
        select fund_id, number, knob_values, rule_version, valuation_version, effective_at, change_id
        from knob_sets order by fund_id, number
    """,
)
EXPORTS = {
    "transfers": TRANSFERS,
    "pledges": PLEDGES,
    "matches": MATCHES,
    "rounds": ROUNDS,
    "pot-lines": POT_LINES,
    "knob-changes": KNOB_CHANGES,
    "knob-sets": KNOB_SETS,
}
"""Every export by its name in addresses."""
