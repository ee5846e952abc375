-- Two coordinators of one chapter, and mentors with a login and a certification, of an organisation that has a portal.
--   psql -d DB -v mentors=5 -f world.sql
\o /dev/null
SET client_min_messages = warning;
CREATE SCHEMA world;
CREATE FUNCTION world.id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.md5(name)::uuid';
CREATE FUNCTION world.mentor(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT world.id('mentor ' || n) $$;

INSERT INTO auth.users (id) SELECT world.id(u) FROM unnest('{ada,bo}'::text[]) u;
INSERT INTO auth.users (id) SELECT world.id('login ' || n) FROM generate_series(1, :mentors) n;
INSERT INTO organisations (id, name, portal_sync) VALUES (world.id('org'), 'Org', 'on');
INSERT INTO chapters (id, organisation_id, name) VALUES (world.id('chapter'), world.id('org'), 'Chapter');
INSERT INTO certification_types (organisation_id, code, name) VALUES (world.id('org'), 'course', 'Course');
SELECT grant_role(world.id(u), world.id('org'), 'coordinator', world.id('chapter')) FROM unnest('{ada,bo}'::text[]) u;
SELECT register_mentor(world.mentor(n), world.id('org'), ARRAY[world.id('chapter')], 'Mentor ' || n, world.id('login ' || n)) FROM generate_series(1, :mentors) n;
SELECT record_certification(world.mentor(n), 'course', current_date) FROM generate_series(1, :mentors) n;

-- One change of a mentor: an event for three on the channel notification and one on portal_sync.
CREATE FUNCTION world.change(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM CASE s.status WHEN 'active' THEN pause_mentor(s.mentor_id) ELSE reactivate_mentor(s.mentor_id) END
	   FROM peer_mentor_status s WHERE s.mentor_id = world.mentor(n);
END
$$;
-- As if it had been delivered, or as if time had passed: by a superuser, past the guards.
CREATE FUNCTION world.clear() RETURNS void LANGUAGE sql SET session_replication_role = replica AS $$
	UPDATE public.outbox_events SET delivered_at = clock_timestamp(), leased_until = NULL WHERE delivered_at IS NULL AND dead_at IS NULL
$$;
CREATE FUNCTION world.hurry() RETURNS void LANGUAGE sql SET session_replication_role = replica AS $$
	UPDATE public.outbox_events SET available_at = clock_timestamp()
	 WHERE delivered_at IS NULL AND dead_at IS NULL AND leased_until IS NULL AND available_at > clock_timestamp()
$$;
-- Every delivery there is to be.
CREATE VIEW world.deliveries AS
SELECT e.event_id, e.id, e.mentor_id, d.recipient
  FROM outbox_events e LEFT JOIN outbox_deliveries d ON d.event_id = e.id WHERE e.channel = 'portal_sync' OR d.recipient IS NOT NULL;
SELECT world.clear();
