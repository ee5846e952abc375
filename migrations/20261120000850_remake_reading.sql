-- The roster and the reports.  Every migrate() makes them again.

CREATE OR REPLACE FUNCTION public.coordinator_roster(page_size integer DEFAULT 50, after text DEFAULT NULL, statuses public.mentor_status[] DEFAULT NULL,
	chapter_id uuid DEFAULT NULL, expiring_within_days integer DEFAULT NULL, overdue_only boolean DEFAULT false, search text DEFAULT NULL)
RETURNS TABLE (mentor_id uuid, display_name text, primary_chapter uuid, chapters uuid[], status public.mentor_status, version bigint,
	pause_reason text, paused_at timestamptz, expected_return_date date, overdue boolean, next_expiring_type text, next_expires_at date,
	days_left integer, coordinators uuid[], undelivered bigint, discrepancies bigint, cursor text)
LANGUAGE plpgsql STABLE ROWS 50 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT r.mentor_id, r.display_name, r.primary_chapter, r.chapters, r.status::public.mentor_status, r.version, r.pause_reason, r.paused_at,
	       r.expected_return_date, r.overdue, r.next_expiring_type, r.next_expires_at, r.days_left, r.coordinators, r.undelivered,
	       r.discrepancies, r.cursor
	  FROM peer_mentor.coordinator_roster(coordinator_roster.page_size, coordinator_roster.after, coordinator_roster.statuses::text[],
		coordinator_roster.chapter_id, coordinator_roster.expiring_within_days, coordinator_roster.overdue_only, coordinator_roster.search) r;
END
$$;
COMMENT ON FUNCTION public.coordinator_roster(integer, text, public.mentor_status[], uuid, integer, boolean, text) IS
	'One page of the mentors whom the caller looks after: of chapters they coordinate or administer, assigned to them, of an organisation they administer; each once, what needs attention first. Order: expired_cert by name; then the others by the day on which something falls due (return date or expiry, whichever comes first; without either last), then name. page_size: 1 to 500. after: column cursor of the last row of the page before; NULL for the first. statuses, chapter_id, expiring_within_days (0 to 36500), overdue_only (return date passed), search (part of the name, whatever the case): filters. next_*: the nearest expiry, for an expired_cert that of what lapsed; days_left counts to the last valid day and is negative after it. undelivered: notifications nobody could be found for; discrepancies: open findings. Callers: coordinator, chapter admin, org admin. Errors: not_allowed, invalid_argument.';

SELECT peer_mentor_private.record_migration(20261120000850, 'remake_reading');
