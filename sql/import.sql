-- A register as it is typed, row by row.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
SELECT test.id('north') AS north, test.id('south') AS south \gset
CREATE VIEW pg_temp.terms AS
	SELECT m.external_key AS key, c.certification_type AS type, to_char(c.issued_at, 'YYYY-MM-DD') AS issued, to_char(c.expires_at, 'YYYY-MM-DD') AS expires, c.status,
	       (SELECT string_agg(e.entry ->> 'event' || ' ' || (e.entry ->> 'expires_at'), ', ' ORDER BY e.i) FROM jsonb_array_elements(c.renewal_history) WITH ORDINALITY e (entry, i)) AS history
	  FROM peer_mentor_certifications c JOIN peer_mentors m ON m.id = c.peer_mentor_id ORDER BY 1, 2;
CREATE FUNCTION pg_temp.chapters(key text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(c.name || CASE WHEN m.is_primary THEN ' primary' ELSE '' END, ', ' ORDER BY c.name) FROM peer_mentors p JOIN mentor_chapters m ON m.mentor_id = p.id JOIN chapters c ON c.id = m.chapter_id
	 WHERE p.external_key = $1 AND m.until IS NULL
$$;
-- every kind of row that stays; one good one among them
COPY register_import (mentor_key, chapter, certification_type, issued_on, expires_on, status) FROM stdin (FORMAT csv);
good,n1,course,2020-01-01,2021-12-31,active
,n1,course,2020-01-01,2021-12-31,
"  ",n1,course,2020-01-01,2021-12-31,
a,n1,,2020-01-01,2021-12-31,
b,n1,dancing,2020-01-01,2021-12-31,
c,n9,course,2020-01-01,2021-12-31,
d,s1,course,2020-01-01,2021-12-31,
e,n1,course,,2021-12-31,
f,n1,course,2020-01-01,,
g,n1,course,2020-02-30,2021-12-31,
h,n1,course,01.01.2020,2021-12-31,
i,n1,course,2020-1-1,2021-12-31,
j,n1,course,2020-01-01x,2021-12-31,
k,n1,course,2020-01-01,yesterday,
l,n1,course,2020-01-01,2019-12-31,
m,n1,course,2020-01-01,2021-12-31,lost
n,n1,course,1899-12-31,2021-12-31,
o,n1,course,2020-01-01,3000-01-01,
p,n1,course,0000-00-00,2021-12-31,
q,n1,course,infinity,2021-12-31,
\.
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on) VALUES (repeat('x', 201), 'course', '2020-01-01', '2021-12-31'), (NULL, NULL, NULL, NULL);
SELECT * FROM peer_mentor.import_register(:'north');
SELECT left(mentor_key, 10) AS key, imported_at IS NOT NULL AS imported, error FROM register_import ORDER BY id;
TABLE pg_temp.terms;
SELECT count(*) FROM peer_mentors;
-- put right, they are taken up; what was imported is not looked at again
UPDATE register_import SET expires_on = '2021-06-30' WHERE mentor_key = 'k';
SELECT * FROM peer_mentor.import_register(:'north');
UPDATE register_import SET imported_at = NULL WHERE mentor_key = 'good';
SELECT * FROM peer_mentor.import_register(:'north');
SELECT key, expires FROM pg_temp.terms;
-- what a spreadsheet leaves around a value is no part of it
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on, status)
	SELECT E'\t' || mentor_key || E'\r\n', certification_type || E' \r', issued_on || E'\t', expires_on || E'\r', E'active\r' FROM register_import WHERE mentor_key = 'good';
SELECT * FROM peer_mentor.import_register(:'north');
SELECT key, expires FROM pg_temp.terms;
SELECT * FROM test.broken_promises();

-- terms in any order: by day of issue they follow one another, the latest expiry decides, then the latest issue, then the last row
SELECT test.reset() \gset
COPY register_import (mentor_key, chapter, certification_type, issued_on, expires_on, status) FROM stdin (FORMAT csv);
anna,n2,course,2004-01-01,2005-12-31,active
anna,n1,course,2000-01-01,2001-12-31,suspended
anna,,course,2002-01-01,2003-12-31,active
bert,,course,2002-01-01,2003-12-31,active
bert,,course,2001-01-01,2003-12-31,suspended
cleo,,course,2001-01-01,2002-12-31,active
cleo,,course,2001-01-01,2002-12-31,suspended
dora,,course,2001-01-01,2009-12-31,suspended
dora,,course,2005-01-01,2006-12-31,active
emil,,course,2001-01-01,2002-12-31,suspended
emil,,course,2001-01-01,2002-12-31,active
 finn , n1 , course , 2001-01-01 , 2002-12-31 , Active 
finn,n1,course,2001-01-01,2002-12-31,
gry,,course,2001-01-01,2002-12-31,
gry,,police,2001-06-01,2003-12-31,SUSPENDED
\.
SELECT * FROM peer_mentor.import_register(:'north');
TABLE pg_temp.terms;
SELECT pg_temp.chapters('anna') AS anna, pg_temp.chapters('finn') AS finn, pg_temp.chapters('bert') AS bert;
SELECT m.external_key, s.status, to_char(h.effective_on, 'YYYY-MM-DD') AS effective_on, h.reason, h.actor_kind, s.version
  FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id JOIN peer_mentor_status_history h ON h.mentor_id = s.mentor_id AND h.version = s.version WHERE m.external_key <> 'dora' ORDER BY 1;
CALL peer_mentor.run_nightly();
SELECT m.external_key, s.status, to_char(h.effective_on, 'YYYY-MM-DD') AS effective_on, h.reason, h.actor_kind, s.version
  FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id JOIN peer_mentor_status_history h ON h.mentor_id = s.mentor_id AND h.version = s.version WHERE m.external_key <> 'dora' ORDER BY 1;
SELECT * FROM test.broken_promises(now());
-- a later file: a renewal lifts what lapsed, an older term only joins the history, the same terms are known; chapters accumulate
COPY register_import (batch, mentor_key, chapter, certification_type, issued_on, expires_on, status) FROM stdin (FORMAT csv);
2,anna,n1,course,2000-01-01,2001-12-31,suspended
2,anna,n2,course,2004-01-01,2005-12-31,active
2,anna,n1,course,2006-01-01,2500-12-31,active
2,bert,n1,course,1999-01-01,1999-12-31,suspended
2,cleo,n2,course,2003-01-01,2500-12-31,suspended
2,dora,,course,2010-01-01,2500-12-31,
2,gry,,police,2004-01-01,2500-12-31,
\.
SELECT * FROM peer_mentor.import_register(:'north');
SELECT * FROM peer_mentor.import_register(:'north', 'no such batch');
SELECT * FROM peer_mentor.import_register(:'north', '2');
SELECT key, type, expires, status FROM pg_temp.terms WHERE key IN ('anna', 'bert', 'cleo', 'dora', 'gry');
SELECT history FROM pg_temp.terms WHERE key = 'bert';
SELECT pg_temp.chapters('anna') AS anna, pg_temp.chapters('bert') AS bert;
CALL peer_mentor.run_nightly();
SELECT m.external_key, s.status, h.reason, to_char(h.effective_on, 'YYYY-MM-DD') AS effective_on FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id JOIN peer_mentor_status_history h ON h.mentor_id = s.mentor_id AND h.version = s.version ORDER BY 1;
SELECT * FROM test.broken_promises(now());
-- a paused mentor whose register says suspended
SELECT test.call(format('pause_mentor(%L)', id)) FROM peer_mentors WHERE external_key = 'dora';
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on, status) VALUES ('dora', 'course', '2011-01-01', '2500-12-31', 'suspended');
SELECT * FROM peer_mentor.import_register(:'north');
SELECT status FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id WHERE external_key = 'dora';
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on) VALUES ('dora', 'course', '2012-01-01', '2500-12-31');
SELECT * FROM peer_mentor.import_register(:'north');
SELECT status, pause_reason FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id WHERE external_key = 'dora';
SELECT * FROM test.broken_promises(now());

-- running all of it again imports nothing twice
SELECT md5(string_agg(t::text, '' ORDER BY t::text)) AS before FROM pg_temp.terms t \gset
UPDATE register_import SET imported_at = NULL WHERE batch IS NULL AND mentor_key <> 'dora';
SELECT * FROM peer_mentor.import_register(:'north');
UPDATE register_import SET imported_at = NULL WHERE batch = '2';
SELECT * FROM peer_mentor.import_register(:'north', '2');
SELECT key, type, expires, status FROM pg_temp.terms WHERE key IN ('anna', 'bert', 'cleo', 'gry');

-- formats
SELECT test.reset() \gset
INSERT INTO register_import (batch, mentor_key, certification_type, issued_on, expires_on) VALUES ('dots', 'a', 'course', '31.12.2019', '29.02.2024'), ('us', 'b', 'course', '12/31/2019', '02/29/2024'), ('plain', 'c', 'course', '20191231', '20240229'), ('dots', 'd', 'course', '2019-12-31', '29.02.2023');
SELECT f AS format, r.* FROM (VALUES ('dots', 'DD.MM.YYYY'), ('us', 'MM/DD/YYYY'), ('plain', 'YYYYMMDD')) v (b, f), peer_mentor.import_register(:'north', b, f) r;
SELECT key, issued, expires FROM pg_temp.terms;
SELECT error FROM register_import WHERE error IS NOT NULL;

-- a rehearsal counts and changes nothing, not even the errors; create_missing makes what is named, for good rows only
SELECT test.reset() \gset
INSERT INTO register_import (mentor_key, chapter, certification_type, issued_on, expires_on) VALUES ('a', 'new', 'dance', '2020-01-01', '2021-01-01'), ('b', 'new', 'dance', '2020-01-01', '2021-01-01'), ('c', 'bad', 'bad', '2020-01-01', 'x'), ('d', NULL, 'course', '2020-01-01', '2021-01-01');
SELECT * FROM peer_mentor.import_register(:'north', dry_run => true);
SELECT * FROM peer_mentor.import_register(:'north', create_missing => true, dry_run => true);
SELECT (SELECT count(*) FROM peer_mentors) AS mentors, (SELECT count(*) FROM chapters WHERE organisation_id = :'north') AS chapters, (SELECT count(*) FROM certification_types WHERE organisation_id = :'north') AS types, count(imported_at) AS imported, count(error) AS errors FROM register_import;
SELECT * FROM peer_mentor.import_register(:'north', create_missing => true);
SELECT name FROM chapters WHERE organisation_id = :'north' ORDER BY 1;
SELECT code, name, valid_for = interval '2 years' AS two_years, renewal_mode, renewal_window_days, grace_days, required FROM certification_types WHERE organisation_id = :'north' ORDER BY 1;
SELECT mentor_key, error FROM register_import WHERE error IS NOT NULL;

-- ids: a key that is a uuid is the id; another key has the same id in every database, and its own in each organisation
SELECT test.reset() \gset
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on) VALUES ('0c2b1a3e-1111-4222-8333-444455556666', 'course', '2020-01-01', '2021-01-01'), ('ABCDEF00-1111-4222-8333-444455556666', 'course', '2020-01-01', '2021-01-01'), ('42', 'course', '2020-01-01', '2021-01-01'), ('æøå', 'course', '2020-01-01', '2021-01-01');
SELECT * FROM peer_mentor.import_register(:'north');
SELECT external_key, id FROM peer_mentors ORDER BY external_key COLLATE "C";
UPDATE register_import SET imported_at = NULL WHERE mentor_key = '42';
SELECT * FROM peer_mentor.import_register(:'south');
SELECT external_key, id FROM peer_mentors WHERE organisation_id = :'south';
UPDATE register_import SET imported_at = NULL WHERE mentor_key ~ '^0c2b';
SELECT * FROM peer_mentor.import_register(:'south');
SELECT mentor_key, error FROM register_import WHERE error IS NOT NULL;
-- one registered by id gets the key
INSERT INTO peer_mentors (id, organisation_id) VALUES ('99999999-1111-4222-8333-444455556666', :'north');
INSERT INTO register_import (batch, mentor_key, certification_type, issued_on, expires_on) VALUES ('n', '99999999-1111-4222-8333-444455556666', 'course', '2020-01-01', '2021-01-01');
SELECT * FROM peer_mentor.import_register(:'north', 'n');
SELECT id::text = external_key AS same FROM peer_mentors WHERE id = '99999999-1111-4222-8333-444455556666';
-- a removed mentor is not brought back
UPDATE peer_mentors SET deleted_at = now() WHERE external_key = 'æøå';
INSERT INTO register_import (batch, mentor_key, certification_type, issued_on, expires_on) VALUES ('r', 'æøå', 'course', '2022-01-01', '2023-01-01'), ('r', '42', 'course', '2022-01-01', '2023-01-01');
SELECT * FROM peer_mentor.import_register(:'north', 'r');
SELECT mentor_key, error FROM register_import WHERE batch = 'r' ORDER BY id;
-- one whom a team's trigger refuses does not stop the rest
RESET SESSION AUTHORIZATION;
CREATE FUNCTION test.dislike() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.external_key = ''u7'' THEN RAISE EXCEPTION ''not this one''; END IF; RETURN NEW; END';
CREATE TRIGGER dislike BEFORE INSERT ON peer_mentors FOR EACH ROW EXECUTE FUNCTION test.dislike();
SET SESSION AUTHORIZATION regress_pm_owner;
INSERT INTO register_import (batch, mentor_key, certification_type, issued_on, expires_on) SELECT 't', 'u' || i, 'course', '2022-01-01', '2023-01-01' FROM generate_series(1, 500) i;
SELECT * FROM peer_mentor.import_register(:'north', 't');
SELECT mentor_key, error FROM register_import WHERE batch = 't' AND error IS NOT NULL;
RESET SESSION AUTHORIZATION;
DROP TRIGGER dislike ON peer_mentors;
DROP FUNCTION test.dislike;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT * FROM test.broken_promises();
-- what follows from a term holds from that term's day, whatever else the mentor's rows changed
INSERT INTO register_import (batch, mentor_key, certification_type, issued_on, expires_on, status)
VALUES ('e', 'two days', 'course', '2001-12-01', '2002-12-01', 'active'), ('e', 'two days', 'other course', '2001-06-01', '2002-06-01', 'suspended');
SELECT * FROM peer_mentor.import_register(:'north', 'e', create_missing => true);
SELECT h.version, h.new_status, h.reason, to_char(h.effective_on, 'YYYY-MM-DD') AS effective_on
  FROM peer_mentor_status_history h JOIN peer_mentors m ON m.id = h.mentor_id WHERE m.external_key = 'two days' ORDER BY h.version;
-- only the term that freed a mentor says from when: neither one that may lapse, nor one that joins the history, nor one that goes on before the last ended
CREATE FUNCTION pg_temp.import(rows text) RETURNS text LANGUAGE sql AS $$
	INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on, status)
		SELECT split_part(r, ' ', 1), split_part(r, ' ', 2), split_part(r, ' ', 3), split_part(r, ' ', 4), split_part(r, ' ', 5) FROM unnest(string_to_array(rows, ', ')) r;
	SELECT i::text FROM peer_mentor.import_register(test.id('north')) i
$$;
CREATE FUNCTION pg_temp.newest(key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', h.previous_status, '>', h.new_status, h.reason, h.actor_kind, CASE WHEN h.effective_on = test.today() THEN 'today' ELSE to_char(h.effective_on, 'YYYY-MM-DD') END)
	  FROM peer_mentor_status_history h JOIN peer_mentors m ON m.id = h.mentor_id WHERE m.external_key = key ORDER BY h.version DESC LIMIT 1
$$;
SELECT test.reset() \gset
SELECT pg_temp.import('a course 2018-01-01 2020-01-01, b course 2018-01-01 2020-01-01, b police 2018-01-01 2400-01-01, c course 2018-01-01 2020-01-01, d course 2018-01-01 2020-01-01, e extra 2018-01-01 2020-01-01, f course 2018-01-01 2020-01-01, g course 2018-01-01 2020-01-01');
CALL peer_mentor.run_nightly();
SELECT pg_temp.newest('a') AS a, pg_temp.newest('e') AS e;
SELECT pg_temp.import('a course 2024-01-01 2500-01-01, a extra 2026-06-01 2500-01-01, b course 2024-01-01 2500-01-01, b police 2026-06-01 2500-01-01, b course 2025-01-01 2026-01-01, c extra 2019-01-01 2500-01-01, d course 2021-01-01 2022-01-01, e extra 2026-01-01 2500-01-01 suspended');
SELECT k, pg_temp.newest(k) FROM unnest('{a,b,c,d,e}'::text[]) k;
SELECT key, reason, effective_on IS NULL AS undated FROM (SELECT m.external_key AS key, r.reason, r.effective_on FROM peer_mentor_private.mentor_reviews r JOIN peer_mentors m ON m.id = r.mentor_id) r ORDER BY 1;
-- rules that change later free a mentor themselves, whatever was imported before
SELECT test.outcome(format('SELECT put_certification_type(%L, ''course'', required => false)', :'north'));
SELECT pg_temp.import('f extra 2019-01-01 2500-01-01, g police 2026-06-01 2500-01-01 suspended, g police 2026-07-01 2500-01-02');
SELECT k, pg_temp.newest(k) FROM unnest('{f,g}'::text[]) k;
CALL peer_mentor.run_nightly();
SELECT k, pg_temp.newest(k) FROM unnest('{c,d}'::text[]) k;
SELECT * FROM test.broken_promises(now());
-- a suspension of what is not required or only history gives no day either
SELECT pg_temp.import('h extra 2021-01-01 2500-01-01 suspended, h police 2020-01-01 2500-01-01 suspended, h police 2022-01-01 2400-01-01 suspended');
SELECT pg_temp.newest('h');
-- a register replayed: by now all of it has lapsed, the day is of what had lapsed then
SELECT test.outcome(format('SELECT put_certification_type(%L, ''course'', required => true)', :'north'));
SELECT pg_temp.import('s police 2001-01-01 2003-12-31, s course 2001-01-01 2001-12-31');
CALL peer_mentor.run_nightly('2002-01-31 12:00Z');
SELECT pg_temp.import('s police 2003-06-01 2005-12-31, s course 2002-02-15 2004-12-31');
CALL peer_mentor.run_nightly('2003-06-30 12:00Z');
SELECT pg_temp.newest('s');
-- a fixed day is that of the term that decides, as imported
SELECT test.outcome(format('SELECT put_certification_type(%L, ''fy'', valid_for => ''1 year'', renewal_mode => ''fixed_day'')', :'north'));
SELECT pg_temp.import('x fy 2019-12-15 2020-12-15, x fy 2026-05-31 2027-05-31, y fy 2026-05-31 2027-05-31');
SELECT pg_temp.import('y fy 2019-12-15 2020-12-15, y fy 2026-06-01 2027-05-31');
SELECT test.outcome(format('SELECT renew_certification(%L, ''fy'', ''2027-05-01'')', id)) FROM peer_mentors WHERE external_key IN ('x', 'y');
SELECT key, issued, expires FROM pg_temp.terms WHERE key IN ('x', 'y');
-- only the owner imports
RESET SESSION AUTHORIZATION;
SET ROLE service_role;
SELECT left(test.outcome('SELECT peer_mentor.import_register(test.id(''north''))'), 5) AS import;
RESET ROLE;
SET ROLE authenticated;
SELECT test.outcome('SELECT FROM register_import') AS read;
RESET ROLE;
