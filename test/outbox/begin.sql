-- The world of the outbox storm, and its consumer.  Run by a superuser where keeper owns the storage.
SET ROLE keeper;
INSERT INTO organisations (id, name, time_zone, portal_sync) VALUES (md5('o')::uuid, 'One', 'Europe/Oslo', 'on');
INSERT INTO chapters (id, organisation_id, name) SELECT md5('c' || c)::uuid, md5('o')::uuid, c FROM generate_series(1, 3) c;
INSERT INTO certification_types (organisation_id, code) VALUES (md5('o')::uuid, 'course');
RESET ROLE;
INSERT INTO auth.users SELECT md5('u' || u)::uuid FROM generate_series(1, 120) u;
SET ROLE keeper;
-- two coordinators in the first chapter, one in the second, an admin in the third
INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) VALUES
	(md5('u101')::uuid, md5('o')::uuid, md5('c1')::uuid, 'coordinator'), (md5('u102')::uuid, md5('o')::uuid, md5('c1')::uuid, 'coordinator'),
	(md5('u102')::uuid, md5('o')::uuid, md5('c2')::uuid, 'coordinator'), (md5('u103')::uuid, md5('o')::uuid, md5('c3')::uuid, 'chapter_admin'),
	(md5('u104')::uuid, md5('o')::uuid, NULL, 'org_admin');
INSERT INTO peer_mentors (id, organisation_id, user_id) SELECT md5('m' || m)::uuid, md5('o')::uuid, CASE WHEN m % 2 = 0 THEN md5('u' || m)::uuid END FROM generate_series(1, 100) m;
INSERT INTO mentor_chapters (mentor_id, chapter_id) SELECT md5('m' || m)::uuid, md5('c' || 1 + m % 3)::uuid FROM generate_series(1, 100) m;
SELECT count(record_certification(md5('m' || m)::uuid, 'course', current_date)) FROM generate_series(1, 100) m \g /dev/null
RESET ROLE;

CREATE SCHEMA consumer;
GRANT USAGE ON SCHEMA consumer TO PUBLIC;
CREATE TABLE consumer.received (seq bigserial, key text PRIMARY KEY, id bigint, event_id uuid, channel text, event_type text, mentor_id uuid, worker text);
CREATE TABLE consumer.counts (again bigint DEFAULT 0, leases_lost bigint DEFAULT 0);
INSERT INTO consumer.counts DEFAULT VALUES;
CREATE FUNCTION consumer.receive(key text, id bigint, event_id uuid, channel text, event_type text, mentor_id uuid, worker text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO consumer.received (key, id, event_id, channel, event_type, mentor_id, worker) VALUES (key, id, event_id, channel, event_type, mentor_id, worker) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		UPDATE consumer.counts SET again = again + 1;
	END IF;
END
$$;

-- What is wrong when nothing is left to deliver: one line each.
CREATE VIEW consumer.wrong AS
	SELECT 'not delivered' AS what, e.id FROM public.outbox_events e WHERE e.delivered_at IS NULL
	UNION ALL
	SELECT 'recipient not reached', e.id FROM public.outbox_events e JOIN public.outbox_deliveries d ON d.event_id = e.id
	 WHERE NOT EXISTS (SELECT FROM consumer.received r WHERE r.key = e.event_id || ':' || d.recipient)
	UNION ALL
	SELECT 'nobody reached', e.id FROM public.outbox_events e
	 WHERE NOT EXISTS (SELECT FROM consumer.received r WHERE r.id = e.id) AND e.last_error IS DISTINCT FROM 'nobody_to_tell' AND e.last_error IS DISTINCT FROM 'undeliverable'
	UNION ALL
	SELECT 'out of order', x.id
	  FROM (SELECT e.id, e.first, lag(e.last) OVER (PARTITION BY e.channel, e.mentor_id ORDER BY e.id) AS before
	          FROM (SELECT r.channel, r.mentor_id, r.id, min(r.seq) AS first, max(r.seq) AS last FROM consumer.received r GROUP BY 1, 2, 3) e) x
	 WHERE x.before > x.first
	UNION ALL
	SELECT 'portal told twice', x.id
	  FROM (SELECT r.id, r.event_type, lag(r.event_type) OVER (PARTITION BY r.mentor_id ORDER BY r.seq) AS before FROM consumer.received r WHERE r.channel = 'portal_sync') x
	 WHERE x.event_type = x.before
	UNION ALL
	SELECT 'change without event', h.version FROM public.peer_mentor_status_history h
	 WHERE h.previous_status IS NOT NULL AND 1 <> (SELECT count(*) FROM public.outbox_events e WHERE e.dedupe_key = 'status_changed:' || h.id);
