CREATE OR REPLACE PROCEDURE peer_mentor.run_nightly(as_of timestamptz DEFAULT NULL, batch_size integer DEFAULT 1000)
AS 'MODULE_PATHNAME', 'peer_mentor_run_nightly' LANGUAGE C;
REVOKE ALL ON PROCEDURE peer_mentor.run_nightly(timestamptz, integer) FROM PUBLIC;
COMMENT ON PROCEDURE peer_mentor.run_nightly(timestamptz, integer) IS
	'The nightly run. CALL it at top level: it commits every batch. as_of: moment to decide for, by default now. batch_size: mentors per batch, 1 to 100000. Steps: expire, move, rules, restore, pauses, ladders, reminders, returns, reconcile, purge. Writes job_runs; job_progress and job_health show them. Errors: 25001 inside a transaction block, 25006 on a standby, invalid_argument, storage_missing.';

CREATE OR REPLACE FUNCTION peer_mentor.preview_nightly(as_of timestamptz DEFAULT NULL)
RETURNS TABLE (step text, what text, mentor_id uuid, detail jsonb)
AS 'MODULE_PATHNAME', 'peer_mentor_preview_nightly' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.preview_nightly(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.preview_nightly(timestamptz) IS
	'What the nightly run would do at as_of, by default now: it is made in one subtransaction and undone. One row per effect (what: an event type, or failed) with its mentor, and one row counts per step. Rows that others hold locked are left out. Errors: not_allowed, invalid_argument, storage_missing.';

CREATE OR REPLACE FUNCTION peer_mentor.schedule_nightly(schedule text DEFAULT '15 2 * * *') RETURNS bigint
AS 'MODULE_PATHNAME', 'peer_mentor_schedule_nightly' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.schedule_nightly(text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.schedule_nightly(text) IS
	'Schedules the nightly run with pg_cron, replacing an earlier schedule of this database; returns pg_cron''s job id. schedule: cron syntax, in cron.timezone (GMT by default). Errors: invalid_argument, 55000 where pg_cron is absent or lives in another database.';

CREATE OR REPLACE FUNCTION peer_mentor.unschedule_nightly() RETURNS boolean
AS 'MODULE_PATHNAME', 'peer_mentor_unschedule_nightly' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.unschedule_nightly() FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.unschedule_nightly() IS 'Removes the schedule of the nightly run; false where there was none.';

CREATE OR REPLACE FUNCTION peer_mentor.cron_launcher_running() RETURNS boolean
AS 'MODULE_PATHNAME', 'peer_mentor_cron_launcher_running' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.cron_launcher_running() FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.cron_launcher_running() IS 'Is pg_cron''s launcher process alive? NULL where pg_cron is not preloaded.';

CREATE OR REPLACE FUNCTION peer_mentor.reconcile(repair boolean DEFAULT false)
RETURNS TABLE (kind text, mentor_id uuid, about text, found jsonb, expected jsonb, repaired boolean, outcome text)
AS 'MODULE_PATHNAME', 'peer_mentor_reconcile' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.reconcile(boolean) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.reconcile(boolean) IS
	'Compares every mentor, and every reference, with what should be; one row per discrepancy, kept in status_discrepancies. repair: mend what can be known, each mentor in a subtransaction; outcome is repaired, refused or failed, and why. The kinds are those of peer_mentor_private.discrepancy_kinds(). Errors: not_allowed, invalid_argument, storage_missing.';
