"""What a page shows of sessions, the latest first."""

MOST_SESSIONS = 20

ON_PAGE = f"""(
    select coalesce(json_agg(session), '[]') from (
        select s.id, s.title, s.question, s.working_form as "workingForm", s.status, s.place_id as "placeId",
            s.starts_at as "startsAt", s.ends_at as "endsAt", s.lines
        from sessions s where s.initiative_ids @> array[i.id] and s.question is not null
        order by s.starts_at desc, s.id desc limit {MOST_SESSIONS}
    ) as session
)"""  # noqa: S608 - a constant
