-- Checks and consequences of what is written to the directory.  Every migrate() makes these again.

-- The triggers on directory tables fire for whoever the team lets write there, so they run with the
-- storage owner's rights.

CREATE OR REPLACE FUNCTION peer_mentor_private.check_organisation() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'INSERT' OR NEW.time_zone IS DISTINCT FROM OLD.time_zone THEN
		IF NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = NEW.time_zone) THEN
			RAISE EXCEPTION 'time zone "%" is not known', NEW.time_zone
				USING ERRCODE = '22023', DETAIL = jsonb_build_object('code', 'invalid_argument', 'argument', 'time_zone'),
				      HINT = 'Use a name from pg_timezone_names, for example Europe/Oslo.';
		END IF;
	END IF;
	IF NEW.portal_sync IS NULL OR NEW.auto_reactivate IS NULL THEN
		RAISE EXCEPTION 'portal_sync and auto_reactivate must not be null' USING ERRCODE = '22023', DETAIL = jsonb_build_object(
			'code', 'invalid_argument', 'argument', CASE WHEN NEW.portal_sync IS NULL THEN 'portal_sync' ELSE 'auto_reactivate' END);
	END IF;
	IF TG_OP = 'INSERT' OR NEW.reminder_days IS DISTINCT FROM OLD.reminder_days THEN
		IF NEW.reminder_days IS NULL OR array_ndims(NEW.reminder_days) > 1 OR cardinality(NEW.reminder_days) > 20
		   OR EXISTS (SELECT FROM unnest(NEW.reminder_days) d WHERE d IS NULL OR d NOT BETWEEN -365 AND 3650)
		   OR (SELECT count(DISTINCT d) <> count(*) FROM unnest(NEW.reminder_days) d) THEN
			RAISE EXCEPTION 'reminder ladder % is not valid', NEW.reminder_days
				USING ERRCODE = '22023', DETAIL = jsonb_build_object('code', 'invalid_argument', 'argument', 'reminder_days'),
				      HINT = 'Give at most 20 different numbers of days between -365 and 3650.';
		END IF;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.check_organisation() IS 'Refuses an unknown time zone and a senseless reminder ladder.';

CREATE OR REPLACE FUNCTION peer_mentor_private.note_time_zone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE public.certification_types SET rules_changed_at = clock_timestamp() WHERE organisation_id = NEW.id;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.note_time_zone() IS 'A new time zone moves every due day, so the nightly run looks at all holders again.';

CREATE OR REPLACE FUNCTION peer_mentor_private.note_ladder() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO peer_mentor_private.ladder_changes (organisation_id, changed_at) VALUES (NEW.id, clock_timestamp())
	ON CONFLICT (organisation_id) DO UPDATE SET changed_at = EXCLUDED.changed_at;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.note_ladder() IS 'Notes that the reminder ladder of an organisation changed, for the nightly run.';

CREATE OR REPLACE FUNCTION peer_mentor_private.note_rules() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	NEW.rules_changed_at := clock_timestamp();
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.note_rules() IS 'Notes that the rules of a certification type changed, for the nightly run.';

CREATE OR REPLACE FUNCTION peer_mentor_private.keep_organisation() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'organisation of % "%" cannot be changed', CASE TG_TABLE_NAME WHEN 'chapters' THEN 'chapter' ELSE 'mentor' END, OLD.id
		USING ERRCODE = '22023', DETAIL = jsonb_build_object('code', 'invalid_argument', 'argument', 'organisation_id'),
		      HINT = 'Register it anew in the other organisation.';
END
$$;
COMMENT ON FUNCTION peer_mentor_private.keep_organisation() IS 'What is tied together belongs to one organisation, for good.';

CREATE OR REPLACE FUNCTION peer_mentor_private.link_own_login() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- The team may have dropped the key since the trigger was made.
	IF NEW.user_id IS NULL AND peer_mentor_private.ids_are_logins() THEN
		NEW.user_id := NEW.id;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.link_own_login() IS 'Where the ids of mentors are the ids of logins, a new mentor is linked to theirs.';

CREATE OR REPLACE FUNCTION peer_mentor_private.register_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT peer_mentor.engine_writes() THEN
		PERFORM peer_mentor.register_inserted(ARRAY(SELECT i.id FROM inserted i));
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.register_inserted() IS 'Gives every mentor inserted by whatever path a status and its first history row.';

CREATE OR REPLACE FUNCTION peer_mentor_private.mirror_roster() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- A new name waits for nobody: whoever has the status may be about to change the mentor as well.
	PERFORM peer_mentor.mirror_roster(ARRAY[NEW.id],
		(OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL) OR OLD.organisation_id IS DISTINCT FROM NEW.organisation_id);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.mirror_roster() IS 'Keeps in the status row what the roster is ordered by.';

CREATE OR REPLACE FUNCTION peer_mentor_private.review_restored() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT peer_mentor.engine_writes() THEN
		PERFORM peer_mentor.evaluate_mentor(NEW.id);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.review_restored() IS 'A mentor who is restored is looked at again.';

-- What the public listing shows may change by columns of the directory as well.  The advisory lock: portal_sync is not
-- turned on between the look at it and the end of this transaction, for neither would see the other's change.

CREATE OR REPLACE FUNCTION peer_mentor_private.follow_listing() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM pg_advisory_xact_lock_shared(hashtextextended('peer_mentor portal ' || NEW.organisation_id, 0));
	IF EXISTS (SELECT FROM public.organisations o WHERE o.id = NEW.organisation_id AND o.portal_sync <> 'off') THEN
		PERFORM peer_mentor.follow_listing(NEW.id);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.follow_listing() IS 'Tells the portal of a mentor who is listed, unlisted, removed or restored.';

CREATE OR REPLACE FUNCTION peer_mentor_private.follow_removal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.follow_removal(ARRAY(SELECT d.id FROM deleted d));
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.follow_removal() IS 'Tells the portal of mentors who are deleted.';

CREATE OR REPLACE FUNCTION peer_mentor_private.follow_portal_sync() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Transitions that began before this one ends tell the portal nothing; the nightly run looks at all holders again.
	IF OLD.portal_sync = 'off' THEN
		PERFORM pg_advisory_xact_lock(hashtextextended('peer_mentor portal ' || NEW.id, 0));
		UPDATE public.certification_types SET rules_changed_at = clock_timestamp() WHERE organisation_id = NEW.id;
	END IF;
	PERFORM peer_mentor.follow_portal_sync(NEW.id, coalesce(OLD.portal_sync, 'off'), NEW.portal_sync);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.follow_portal_sync() IS 'Brings a portal that is connected, or delivered to again, in line with the listing.';

CREATE OR REPLACE FUNCTION peer_mentor_private.check_membership() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	today date;
	mark  text;
BEGIN
	IF NOT EXISTS (SELECT FROM public.peer_mentors m JOIN public.chapters c ON c.organisation_id = m.organisation_id
	                WHERE m.id = NEW.mentor_id AND c.id = NEW.chapter_id) THEN
		RAISE EXCEPTION 'mentor and chapter do not belong to one organisation'
			USING ERRCODE = '22023', DETAIL = jsonb_build_object('code', 'invalid_argument', 'argument', 'chapter_id');
	END IF;
	-- The team's column may allow NULL, by which no row is told from another.
	NEW.id := coalesce(NEW.id, gen_random_uuid());
	-- Where a key of the team's allows no second row, who comes back has the first one again.
	IF TG_OP = 'INSERT' AND NEW.until IS NULL THEN
		UPDATE public.mentor_chapters o
		   SET until = NULL, is_primary = NEW.is_primary, since = CASE WHEN o.until < NEW.since THEN NEW.since ELSE o.since END
		 WHERE o.mentor_id = NEW.mentor_id AND o.chapter_id = NEW.chapter_id AND o.until IS NOT NULL
		   AND EXISTS (SELECT FROM peer_mentor_private.membership_keys() k WHERE o.since = NEW.since OR NOT 'since' = ANY (k));
		IF FOUND THEN
			RETURN NULL;
		END IF;
	END IF;
	-- The mark says that this very function, or mirror_primary(), is changing the mentor's primary chapter.
	IF NEW.until IS NULL AND current_setting('peer_mentor.changing_primary_of', true) IS DISTINCT FROM NEW.mentor_id::text THEN
		IF NEW.is_primary THEN
			PERFORM set_config('peer_mentor.changing_primary_of', NEW.mentor_id::text, true);
			UPDATE public.mentor_chapters o SET is_primary = false
			 WHERE o.mentor_id = NEW.mentor_id AND o.id <> NEW.id AND o.is_primary AND o.until IS NULL;
			PERFORM set_config('peer_mentor.changing_primary_of', '', true);
		ELSE
			NEW.is_primary := NOT EXISTS (SELECT FROM public.mentor_chapters o
			                               WHERE o.mentor_id = NEW.mentor_id AND o.id <> NEW.id AND o.is_primary AND o.until IS NULL);
		END IF;
	END IF;
	-- The primary chapter of every day stays known: what the membership was until today becomes a row of its own.
	IF TG_OP = 'UPDATE' AND OLD.until IS NULL AND NEW.until IS NULL AND NEW.is_primary <> OLD.is_primary
	   AND (NEW.mentor_id, NEW.chapter_id, NEW.since) = (OLD.mentor_id, OLD.chapter_id, OLD.since) THEN
		today := (SELECT (now() AT TIME ZONE o.time_zone)::date FROM public.peer_mentors m JOIN public.organisations o ON o.id = m.organisation_id
		           WHERE m.id = NEW.mentor_id);
		IF OLD.since < today AND NOT EXISTS (SELECT FROM peer_mentor_private.membership_keys()) THEN
			mark := current_setting('peer_mentor.changing_primary_of', true);
			PERFORM set_config('peer_mentor.changing_primary_of', NEW.mentor_id::text, true);
			INSERT INTO public.mentor_chapters (id, mentor_id, chapter_id, is_primary, since, until)
			VALUES (gen_random_uuid(), OLD.mentor_id, OLD.chapter_id, OLD.is_primary, OLD.since, today);
			PERFORM set_config('peer_mentor.changing_primary_of', coalesce(mark, ''), true);
			NEW.since := today;
		END IF;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.check_membership() IS
	'Keeps mentor and chapter in one organisation, exactly one live primary chapter where there is a live one, and which it was before.';

CREATE OR REPLACE FUNCTION peer_mentor_private.mirror_primary() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	mentor uuid;
BEGIN
	FOREACH mentor IN ARRAY array_remove(ARRAY[NEW.mentor_id, nullif(OLD.mentor_id, NEW.mentor_id)], NULL) LOOP
		IF current_setting('peer_mentor.changing_primary_of', true) IS DISTINCT FROM mentor::text THEN
			PERFORM set_config('peer_mentor.changing_primary_of', mentor::text, true);
			UPDATE public.mentor_chapters p SET is_primary = true
			 WHERE p.id = (SELECT l.id FROM public.mentor_chapters l
			                WHERE l.mentor_id = mentor AND l.until IS NULL ORDER BY l.since, l.id LIMIT 1)
			   AND NOT EXISTS (SELECT FROM public.mentor_chapters o WHERE o.mentor_id = mentor AND o.is_primary AND o.until IS NULL);
			PERFORM set_config('peer_mentor.changing_primary_of', '', true);
		END IF;
		PERFORM peer_mentor.mirror_chapter(mentor);
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.mirror_primary() IS 'Promotes the oldest live membership where the primary one ended, and mirrors it in the status.';

CREATE OR REPLACE FUNCTION peer_mentor_private.check_assignment() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM public.role_assignments r WHERE r.user_id = NEW.coordinator_id AND r.ended_at IS NULL)
	   AND NOT EXISTS (SELECT FROM public.role_assignments r JOIN public.peer_mentors m ON m.organisation_id = r.organisation_id
	                    WHERE r.user_id = NEW.coordinator_id AND r.ended_at IS NULL AND m.id = NEW.mentor_id) THEN
		RAISE EXCEPTION 'coordinator and mentor do not belong to one organisation'
			USING ERRCODE = '22023', DETAIL = jsonb_build_object('code', 'invalid_argument', 'argument', 'coordinator_id');
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.check_assignment() IS
	'A coordinator with roles only in other organisations cannot be assigned to the mentor.';

SELECT peer_mentor_private.record_migration(20261120000602, 'remake_directory');
