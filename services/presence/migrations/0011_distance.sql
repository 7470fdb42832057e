-- Metres between two points (latitude, longitude, latitude, longitude) over a sphere as large as earthdistance has it: the
-- haversine formula, of plain functions that the planner sees through. earth_distance says the same at thirty times the
-- cost a row, and of earth_box there are no statistics to plan by. The factor keeps opposite points from rounding past 1.
create function metres_between(double precision, double precision, double precision, double precision)
returns double precision language sql immutable parallel safe
return 2 * 6378168.0 * asin(sqrt(0.99999999999999 * (
    power(sin((radians($3) - radians($1)) / 2), 2)
    + cos(radians($1)) * cos(radians($3)) * power(sin((radians($4) - radians($2)) / 2), 2)
)));

drop index places_by_point;
create index places_by_latitude on places (latitude, longitude);
