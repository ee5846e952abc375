-- One key, one request: the first result again, for the same caller with the same arguments.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert', 'cleo']) n;
SELECT test.id('anna') AS anna, test.id('bert') AS bert, test.id('cleo') AS cleo, test.id('north') AS north, test.today() AS today \gset
CREATE TEMP TABLE first AS SELECT * FROM pause_mentor(:'anna', :'today'::date + 5, NULL, 'k1');
SELECT r = f AS same FROM pause_mentor(:'anna', :'today'::date + 5, NULL, 'k1') r, first f;
-- also when the mentor has moved on, and in another date style
SELECT test.call(format('reactivate_mentor(%L, NULL, ''k2'')', :'anna'));
SET DateStyle = 'SQL, DMY';
SELECT r = f AS same FROM pause_mentor(:'anna', test.today() + 5, NULL, 'k1') r, first f;
RESET DateStyle;
SELECT test.call(format('reactivate_mentor(%L, NULL, ''k2'')', :'anna'));
SELECT line FROM test.trace('anna') t (line) WHERE line ~ '^(status|history)';
-- other arguments, another function, another mentor
SELECT test.call(format('pause_mentor(%L, %L, NULL, ''k1'')', :'anna', :'today'::date + 6)) AS other_date, test.call(format('pause_mentor(%L, NULL, NULL, ''k1'')', :'anna')) AS no_date,
       test.call(format('pause_mentor(%L, %L, 1, ''k1'')', :'anna', :'today'::date + 5)) AS version, test.call(format('reactivate_mentor(%L, NULL, ''k1'')', :'anna')) AS other_function,
       test.call(format('pause_mentor(%L, %L, NULL, ''k1'')', :'bert', :'today'::date + 5)) AS other_mentor;
-- another caller has keys of their own
RESET SESSION AUTHORIZATION;
SET ROLE service_role;
SELECT test.call(format('pause_mentor(%L, NULL, NULL, ''k1'')', test.id('bert'))), test.call(format('pause_mentor(%L, NULL, NULL, ''k1'')', test.id('bert')));
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT caller, key, function, length(arguments_hash) AS hash, result - '{mentor_id,changed_at,history_id}'::text[] AS result FROM idempotent_requests ORDER BY created_at;
-- what failed may be tried again under its key
SELECT test.call(format('reactivate_mentor(%L, NULL, ''k3'')', :'cleo')), test.call(format('pause_mentor(%L)', :'cleo')), test.call(format('reactivate_mentor(%L, NULL, ''k3'')', :'cleo')), test.call(format('reactivate_mentor(%L, NULL, ''k3'')', :'cleo'));
-- all that take a key
SELECT test.call(format('register_mentor(%L, %L, %L, ''D'', NULL, ''k4'')', test.id('dora'), :'north', ARRAY[test.id('n1'), test.id('n2')])) AS first,
       test.call(format('register_mentor(%L, %L, %L, ''D'', NULL, ''k4'')', test.id('dora'), :'north', ARRAY[test.id('n1'), test.id('n2')])) AS again,
       test.call(format('register_mentor(%L, %L, %L, ''D'', NULL, ''k4'')', test.id('dora'), :'north', ARRAY[test.id('n2'), test.id('n1')])) AS other_order,
       test.call(format('register_mentor(%L, %L, %L, ''D'', NULL, ''k5'')', test.id('dora'), :'north', ARRAY[test.id('n1'), test.id('n2')])) AS other_key;
SELECT test.call(format('record_certification(%L, ''course'', %L, NULL, ''k6'')', :'anna', :'today'::date - 3000)) AS first, test.call(format('record_certification(%L, ''course'', %L, NULL, ''k6'')', :'anna', :'today'::date - 3000)) AS again,
       test.call(format('record_certification(%L, ''course'', %L, NULL, ''k6'')', :'anna', :'today'::date - 3001)) AS other;
SELECT test.call(format('renew_certification(%L, ''course'', NULL, NULL, NULL, ''k7'')', :'anna')) AS first, test.call(format('renew_certification(%L, ''course'', NULL, NULL, NULL, ''k7'')', :'anna')) AS again,
       test.call(format('renew_certification(%L, ''course'', %L, NULL, NULL, ''k7'')', :'anna', :'today')) AS other;
SELECT jsonb_array_length(renewal_history) AS entries FROM peer_mentor_certifications;
-- a removed mentor answers as not found, key or not
UPDATE peer_mentors SET deleted_at = now() WHERE id = :'cleo';
SELECT test.call(format('reactivate_mentor(%L, NULL, ''k3'')', :'cleo'));
-- keys
SELECT length(k) AS length, test.call(format('pause_mentor(%L, NULL, NULL, %L)', :'bert', k)) FROM unnest(ARRAY['', repeat('x', 200), repeat('x', 201), 'quote '' " \ {}']) k;
SELECT test.call(format('pause_mentor(%L, NULL, NULL, NULL)', :'anna')), test.call(format('reactivate_mentor(%L, NULL, NULL)', :'anna'));
SELECT * FROM test.broken_promises();
