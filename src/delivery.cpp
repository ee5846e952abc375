// complete_event, fail_event, replay_events: how it went, and once more.
#include "outbox.hpp"
#include "pg/boundary.hpp"
#include "worker.hpp"

namespace peer_mentor {

namespace {

constexpr std::size_t longest_error = 500;

statement lock_event = {
	"SELECT e.claim_token IS NOT DISTINCT FROM $2 AND e.dead_at IS NULL, e.delivered_at IS NOT NULL, e.attempts "
	"  FROM public.outbox_events e WHERE e.id = $1 FOR NO KEY UPDATE",
	2,
	{INT8OID, UUIDOID}};

statement complete_delivery = {
	"UPDATE public.outbox_deliveries SET delivered_at = COALESCE(delivered_at, clock_timestamp()), dead_at = NULL "
	" WHERE event_id = $1 AND recipient = $2",
	2,
	{INT8OID, UUIDOID}};

statement complete_deliveries = {
	"UPDATE public.outbox_deliveries SET delivered_at = clock_timestamp(), dead_at = NULL WHERE event_id = $1 AND delivered_at IS NULL",
	1,
	{INT8OID}};

statement complete_whole = {
	"UPDATE public.outbox_events SET delivered_at = clock_timestamp(), leased_until = NULL WHERE id = $1",
	1,
	{INT8OID}};

statement fail_delivery = {
	"UPDATE public.outbox_deliveries "
	"   SET last_error = $3, failed_in = $4, dead_at = CASE WHEN $5 THEN clock_timestamp() END, retry_at = clock_timestamp() + $6 "
	" WHERE event_id = $1 AND recipient = $2 AND delivered_at IS NULL",
	6,
	{INT8OID, UUIDOID, TEXTOID, INT4OID, BOOLOID, INTERVALOID}};

statement fail_deliveries = {
	"UPDATE public.outbox_deliveries SET last_error = $2, failed_in = $3, retry_at = clock_timestamp() + $4 "
	" WHERE event_id = $1 AND delivered_at IS NULL AND dead_at IS NULL",
	4,
	{INT8OID, TEXTOID, INT4OID, INTERVALOID}};

statement note_error = {"UPDATE public.outbox_events SET last_error = $2 WHERE id = $1", 2, {INT8OID, TEXTOID}};

// Of the deliveries of one event: how many wait, how many of those were not tried in this attempt, is one given up?
statement standing_of_deliveries = {
	"SELECT count(*) FILTER (WHERE d.delivered_at IS NULL AND d.dead_at IS NULL), "
	"       count(*) FILTER (WHERE d.delivered_at IS NULL AND d.dead_at IS NULL AND d.failed_in IS DISTINCT FROM $2), "
	"       COALESCE(bool_or(d.dead_at IS NOT NULL), false) "
	"  FROM public.outbox_deliveries d WHERE d.event_id = $1",
	2,
	{INT8OID, INT4OID}};

// After 1, 4, 16, 64, 256 minutes, then 6 hours, each give or take a quarter, so that what failed together does not
// come back together; or when all who failed in this attempt asked to be tried again.
statement release = {
	"UPDATE public.outbox_events e "
	"   SET claim_token = NULL, leased_until = NULL, dead_at = CASE WHEN $2 THEN clock_timestamp() END, "
	"       available_at = CASE WHEN $3 IS NOT NULL THEN clock_timestamp() + $3 WHEN w.asked THEN w.at "
	"                           ELSE GREATEST(w.at, clock_timestamp() + LEAST(interval '1 minute' * 4 ^ (e.attempts - 1), interval '6 hours') * (0.75 + random() / 2)) END "
	"  FROM (SELECT bool_and(d.retry_at IS NOT NULL) AS asked, max(d.retry_at) AS at "
	"          FROM public.outbox_deliveries d WHERE d.event_id = $1 AND d.delivered_at IS NULL AND d.dead_at IS NULL) w "
	" WHERE e.id = $1",
	3,
	{INT8OID, BOOLOID, INTERVALOID}};

// Since when and of whom; of what was given up only those are told whom it did not reach.  Where the portal's newest word
// is purged already an older one would be its last: such a mentor is left out.  What a worker has at hand of the mentor
// may be on its way until the lease is over.
statement replay = {
	"WITH leased AS MATERIALIZED ("
	"     SELECT l.mentor_id, max(l.leased_until) AS until FROM public.outbox_events l "
	"      WHERE l.channel = $1 AND ($2 IS NULL OR l.mentor_id = $2) AND l.delivered_at IS NULL AND l.dead_at IS NULL "
	"        AND l.leased_until > clock_timestamp() GROUP BY l.mentor_id), "
	"again AS ("
	"     UPDATE public.outbox_events e "
	"        SET delivered_at = NULL, dead_at = NULL, attempts = 0, claim_token = NULL, leased_until = NULL, last_error = NULL, "
	"            available_at = COALESCE((SELECT l.until FROM leased l WHERE l.mentor_id = e.mentor_id), clock_timestamp()) "
	"       FROM (SELECT f.id, f.dead_at IS NULL AND f.last_error IS DISTINCT FROM 'undeliverable' AS was_delivered "
	"               FROM public.outbox_events f "
	"              WHERE f.channel = $1 AND (f.delivered_at IS NOT NULL OR f.dead_at IS NOT NULL) "
	"                AND ($2 IS NULL OR f.mentor_id = $2) AND ($3 IS NULL OR f.created_at >= $3) "
	"                AND f.last_error IS DISTINCT FROM 'superseded' "
	"                AND NOT EXISTS (SELECT FROM peer_mentor_private.portal_mentors k "
	"                                 WHERE f.channel = 'portal_sync' AND k.mentor_id = f.mentor_id "
	"                                   AND 'mentor_' || k.state <> (SELECT n.event_type FROM public.outbox_events n "
	"                                         WHERE n.mentor_id = f.mentor_id AND n.channel = f.channel ORDER BY n.id DESC LIMIT 1)) "
	"                AND (NOT $4 OR f.dead_at IS NOT NULL "
	"                     OR EXISTS (SELECT FROM public.undeliverable_notifications u WHERE u.event_id = f.id AND u.resolved_at IS NULL)) FOR NO KEY UPDATE) f "
	"      WHERE e.id = f.id RETURNING e.id, f.was_delivered), "
	"deliveries AS ("
	"     UPDATE public.outbox_deliveries d SET delivered_at = NULL, dead_at = NULL, failed_in = NULL FROM again a "
	"      WHERE d.event_id = a.id AND (a.was_delivered OR d.delivered_at IS NULL)) "
	"SELECT count(*) FROM again",
	4,
	{TEXTOID, UUIDOID, TIMESTAMPTZOID, BOOLOID}};

// While these are locked nothing is written for the portal about these mentors, and nothing claimed or completed, so that
// what is replayed ends with the newest word.  The mentors come first, as for whoever deletes one.
statement lock_portal_mentors = {
	"SELECT 1 FROM peer_mentor_private.portal_mentors k JOIN public.peer_mentors m ON m.id = k.mentor_id "
	" WHERE $1 IS NULL OR k.mentor_id = $1 ORDER BY k.mentor_id FOR KEY SHARE OF m FOR NO KEY UPDATE OF k",
	1,
	{UUIDOID}};

statement lock_portal_events = {
	"SELECT 1 FROM public.outbox_events e WHERE e.channel = 'portal_sync' AND ($1 IS NULL OR e.mentor_id = $1) "
	"   AND e.delivered_at IS NULL AND e.dead_at IS NULL ORDER BY e.id FOR NO KEY UPDATE",
	1,
	{UUIDOID}};

// What a worker has at hand is sent again, after what was replayed.
statement take_back_leased = {
	"UPDATE public.outbox_events e SET claim_token = NULL, attempts = 0 "
	" WHERE e.channel = 'portal_sync' AND ($1 IS NULL OR e.mentor_id = $1) AND ($2 IS NULL OR e.created_at >= $2) "
	"   AND e.delivered_at IS NULL AND e.dead_at IS NULL AND e.claim_token IS NOT NULL",
	2,
	{UUIDOID, TIMESTAMPTZOID}};

struct leased_event {
	std::int64_t id;
	bool         delivered;
	std::int32_t attempts;
};

leased_event require_lease(const arguments &args)
{
	require_argument(args, 0, "id");
	require_argument(args, 1, "claim_token");
	const std::int64_t id = *args.optional_int64(0);
	const rows         found = lock_event.run({of(id), of(args.id(1))});
	if (found.empty() || !found[0].boolean(1))
		raise(error::lease_lost,
		      psprintf("event " INT64_FORMAT " is not leased under this token", static_cast<int64>(id)),
		      detail(error::lease_lost).add("id", id),
		      "Its lease ran out and passed on, or it is finished or gone. Leave it alone.");
	return {id, found[0].boolean(2), found[0].integer(3)};
}

[[noreturn]] void unknown_recipient(const uuid &recipient)
{
	invalid_argument("recipient", psprintf("the event is not to be delivered to user \"%s\"", to_cstring(recipient)));
}

enum class course { finished, going_on, released };

// One delivery more is known: perhaps it was the last one of the event, or of this attempt.
course after_delivery(const leased_event &e)
{
	const row  now = standing_of_deliveries.run({of(e.id), of(e.attempts)})[0];
	const auto waiting = now.bigint(1), untried = now.bigint(2);
	if (waiting == 0) {
		if (now.boolean(3))
			release.write({of(e.id), of(true), value{}});
		else
			complete_whole.write({of(e.id)});
		return course::finished;
	}
	if (untried > 0)
		return course::going_on;
	release.write({of(e.id), of(e.attempts >= most_attempts), value{}});
	return course::released;
}

bool complete(const leased_event &e, std::optional<uuid> recipient)
{
	if (recipient) {
		complete_delivery.write({of(e.id), of(*recipient)});
		if (SPI_processed == 0)
			unknown_recipient(*recipient);
		return e.delivered || after_delivery(e) == course::finished;
	}
	if (!e.delivered) {
		complete_deliveries.write({of(e.id)});
		complete_whole.write({of(e.id)});
	}
	return true;
}

struct failure {
	std::string_view    error;
	bool                permanent;
	std::optional<uuid> recipient;
	value               retry_after;
};

// Will it be tried again?
bool fail(const leased_event &e, const failure &f)
{
	const bool gives_up = f.permanent || e.attempts >= most_attempts;
	if (f.recipient) {
		fail_delivery.write({of(e.id), of(*f.recipient), of(f.error), of(e.attempts), of(f.permanent), f.retry_after});
		if (SPI_processed == 0)
			unknown_recipient(*f.recipient);
	} else
		fail_deliveries.write({of(e.id), of(f.error), of(e.attempts), f.retry_after});
	note_error.write({of(e.id), of(f.error)});
	if (f.recipient)
		after_delivery(e);
	else
		release.write({of(e.id), of(gives_up), f.retry_after});
	return !gives_up;
}

failure failure_arguments(const arguments &args)
{
	require_argument(args, 2, "error");
	require_argument(args, 3, "permanent");
	auto error = *args.optional_text(2);
	if (error.empty())
		invalid_argument("error", "a failure needs an error");
	const int length = static_cast<int>(error.size());
	error = error.substr(0, static_cast<std::size_t>(pg_mbcliplen(error.data(), length, longest_error)));
	if (!args.is_null(5))
		require_length(args, 5, "retry_after", {0, 0, 0}, {0, 30, 0});
	return {error, DatumGetBool(args.fcinfo->args[3].value), args.optional_id(4),
	        value(args.fcinfo->args[5].value, args.is_null(5))};
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_complete_event)
{
	const arguments args{fcinfo};
	const call      c = begin_worker_call();
	const bool      finished = complete(require_lease(args), args.optional_id(2));
	end_call(c);
	PG_RETURN_BOOL(finished);
}

PEER_MENTOR_FUNCTION(peer_mentor_fail_event)
{
	const arguments args{fcinfo};
	const call      c = begin_worker_call();
	require_argument(args, 0, "id");
	require_argument(args, 1, "claim_token");
	const failure      f = failure_arguments(args);
	const leased_event e = require_lease(args);
	if (e.delivered)
		raise(error::lease_lost, psprintf("event " INT64_FORMAT " is delivered", static_cast<int64>(e.id)),
		      detail(error::lease_lost).add("id", e.id));
	const bool again = fail(e, f);
	end_call(c);
	PG_RETURN_BOOL(again);
}

PEER_MENTOR_FUNCTION(peer_mentor_replay_events)
{
	const arguments args{fcinfo};
	const call      c = begin_worker_call();
	const auto      channel = channel_argument(args, 0);
	if (!args.is_null(2) && TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(2)))
		invalid_argument("since", "since must be finite");
	// Without a word about whom and since when nobody is mailed again.
	const bool only_undelivered = channel == notification_channel && args.is_null(1) && args.is_null(2);
	const auto  mentor_id = args.optional_id(1);
	const value mentor = of(mentor_id), since = value(args.fcinfo->args[2].value, args.is_null(2));
	if (channel == portal_channel) {
		lock_portal_mentors.run({mentor});
		lock_portal_events.run({mentor});
		take_back_leased.write({mentor, since});
	}
	const auto replayed = replay.write({of(std::string_view(channel)), mentor, since, of(only_undelivered)})[0].bigint(1);
	if (replayed > 0)
		wake_workers(channel);
	end_call(c);
	PG_RETURN_INT64(replayed);
}
