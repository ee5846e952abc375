-- Tells what job_runs says of the nightly run while it runs in another session.  One line per batch.
\set VERBOSITY terse
DO $$
DECLARE
	give_up constant timestamptz := clock_timestamp() + interval '120 seconds';
	told    timestamptz := '-infinity';
	r       record;
	moved   bigint;
BEGIN
	LOOP
		SELECT j.status, j.step, j.heartbeat_at, j.counts, j.error, (j.counts -> j.step ->> 'done')::numeric AS done,
		       (j.counts -> j.step ->> 'total')::numeric AS total, (j.counts -> j.step ->> 'moved')::numeric AS moved,
		       extract(epoch FROM j.heartbeat_at - j.started_at)::numeric AS seconds
		  INTO r FROM public.job_runs j WHERE j.job_name = 'nightly' ORDER BY j.started_at DESC LIMIT 1;
		IF r.heartbeat_at > told AND r.total > 0 THEN
			RAISE NOTICE '%', format('%-8s %s of %s mentors, %s moved, %s per second', r.step, r.done, r.total, r.moved,
				coalesce(round(r.done / nullif(r.seconds, 0)), 0));
			told := r.heartbeat_at;
		END IF;
		IF r.status <> 'running' THEN
			SELECT sum((s.value ->> 'moved')::bigint) INTO moved FROM jsonb_each(r.counts) s;
			RAISE NOTICE '% after % s, % mentors moved%', r.status, round(r.seconds, 2), moved, coalesce(': ' || r.error, '');
			EXIT;
		END IF;
		IF clock_timestamp() > give_up THEN
			RAISE EXCEPTION 'pg_cron did not finish a run within two minutes';
		END IF;
		PERFORM pg_sleep(CASE WHEN r.status IS NULL THEN 0.05 ELSE 0.01 END);
	END LOOP;
END
$$;
