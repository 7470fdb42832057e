-- The catalogue of working forms, requests for a session, what officers say of themselves.

create table working_forms (
    id uuid primary key,
    code text not null unique,
    name text not null,
    name_en text,
    what_for text not null,
    minutes integer not null check (minutes > 0),
    least_people integer not null check (least_people > 0),
    most_people integer not null check (most_people >= least_people),
    materials text[] not null default '{}',
    status text not null default 'in-use' check (status in ('in-use', 'retired')),
    announced boolean not null default true,
    version integer not null default 1
);
create index working_forms_by_name on working_forms (name, id);

insert into working_forms
    (id, code, name, name_en, what_for, minutes, least_people, most_people, materials, announced)
values
    ('019e2a00-0000-7000-8000-000000000001', 'creative-lab', 'Creatielab', 'Creative lab',
     'Samen iets nieuws bedenken door het te maken: knippen, tekenen en bouwen. Wie niet graag praat of schrijft, doet '
     'net zo goed mee.',
     120, 6, 24, '{gekleurd papier,stiften,klei,oude tijdschriften}', false),
    ('019e2a00-0000-7000-8000-000000000002', 'inspiration-session', 'Inspiratiesessie', 'Inspiration session',
     'Iemand die het al eens deed, vertelt erover en laat het zien. Daarna bedenkt iedereen wat daarvan hier ook kan.',
     90, 8, 60, '{scherm,stoelen in een kring,kaartjes}', false),
    ('019e2a00-0000-7000-8000-000000000003', 'design-atelier', 'Ontwerpatelier', 'Design atelier',
     'Een plek of een ding samen ontwerpen, met bewoners en ontwerpers aan één tafel. Aan het eind staat er een schets '
     'of een model.',
     180, 5, 20, '{grote plattegrond,potloden,karton en lijm}', false),
    ('019e2a00-0000-7000-8000-000000000004', 'world-cafe', 'Wereldcafé', 'World café',
     'Praten aan kleine tafels, elk met een eigen vraag. Na een kwartier schuift iedereen door en bouwt verder op wat '
     'er op het tafelkleed staat.',
     120, 12, 80, '{papieren tafelkleden,stiften,koffie en thee}', false),
    ('019e2a00-0000-7000-8000-000000000005', 'open-space', 'Open ruimte', 'Open space',
     'Wie komt, bedenkt ter plekke waar het over gaat. Je sluit aan waar je iets kunt brengen of leren, en je mag '
     'altijd doorlopen.',
     180, 10, 150, '{lege wand,vellen papier,plakband,aparte hoeken}', false),
    ('019e2a00-0000-7000-8000-000000000006', 'design-walk', 'Wijkschouw', 'Design walk',
     'Samen door de buurt lopen en buiten zien wat mooi is en wat beter kan. Onderweg maak je foto''s en zet je ideeën '
     'op de kaart.',
     90, 3, 15, '{kaart van de buurt,stoepkrijt,telefoon met camera}', false),
    ('019e2a00-0000-7000-8000-000000000007', 'role-play-of-a-day', 'Een dag als een ander', 'Role play of a day',
     'De dag van een ander naspelen, van opstaan tot slapen: een kind, een buurvrouw met een rollator, iemand die hier '
     'net woont. Zo merk je waar het knelt.',
     120, 6, 20, '{rolkaarten,een klok,spullen uit huis}', false),
    ('019e2a00-0000-7000-8000-000000000008', 'future-workshop', 'Toekomstwerkplaats', 'Future workshop',
     'Eerst zeggen wat niet goed gaat. Dan dromen zonder grens. En daarna samen kiezen waar je morgen mee begint.',
     180, 8, 30, '{drie grote wanden,plakbriefjes,stiften}', false);

-- A migration cannot tell what it did: envelopes are made in code. A timer that is due already does, once.
insert into timers (kind, ref, due_at)
select 'working-form-untold', id, timestamptz '2000-01-01 00:00+00' from working_forms;

-- Words and point go when who asked takes them back. The point is kept no finer than about a hundred metres.
create table session_requests (
    id uuid primary key,
    asked_by uuid not null,
    question text check ((question is null) = (status = 'withdrawn')),
    theme text not null,
    neighbourhood text,
    latitude double precision check (latitude between -90 and 90),
    longitude double precision check (longitude between -180 and 180),
    initiative_id uuid,
    status text not null check (status in ('open', 'picked-up', 'withdrawn', 'expired')),
    session_id uuid references sessions check (session_id is not null or status <> 'picked-up'),
    asked_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > asked_at),
    version integer not null default 1,
    check ((latitude is null) = (longitude is null)),
    check (latitude is null or status <> 'withdrawn')
);
create index session_requests_open on session_requests (asked_at desc, id desc) where status = 'open';
create index session_requests_of_person on session_requests (asked_by, asked_at desc, id desc);

-- Who asks along: a row each, so that nobody waits for anybody. How many is counted when somebody looks.
create table request_joinings (
    request_id uuid not null references session_requests,
    person_id uuid not null,
    primary key (request_id, person_id)
);
create index request_joinings_of_person on request_joinings (person_id, request_id);

-- What officers say of themselves, and take away themselves.
create table officer_profiles (
    person_id uuid primary key,
    function text not null,
    themes text[] not null,
    base_place_id uuid not null references places,
    hours_a_week integer not null check (hours_a_week between 1 and 40),
    suggestions boolean not null,
    arranges boolean not null,
    version integer not null default 1
);
