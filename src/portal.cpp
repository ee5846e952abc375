// What the portal is told: every change of the public listing, once.
#include "outbox.hpp"
#include "pg/boundary.hpp"

#include <algorithm>

namespace peer_mentor {

namespace {

constexpr std::size_t mentors_per_statement = 10000;

// Read after the mentor was locked, so that neither the listing nor portal_sync is an older one.  Whom the portal
// never heard of, or was told to forget, need not be hidden.
statement tell_portal = {
	"WITH mentor AS MATERIALIZED ("
	"     SELECT m.id, m.organisation_id, COALESCE(u.effective_on, t.today) AS effective_on, "
	"            CASE WHEN m.deleted_at IS NOT NULL THEN 'removed' "
	"                 WHEN m.listed AND COALESCE(u.status, s.status::text) = 'active' AND f.held > 0 AND f.blocking = 0 THEN 'shown' "
	"                 ELSE 'hidden' END AS state "
	"       FROM unnest($1, $2, $3, $4) u (id, status, today, effective_on) "
	"       JOIN public.peer_mentors m ON m.id = u.id "
	"       JOIN public.organisations o ON o.id = m.organisation_id AND o.portal_sync <> 'off' "
	"       JOIN public.peer_mentor_status s ON s.mentor_id = m.id "
	"      CROSS JOIN LATERAL (SELECT COALESCE(u.today, (clock_timestamp() AT TIME ZONE o.time_zone)::date) AS today) t "
	"      CROSS JOIN LATERAL ("
	"            SELECT count(*) AS held, count(*) FILTER (WHERE c.status = 'suspended' OR c.expires_at + y.grace_days < t.today) AS blocking "
	"              FROM public.peer_mentor_certifications c "
	"              JOIN public.certification_types y ON y.organisation_id = c.organisation_id AND y.code = c.certification_type "
	"             WHERE c.peer_mentor_id = m.id AND y.required) f), "
	"told AS ("
	"     INSERT INTO peer_mentor_private.portal_mentors AS p (mentor_id, organisation_id, state) "
	"     SELECT n.id, n.organisation_id, n.state FROM mentor n "
	"      WHERE n.state = 'shown' OR EXISTS (SELECT FROM peer_mentor_private.portal_mentors k WHERE k.mentor_id = n.id) "
	"     ON CONFLICT (mentor_id) DO UPDATE SET state = EXCLUDED.state "
	"      WHERE p.state <> EXCLUDED.state AND (p.state, EXCLUDED.state) <> ('removed', 'hidden') "
	"     RETURNING p.mentor_id, p.state) "
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) "
	"SELECT 'portal_sync', 'mentor_' || t.state, n.organisation_id, n.id, concat('mentor_', t.state, ':', gen_random_uuid()), "
	"       jsonb_build_object('schema_version', 1, 'mentor_id', n.id, 'organisation_id', n.organisation_id, "
	"           'effective_on', n.effective_on, 'job_run_id', $5) "
	"  FROM mentor n JOIN told t ON t.mentor_id = n.id AND t.state = n.state",
	5,
	{UUIDARRAYOID, TEXTARRAYOID, DATEARRAYOID, DATEARRAYOID, UUIDOID}};

// Also while portal_sync is off: when it is on again nothing else would tell.
statement forget_mentors = {
	"WITH known AS (DELETE FROM peer_mentor_private.portal_mentors p WHERE p.mentor_id = ANY ($1) RETURNING p.*) "
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) "
	"SELECT 'portal_sync', 'mentor_removed', k.organisation_id, k.mentor_id, 'mentor_removed:' || gen_random_uuid(), "
	"       jsonb_build_object('schema_version', 1, 'mentor_id', k.mentor_id, 'organisation_id', k.organisation_id, "
	"           'effective_on', (clock_timestamp() AT TIME ZONE o.time_zone)::date, 'job_run_id', NULL) "
	"  FROM known k JOIN public.organisations o ON o.id = k.organisation_id "
	" WHERE k.state <> 'removed'",
	1,
	{UUIDARRAYOID}};

statement lock_status = {
	"SELECT 1 FROM public.peer_mentor_status WHERE mentor_id = $1 FOR NO KEY UPDATE", 1, {UUIDOID}};

statement mentors_of = {
	"SELECT m.id FROM public.peer_mentors m WHERE m.organisation_id = $1 ORDER BY m.id", 1, {UUIDOID}};

// Only the newest state of a mentor counts for a portal; it is told even where the portal may have it already, since
// an answer that got lost, or a replay, cannot be told from that.  One that a worker or an erasure has locked is left to it.
statement supersede = {
	"WITH waiting AS MATERIALIZED ("
	"     SELECT e.id, max(e.id) OVER (PARTITION BY e.mentor_id) AS newest "
	"       FROM public.outbox_events e "
	"      WHERE e.organisation_id = $1 AND e.channel = 'portal_sync' AND e.delivered_at IS NULL AND e.dead_at IS NULL "
	"        AND (e.leased_until IS NULL OR e.leased_until <= clock_timestamp())) "
	"UPDATE public.outbox_events e SET delivered_at = clock_timestamp(), claim_token = NULL, leased_until = NULL, last_error = 'superseded' "
	"  FROM (SELECT o.id FROM waiting w JOIN public.outbox_events o ON o.id = w.id WHERE w.id <> w.newest FOR NO KEY UPDATE OF o SKIP LOCKED) w "
	" WHERE e.id = w.id AND e.delivered_at IS NULL AND e.dead_at IS NULL",
	1,
	{UUIDOID}};

struct listed {
	uuid                  id;
	std::optional<status> now; // by default the stored one
	std::optional<day>    today;
	std::optional<day>    effective_on;
};

void tell(std::span<const listed> mentors, const uuid *job_run)
{
	if (mentors.empty())
		return;
	const auto column = [&](Oid type, auto field) {
		return array_of(mentors.size(), type, [&](std::size_t i) { return field(mentors[i]); });
	};
	tell_portal.write({column(UUIDOID, [](const listed &l) { return of(l.id); }),
	                   column(TEXTOID, [](const listed &l) { return l.now ? of(label(*l.now)) : value{}; }),
	                   column(DATEOID, [](const listed &l) { return of_day(l.today); }),
	                   column(DATEOID, [](const listed &l) { return of_day(l.effective_on); }), of(job_run)});
	if (SPI_processed > 0)
		wake_workers(portal_channel);
}

void tell_of_all(const uuid &organisation)
{
	const rows found = mentors_of.run({of(organisation)});
	for (std::uint64_t from = 0; from < found.count; from += mentors_per_statement) {
		const auto n = std::min<std::uint64_t>(mentors_per_statement, found.count - from);
		auto       mentors = allocate<listed>(n);
		for (std::uint64_t i = 0; i < n; ++i)
			mentors[i] = {found[from + i].id(1), {}, {}, {}};
		tell(mentors, nullptr);
	}
}

} // namespace

void follow_listing(std::span<const move> moves, const author &by)
{
	auto        mentors = allocate<listed>(moves.size());
	std::size_t n = 0;
	for (const move &m : moves)
		if (m.of->portal)
			mentors[n++] = {m.of->id, m.what.to, m.of->today, m.what.effective_on};
	tell(mentors.first(n), by.job_run);
}

void follow_listing(std::span<const mentor> mentors, const author &by)
{
	auto        followed = allocate<listed>(mentors.size());
	std::size_t n = 0;
	for (const mentor &m : mentors)
		if (m.portal)
			followed[n++] = {m.id, {}, m.today, {}};
	tell(followed.first(n), by.job_run);
}

void write_removal_events(std::span<const uuid> mentors)
{
	forget_mentors.write({array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i]); })});
	if (SPI_processed > 0)
		wake_workers(portal_channel);
}

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_follow_listing)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "mentor_id");
	const call c = begin_system_call();
	lock_status.run({of(args.id(0))});
	const listed mentor = {args.id(0), {}, {}, {}};
	tell({&mentor, 1}, nullptr);
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_follow_removal)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "mentor_ids");
	const call c = begin_system_call();
	forget_mentors.write({of_datum(PG_GETARG_DATUM(0))});
	if (SPI_processed > 0)
		wake_workers(portal_channel);
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_follow_portal_sync)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "organisation_id");
	require_argument(args, 1, "previous");
	require_argument(args, 2, "portal_sync");
	const call c = begin_system_call();
	if (*args.optional_text(1) == "off")
		tell_of_all(args.id(0));
	if (*args.optional_text(2) == "on") {
		supersede.write({of(args.id(0))});
		wake_workers(portal_channel);
	}
	end_call(c);
	PG_RETURN_VOID();
}
