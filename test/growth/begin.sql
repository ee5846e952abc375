-- What one long session is measured with, and an organisation for it.  Run by a superuser where keeper owns the storage.
CREATE SCHEMA growth;

CREATE TABLE growth.samples (session text, calls int, measure text, value bigint);
CREATE TABLE growth.contexts (session text, calls int, name text, bytes bigint);

-- Measures the session that calls it.
CREATE PROCEDURE growth.measure(session text, calls int) LANGUAGE sql AS $$
	INSERT INTO growth.samples SELECT session, calls, m.* FROM (
		-- what the server's allocator has handed out, and what the process has, libraries included
		SELECT 'used in contexts', sum(used_bytes) FROM pg_backend_memory_contexts
		UNION ALL SELECT 'held in contexts', sum(total_bytes) FROM pg_backend_memory_contexts
		UNION ALL SELECT 'private memory', 1024 * substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s*(\d+) kB')::bigint
		UNION ALL SELECT 'open files', count(*) FROM pg_ls_dir('/proc/self/fd')
		UNION ALL SELECT 'temporary files', count(*) FROM pg_ls_tmpdir()
		UNION ALL SELECT 'locks', count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype NOT IN ('virtualxid', 'transactionid')
		UNION ALL SELECT 'cursors', count(*) FROM pg_cursors
		UNION ALL SELECT 'prepared statements', count(*) FROM pg_prepared_statements) m;
	INSERT INTO growth.contexts SELECT session, calls, name, sum(used_bytes) FROM pg_backend_memory_contexts GROUP BY name;
$$;

-- A few more files are those of relations that come to have a visibility map, or another segment.
-- What grew: the median between 10 % and 30 % of the calls against that of the last 20 %.  A single sample may be taken while
-- the C library keeps the pages of a big sort that is over; what leaks is there in all of them.
CREATE FUNCTION growth.grown(session text, most_bytes bigint) RETURNS TABLE (measure text, early bigint, late bigint) LANGUAGE sql AS $$
	SELECT s.measure, x.early, x.late
	  FROM (SELECT DISTINCT measure FROM growth.samples) s,
	       (SELECT max(calls) AS n FROM growth.samples WHERE session = grown.session) total,
	       LATERAL (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE calls BETWEEN n * 0.1 AND n * 0.3),
	                 percentile_disc(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE calls >= n * 0.8)
	                  FROM growth.samples v WHERE v.session = grown.session AND v.measure = s.measure) x (early, late)
	 WHERE x.early IS NULL OR x.late > x.early + CASE WHEN s.measure ~ 'contexts|memory' THEN most_bytes WHEN s.measure = 'open files' THEN 20 ELSE 0 END
$$;

-- The same for the server's memory contexts, biggest growth first: where to look.
CREATE FUNCTION growth.contexts_grown(session text) RETURNS TABLE (name text, early bigint, late bigint) LANGUAGE sql AS $$
	SELECT * FROM (
		SELECT c.name, coalesce(max(c.bytes) FILTER (WHERE c.calls BETWEEN n * 0.1 AND n * 0.3), 0) AS early,
		       max(c.bytes) FILTER (WHERE c.calls >= n * 0.8) AS late
		  FROM growth.contexts c, (SELECT max(calls) AS n FROM growth.contexts WHERE session = contexts_grown.session) total
		 WHERE c.session = contexts_grown.session
		 GROUP BY c.name) g
	 WHERE g.late > g.early
	 ORDER BY g.late - g.early DESC LIMIT 5
$$;

INSERT INTO auth.users (id) SELECT ('d0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid FROM generate_series(0, 21) n;
SET ROLE keeper;
INSERT INTO organisations (id, name, portal_sync) VALUES ('a0000000-0000-4000-8000-000000000001', 'One', 'queue');
INSERT INTO chapters (id, organisation_id, name) SELECT ('c0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'a0000000-0000-4000-8000-000000000001', 'c' || n
  FROM generate_series(1, 2) n;
INSERT INTO certification_types (organisation_id, code, required) VALUES ('a0000000-0000-4000-8000-000000000001', 'course', true),
	('a0000000-0000-4000-8000-000000000001', 'extra', false);
-- login 0 is the admin's, 1 to 20 the mentors', 21 a stranger's
INSERT INTO role_assignments (user_id, organisation_id, role) VALUES ('d0000000-0000-4000-8000-000000000000', 'a0000000-0000-4000-8000-000000000001', 'org_admin');
