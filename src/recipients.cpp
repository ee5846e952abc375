#include "recipients.hpp"

#include <algorithm>

namespace peer_mentor {

namespace {

// One row for every person of the first level that has anybody beside the mentor, or one without: coordinators,
// admins of the chapters, admins of the organisation.  What nobody asks is whether the mentor coordinates themselves.
// A login that is not there, as after a restore in parts, is nobody.
statement responsible = {
	"SELECT e.id, CASE WHEN NOT peer_mentor.is_gone('auth.users', m.user_id::text) THEN m.user_id END, COALESCE(e.actor_id, h.changed_by), w.user_id, w.role "
	"  FROM unnest($1) u (id) "
	"  JOIN public.outbox_events e ON e.id = u.id "
	"  JOIN public.peer_mentors m ON m.id = e.mentor_id AND m.deleted_at IS NULL "
	"  LEFT JOIN public.peer_mentor_status_history h "
	"    ON e.event_type = 'status_changed' AND h.mentor_id = m.id AND h.version = (e.payload ->> 'version')::bigint "
	"  LEFT JOIN LATERAL ("
	"       SELECT DISTINCT p.user_id, p.role "
	"         FROM (SELECT q.user_id, q.role, rank() OVER (ORDER BY q.level) AS place "
	"                 FROM (SELECT r.user_id, r.role, CASE r.role WHEN 'coordinator' THEN 1 ELSE 2 END AS level "
	"                         FROM public.mentor_chapters c "
	"                         JOIN public.role_assignments r ON r.organisation_id = m.organisation_id AND r.chapter_id = c.chapter_id "
	"                        WHERE c.mentor_id = m.id AND c.until IS NULL AND r.ended_at IS NULL AND r.role IN ('coordinator', 'chapter_admin') "
	"                        UNION ALL "
	"                       SELECT a.coordinator_id, 'coordinator', 1 "
	"                         FROM public.coordinator_assignments a WHERE a.mentor_id = m.id AND a.ended_at IS NULL "
	"                        UNION ALL "
	"                       SELECT r.user_id, r.role, 3 "
	"                         FROM public.role_assignments r "
	"                        WHERE r.organisation_id = m.organisation_id AND r.chapter_id IS NULL AND r.ended_at IS NULL AND r.role = 'org_admin') q "
	"                WHERE q.user_id IS DISTINCT FROM m.user_id AND NOT peer_mentor.is_gone('auth.users', q.user_id::text)) p "
	"        WHERE p.place = 1) w ON true "
	" ORDER BY e.id",
	1,
	{INT8ARRAYOID}};

statement add_deliveries = {
	"INSERT INTO public.outbox_deliveries AS d (event_id, recipient, role) "
	"SELECT u.event_id, u.recipient, u.role FROM unnest($1, $2, $3) u (event_id, recipient, role) "
	"ON CONFLICT (event_id, recipient) DO UPDATE SET role = EXCLUDED.role WHERE d.delivered_at IS NULL AND d.role <> EXCLUDED.role",
	3,
	{INT8ARRAYOID, UUIDARRAYOID, TEXTARRAYOID}};

statement begun_before = {
	"SELECT DISTINCT d.event_id FROM public.outbox_deliveries d WHERE d.event_id = ANY ($1) AND d.delivered_at IS NULL",
	1,
	{INT8ARRAYOID}};

statement drop_deliveries = {
	"DELETE FROM public.outbox_deliveries WHERE event_id = $1 AND delivered_at IS NULL AND recipient <> ALL ($2)",
	2,
	{INT8OID, UUIDARRAYOID}};

// Not where somebody was told before everybody left.
statement find_untold = {
	"SELECT u.id FROM unnest($1) u (id) WHERE NOT EXISTS (SELECT FROM public.outbox_deliveries d WHERE d.event_id = u.id)",
	1,
	{INT8ARRAYOID}};

statement keep_undeliverable = {
	"INSERT INTO public.undeliverable_notifications (event_id, mentor_id, reason) "
	"SELECT e.id, e.mentor_id, 'no_recipient' FROM unnest($1) u (id) JOIN public.outbox_events e ON e.id = u.id "
	"ON CONFLICT (event_id) DO UPDATE SET resolved_at = NULL",
	1,
	{INT8ARRAYOID}};

statement settle_undeliverable = {"UPDATE public.undeliverable_notifications SET resolved_at = clock_timestamp() "
                                  " WHERE event_id = ANY ($1) AND event_id <> ALL ($2) AND resolved_at IS NULL",
                                  2,
                                  {INT8ARRAYOID, INT8ARRAYOID}};

struct delivery {
	std::int64_t     event;
	uuid             recipient;
	std::string_view role;
};

struct resolved {
	std::span<delivery>     deliveries; // by event
	std::span<std::int64_t> nobody;
};

value ids_of(std::span<const std::int64_t> ids)
{
	return array_of(ids.size(), INT8OID, [&](std::size_t i) { return of(ids[i]); });
}

// Never the actor, and the mentor as mentor only.
resolved resolve(std::span<const std::int64_t> events)
{
	const rows   found = responsible.run({ids_of(events)});
	auto         deliveries = allocate<delivery>(2 * found.count);
	auto         nobody = allocate<std::int64_t>(found.count);
	std::size_t  n = 0, n_nobody = 0;
	std::int64_t last = 0;
	for (std::uint64_t i = 0; i < found.count; ++i) {
		const row  r = found[i];
		const auto mentor = r.optional_id(2), actor = r.optional_id(3), person = r.optional_id(4);
		const bool mentor_is_told = mentor && mentor != actor;
		if (r.bigint(1) != last && mentor_is_told)
			deliveries[n++] = {r.bigint(1), *mentor, "mentor"};
		if (person && person != actor)
			deliveries[n++] = {r.bigint(1), *person, r.text(5)};
		if (!person && !mentor_is_told)
			nobody[n_nobody++] = r.bigint(1);
		last = r.bigint(1);
	}
	return {deliveries.first(n), nobody.first(n_nobody)};
}

value recipients_of(std::span<const delivery> deliveries)
{
	return array_of(deliveries.size(), UUIDOID, [&](std::size_t i) { return of(deliveries[i].recipient); });
}

// At a retry: whoever left since is not told any more.
void drop_former(std::span<const std::int64_t> events, std::span<const delivery> now)
{
	const rows begun = begun_before.run({ids_of(events)});
	for (std::uint64_t i = 0; i < begun.count; ++i) {
		const std::int64_t event = begun[i].bigint(1);
		const auto         from = std::lower_bound(now.begin(), now.end(), event,
		                                           [](const delivery &d, std::int64_t id) { return d.event < id; });
		auto               to = from;
		while (to != now.end() && to->event == event)
			++to;
		drop_deliveries.write({of(event), recipients_of({from, to})});
	}
}

} // namespace

std::span<std::int64_t> resolve_recipients(std::span<const std::int64_t> events)
{
	const resolved now = resolve(events);
	drop_former(events, now.deliveries);
	if (!now.deliveries.empty())
		add_deliveries.write(
			{array_of(now.deliveries.size(), INT8OID, [&](std::size_t i) { return of(now.deliveries[i].event); }),
		     recipients_of(now.deliveries),
		     array_of(now.deliveries.size(), TEXTOID, [&](std::size_t i) { return of(now.deliveries[i].role); })});
	if (now.nobody.empty())
		return {};
	const rows untold = find_untold.run({ids_of(now.nobody)});
	for (std::uint64_t i = 0; i < untold.count; ++i)
		now.nobody[i] = untold[i].bigint(1);
	return now.nobody.first(untold.count);
}

void note_undeliverable(std::span<const std::int64_t> events, std::span<const std::int64_t> nobody)
{
	settle_undeliverable.write({ids_of(events), ids_of(nobody)});
	if (!nobody.empty())
		keep_undeliverable.write({ids_of(nobody)});
}

} // namespace peer_mentor
