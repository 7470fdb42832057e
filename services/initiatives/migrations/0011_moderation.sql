-- Who says that something breaks a house rule. Ids are random: nobody can tell from one who reported.
create table reports (
    id uuid primary key,
    version bigint not null check (version > 0),
    status text not null check (status in ('open', 'dismissed', 'honoured')),
    subject_kind text not null,
    subject_id uuid not null,
    initiative_id uuid,
    rule text not null,
    words text not null,
    reporter_id uuid not null,
    reason text,
    decision_id uuid,
    made_at timestamptz not null,
    decided_at timestamptz,
    unique (subject_kind, subject_id, reporter_id),
    check ((reason is not null) = (status = 'dismissed')),
    check ((decision_id is not null) = (status = 'honoured'))
);
create index reports_open on reports (made_at, id) where status = 'open';
create index reports_of_reporter on reports (reporter_id, made_at desc, id desc);

-- Decisions to hide, with what became of them: the public log, but for who was involved and what they wrote.
create table moderation_decisions (
    id uuid primary key,
    version bigint not null check (version > 0),
    status text not null check (status in ('hidden', 'appealed', 'upheld', 'settled', 'restored')),
    subject_kind text not null,
    subject_id uuid not null,
    initiative_id uuid,
    authors uuid[] not null,
    rule text not null,
    reason text not null,
    moderator_id uuid not null,
    involved uuid[] not null,
    hidden_at timestamptz not null,
    appeal_until timestamptz not null,
    appeal_words text,
    appealed_at timestamptz,
    outcome_reason text,
    closed_at timestamptz,
    check ((outcome_reason is not null) = (status in ('upheld', 'restored'))),
    check ((closed_at is not null) = (status in ('upheld', 'settled', 'restored')))
);
create unique index moderation_decisions_standing on moderation_decisions (subject_kind, subject_id)
    where status <> 'restored';
create index moderation_decisions_newest on moderation_decisions (hidden_at desc, id desc);
create index moderation_decisions_appealed on moderation_decisions (appealed_at, id) where status = 'appealed';
create index moderation_decisions_of_authors on moderation_decisions using gin (authors);

-- Stops from outside, on a legal or safety ground, with the reason and the appeal in words.
create table halts (
    id uuid primary key,
    version bigint not null check (version > 0),
    initiative_id uuid not null,
    status text not null check (status in ('halted', 'appealed', 'upheld', 'lifted')),
    ground text not null check (ground in ('legal', 'safety')),
    reason text not null,
    halted_by uuid not null,
    halted_at timestamptz not null,
    appeal_until timestamptz not null,
    appeal text,
    answer text,
    lift_reason text,
    changed_at timestamptz not null,
    check ((lift_reason is not null) = (status = 'lifted'))
);
create unique index halts_standing on halts (initiative_id) where status <> 'lifted';
create index halts_of_initiative on halts (initiative_id, halted_at desc, id desc);

-- Whatever is saved, and by whichever command: the public state of what is hidden leaves without its words.
create index hidden_by_subject on hidden (subject_id);
create function veil_hidden() returns trigger language plpgsql as $$
begin
    if exists (select from hidden where subject_id = new.key::uuid) then
        new.body := null;
    end if;
    return new;
end
$$;
create trigger veil_hidden before insert on outbox
    for each row when (new.topic like '%.state' and new.body is not null) execute function veil_hidden();
