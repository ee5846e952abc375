// The functions that maintain the directory: who may, and one statement each.
#include "core/certification.hpp"
#include "parent.hpp"
#include "pg/boundary.hpp"
#include "registration.hpp"
#include "reminders.hpp"

namespace peer_mentor {

namespace {

constexpr actors everybody = staff | only(actor_kind::mentor);

// The login is part of a key, so changing it needs the row for itself; taken before the status, as by whoever
// deletes the mentor, or the two would wait for each other.
// A restoration has the mentor's row before the status, so whoever writes it takes it first.
// Also of one who is removed, since a removal may be taken back before the lock is got.
statement lock_for_change = {
	"SELECT 1 FROM public.peer_mentors WHERE id = $1 FOR NO KEY UPDATE", 1, {UUIDOID}};
statement lock_for_login = {
	"SELECT 1 FROM public.peer_mentors WHERE id = $1 FOR UPDATE", 1, {UUIDOID}};
statement change_login = {"UPDATE public.peer_mentors SET user_id = $2 WHERE id = $1", 2, {UUIDOID, UUIDOID}};
statement login_taken = {"SELECT 1 FROM public.peer_mentors WHERE user_id = $2 AND id <> $1", 2, {UUIDOID, UUIDOID}};
statement change_listed = {"UPDATE public.peer_mentors SET listed = $2 WHERE id = $1", 2, {UUIDOID, BOOLOID}};
statement mark_removed = {"UPDATE public.peer_mentors SET deleted_at = clock_timestamp() WHERE id = $1", 1, {UUIDOID}};
statement find_removed = {"SELECT 1 FROM public.peer_mentors WHERE id = $1 AND deleted_at IS NOT NULL", 1, {UUIDOID}};

statement unmark_removed = {
	"UPDATE public.peer_mentors SET deleted_at = NULL WHERE id = $1 AND deleted_at IS NOT NULL", 1, {UUIDOID}};

statement live_chapters = {
	"SELECT c.chapter_id FROM public.mentor_chapters c WHERE c.mentor_id = $1 AND c.until IS NULL", 1, {UUIDOID}};

// A change of the primary chapter ends the membership and begins it anew, so that the primary chapter of
// every day stays known.
statement end_memberships = {
	"UPDATE public.mentor_chapters c SET until = GREATEST(c.since, $3) "
	" WHERE c.mentor_id = $1 AND c.until IS NULL AND (c.chapter_id <> ALL ($2) OR c.is_primary <> (c.chapter_id = ($2)[1]))",
	3,
	{UUIDOID, UUIDARRAYOID, DATEOID}};

statement begin_memberships = {
	"INSERT INTO public.mentor_chapters (id, mentor_id, chapter_id, is_primary, since) "
	"SELECT gen_random_uuid(), $1, u.id, u.i = 1, $3 FROM unnest($2) WITH ORDINALITY u (id, i) "
	" WHERE NOT EXISTS (SELECT FROM public.mentor_chapters c WHERE c.mentor_id = $1 AND c.chapter_id = u.id AND c.until IS NULL) "
	" ORDER BY u.i",
	3,
	{UUIDOID, UUIDARRAYOID, DATEOID}};

statement count_chapters = {"SELECT count(*) FROM public.chapters c WHERE c.organisation_id = $1 AND c.id = ANY ($2)",
                            2,
                            {UUIDOID, UUIDARRAYOID}};

statement insert_assignment = {
	"INSERT INTO public.coordinator_assignments (id, coordinator_id, mentor_id) VALUES (gen_random_uuid(), $1, $2) "
	"ON CONFLICT (coordinator_id, mentor_id) WHERE ended_at IS NULL DO NOTHING RETURNING id",
	2,
	{UUIDOID, UUIDOID}};

statement end_live_assignment = {"UPDATE public.coordinator_assignments SET ended_at = clock_timestamp() "
                                 " WHERE coordinator_id = $1 AND mentor_id = $2 AND ended_at IS NULL RETURNING id",
                                 2,
                                 {UUIDOID, UUIDOID}};

statement insert_role = {
	"INSERT INTO public.role_assignments (id, user_id, organisation_id, chapter_id, role) VALUES (gen_random_uuid(), $1, $2, $3, $4) "
	"ON CONFLICT DO NOTHING RETURNING id",
	4,
	{UUIDOID, UUIDOID, UUIDOID, TEXTOID}};

statement end_live_role = {
	"UPDATE public.role_assignments SET ended_at = clock_timestamp() "
	" WHERE user_id = $1 AND organisation_id = $2 AND chapter_id IS NOT DISTINCT FROM $3 AND role = $4 AND ended_at IS NULL RETURNING id",
	4,
	{UUIDOID, UUIDOID, UUIDOID, TEXTOID}};

// Without a role in the organisation nobody stays assigned to its mentors.
statement end_assignments_of_former = {
	"UPDATE public.coordinator_assignments a SET ended_at = clock_timestamp() "
	"  FROM public.peer_mentors m "
	" WHERE a.coordinator_id = $1 AND a.ended_at IS NULL AND m.id = a.mentor_id AND m.organisation_id = $2 "
	"   AND NOT EXISTS (SELECT FROM public.role_assignments r WHERE r.user_id = $1 AND r.organisation_id = $2 AND r.ended_at IS NULL)",
	2,
	{UUIDOID, UUIDOID}};

statement change_organisation = {
	"UPDATE public.organisations SET name = COALESCE($2, name), time_zone = COALESCE($3, time_zone), "
	"       reminder_days = COALESCE($4, reminder_days), auto_reactivate = COALESCE($5, auto_reactivate), portal_sync = COALESCE($6, portal_sync) "
	" WHERE id = $1",
	6,
	{UUIDOID, TEXTOID, TEXTOID, INT4ARRAYOID, BOOLOID, TEXTOID}};

statement find_organisation = {"SELECT 1 FROM public.organisations WHERE id = $1", 1, {UUIDOID}};

statement insert_chapter = {
	"INSERT INTO public.chapters (id, organisation_id, name) VALUES (COALESCE($1, gen_random_uuid()), $2, $3) "
	"ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name WHERE chapters.organisation_id = EXCLUDED.organisation_id RETURNING id",
	3,
	{UUIDOID, UUIDOID, TEXTOID}};

statement put_type = {
	"INSERT INTO public.certification_types AS t (organisation_id, code, name, valid_for, renewal_mode, renewal_window_days, grace_days, required) "
	"VALUES ($1, $2, COALESCE($3, $2), COALESCE($4, '2 years'), COALESCE($5, 'from_expiry'), $6, COALESCE($7, 0), COALESCE($8, true)) "
	"ON CONFLICT (organisation_id, code) DO UPDATE SET name = COALESCE($3, t.name), valid_for = COALESCE($4, t.valid_for), "
	"       renewal_mode = COALESCE($5, t.renewal_mode), renewal_window_days = $6, grace_days = COALESCE($7, t.grace_days), "
	"       required = COALESCE($8, t.required)",
	8,
	{UUIDOID, TEXTOID, TEXTOID, INTERVALOID, TEXTOID, INT4OID, INT4OID, BOOLOID}};

statement undeliverable_mentor = {
	"SELECT u.mentor_id FROM public.undeliverable_notifications u WHERE u.id = $1", 1, {INT8OID}};
statement resolve_notification = {
	"UPDATE public.undeliverable_notifications SET resolved_at = clock_timestamp() WHERE id = $1 AND resolved_at IS NULL",
	1,
	{INT8OID}};

void require_organisation(const uuid &organisation)
{
	if (find_organisation.run({of(organisation)}).empty())
		invalid_argument("organisation_id", psprintf("organisation \"%s\" does not exist", to_cstring(organisation)));
}

// The id of the row that was written, in the caller's memory.
Datum end_call_with_id(const call &c, const rows &written)
{
	uuid *const id = static_cast<uuid *>(SPI_palloc(sizeof(uuid)));
	*id = written[0].id(1);
	end_call(c);
	return UUIDPGetDatum(reinterpret_cast<pg_uuid_t *>(id));
}

// Locked against its deletion, and so before the mentor: the deletion goes on to the rows that name it.
void require_user(bool is_kept, const uuid &user, const char *argument)
{
	if (!is_kept)
		invalid_argument(argument, psprintf("user \"%s\" does not exist", to_cstring(user)));
}

// The chapters that a change adds, ends or makes primary; whoever changes them must coordinate every one.
std::span<uuid> affected_chapters(const uuid &mentor, std::span<const uuid> wanted)
{
	const rows  live = live_chapters.run({of(mentor)});
	auto        affected = allocate<uuid>(live.count + wanted.size());
	std::size_t n = 0;
	for (const uuid &w : wanted)
		affected[n++] = w;
	for (std::uint64_t i = 0; i < live.count; ++i)
		affected[n++] = live[i].id(1);
	return affected;
}

std::string_view role_argument(const arguments &args, int i)
{
	require_argument(args, i, "role");
	const auto role = *args.optional_text(i);
	if (role != "coordinator" && role != "chapter_admin" && role != "org_admin")
		invalid_argument("role", psprintf("role \"%s\" is not known", to_cstring(role)));
	if ((role == "org_admin") != args.is_null(i + 1))
		invalid_argument("chapter_id",
		                 role == "org_admin" ? "an org_admin has no chapter" : "this role needs a chapter");
	return role;
}

// Admins of a chapter appoint its coordinators; everything else is the organisation's admin's.
void require_appointer(const call &c, const uuid &organisation, std::string_view role, std::optional<uuid> chapter)
{
	if (role == "coordinator" && chapter)
		require_actor_of_chapters(c, organisation, {&*chapter, 1}, administrators);
	else
		require_actor_of_organisation(c, organisation);
}

void require_between(const arguments &args, int i, const char *name, std::int32_t most)
{
	if (args.is_null(i))
		return;
	const std::int32_t n = DatumGetInt32(args.fcinfo->args[i].value);
	if (n < 0 || n > most)
		invalid_argument(name, psprintf("%s %d is not between 0 and %d", name, n, most));
}

// Of two who restore at once the second finds nothing left to do.
outcome restore(const uuid &id, const author &by)
{
	unmark_removed.write({of(id)});
	mentor     m = lock_mentor(id);
	const auto moves = evaluate({&m, 1}, read_facts({&m, 1}), by);
	look_at_reminders_again(m.id);
	return moves.empty() ? unmoved(m) : outcome_of(moves[0]);
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_link_login)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_actor(c, args.id(0), administrators);
	require_anothers_login(c, args.optional_id(1));
	if (!args.is_null(1))
		require_user(claim_login(args.id(1)), args.id(1), "user_id");
	lock_for_login.run({of(args.id(0))});
	lock_mentor(args.id(0));
	if (!args.is_null(1) && !login_taken.run({of(args.id(0)), of(args.id(1))}).empty())
		raise(error::already_exists, psprintf("user \"%s\" is linked to another mentor", to_cstring(args.id(1))));
	change_login.write({of(args.id(0)), of(args.optional_id(1))});
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_set_mentor_chapters)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "chapter_ids");
	const auto chapters = chapter_arguments(args, 1);
	require_actor(c, args.id(0), staff);
	const mentor m = lock_mentor(args.id(0));
	require_actor_of_chapters(c, m.organisation, affected_chapters(m.id, chapters), staff);
	const value wanted = of_datum(PG_GETARG_DATUM(1));
	if (count_chapters.run({of(m.organisation), wanted})[0].bigint(1) != static_cast<std::int64_t>(chapters.size()))
		invalid_argument("chapter_ids", "one of the chapters does not exist in the organisation");
	end_memberships.write({of(m.id), wanted, of_day(m.today)});
	begin_memberships.write({of(m.id), wanted, of_day(m.today)});
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_set_listed)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "listed");
	require_actor(c, args.id(0), everybody);
	lock_for_change.run({of(args.id(0))});
	lock_mentor(args.id(0));
	change_listed.write({of(args.id(0)), of(PG_GETARG_BOOL(1))});
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_remove_mentor)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_actor(c, args.id(0), administrators);
	lock_for_change.run({of(args.id(0))});
	const outcome result = unmoved(lock_mentor(args.id(0)));
	mark_removed.write({of(args.id(0))});
	end_call(c);
	return to_tuple(fcinfo, result);
}

PEER_MENTOR_FUNCTION(peer_mentor_restore_mentor)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	const bool   removed = !find_removed.run({of(args.id(0))}).empty();
	const author by = {removed ? require_actor_of_removed(c, args.id(0), administrators)
	                           : require_actor(c, args.id(0), administrators)};
	const outcome result = removed ? restore(args.id(0), by) : unmoved(lock_mentor(args.id(0)));
	end_call(c);
	return to_tuple(fcinfo, result);
}

PEER_MENTOR_FUNCTION(peer_mentor_assign_coordinator)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "coordinator_id");
	require_actor(c, args.id(0), administrators);
	require_user(keep_login(args.id(1)), args.id(1), "coordinator_id");
	lock_mentor(args.id(0));
	const rows inserted = insert_assignment.write({of(args.id(1)), of(args.id(0))});
	if (inserted.empty())
		raise(error::already_exists, "this coordinator is assigned already");
	return end_call_with_id(c, inserted);
}

PEER_MENTOR_FUNCTION(peer_mentor_end_assignment)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "coordinator_id");
	require_actor(c, args.id(0), administrators);
	lock_mentor(args.id(0));
	if (end_live_assignment.write({of(args.id(1)), of(args.id(0))}).empty())
		invalid_argument("coordinator_id", "this coordinator is not assigned");
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_grant_role)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "user_id");
	require_argument(args, 1, "organisation_id");
	const auto role = role_argument(args, 2);
	const auto chapter = args.optional_id(3);
	require_appointer(c, args.id(1), role, chapter);
	require_user(keep_login(args.id(0)), args.id(0), "user_id");
	require_organisation(args.id(1));
	if (chapter &&
	    count_chapters.run({of(args.id(1)), array_of(1, UUIDOID, [&](std::size_t) { return of(*chapter); })})[0].bigint(
			1) != 1)
		invalid_argument("chapter_id", "the chapter does not exist in the organisation");
	const rows inserted = insert_role.write({of(args.id(0)), of(args.id(1)), of(chapter), of(role)});
	if (inserted.empty())
		raise(error::already_exists, "the user has this role already");
	return end_call_with_id(c, inserted);
}

PEER_MENTOR_FUNCTION(peer_mentor_end_role)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "user_id");
	require_argument(args, 1, "organisation_id");
	const auto role = role_argument(args, 2);
	require_appointer(c, args.id(1), role, args.optional_id(3));
	if (end_live_role.write({of(args.id(0)), of(args.id(1)), of(args.optional_id(3)), of(role)}).empty())
		invalid_argument("user_id", "the user does not have this role");
	end_assignments_of_former.write({of(args.id(0)), of(args.id(1))});
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_update_organisation)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "organisation_id");
	require_actor_of_organisation(c, args.id(0));
	const auto portal_sync = args.optional_text(5);
	if (portal_sync && *portal_sync != "off" && *portal_sync != "queue" && *portal_sync != "on")
		invalid_argument("portal_sync", psprintf("portal_sync \"%s\" is not known", to_cstring(*portal_sync)));
	change_organisation.write({of(args.id(0)), of(args.optional_text(1)), of(args.optional_text(2)),
	                           value(PG_GETARG_DATUM(3), args.is_null(3)), value(PG_GETARG_DATUM(4), args.is_null(4)),
	                           of(portal_sync)});
	if (SPI_processed == 0)
		invalid_argument("organisation_id", psprintf("organisation \"%s\" does not exist", to_cstring(args.id(0))));
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_put_chapter)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "organisation_id");
	require_argument(args, 1, "name");
	require_actor_of_organisation(c, args.id(0));
	require_organisation(args.id(0));
	const rows put = insert_chapter.write({of(args.optional_id(2)), of(args.id(0)), of(args.optional_text(1))});
	if (put.empty())
		invalid_argument("chapter_id", "the chapter does not exist in the organisation");
	return end_call_with_id(c, put);
}

PEER_MENTOR_FUNCTION(peer_mentor_put_certification_type)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "organisation_id");
	require_argument(args, 1, "code");
	require_actor_of_organisation(c, args.id(0));
	require_organisation(args.id(0));
	if (args.optional_text(1)->empty())
		invalid_argument("code", "a certification type needs a code");
	const auto mode = args.optional_text(4);
	if (mode && !parse_renewal_mode(*mode))
		invalid_argument("renewal_mode", psprintf("renewal mode \"%s\" is not known", to_cstring(*mode)));
	if (!args.is_null(3)) {
		const Interval *valid_for = PG_GETARG_INTERVAL_P(3);
		if (valid_for->time != 0 || !is_sensible({valid_for->month, valid_for->day}))
			invalid_argument("valid_for", "valid_for must be a number of whole days, up to 100 years");
	}
	require_between(args, 5, "renewal_window_days", 36500);
	require_between(args, 6, "grace_days", 3650);
	put_type.write({of(args.id(0)), of(args.optional_text(1)), of(args.optional_text(2)),
	                value(PG_GETARG_DATUM(3), args.is_null(3)), of(mode), value(PG_GETARG_DATUM(5), args.is_null(5)),
	                value(PG_GETARG_DATUM(6), args.is_null(6)), value(PG_GETARG_DATUM(7), args.is_null(7))});
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_resolve_undeliverable)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "id");
	const rows found = undeliverable_mentor.run({of(*args.optional_int64(0))});
	if (found.empty() || !may_see(c, found[0].id(1)))
		invalid_argument("id", "there is no such undeliverable notification");
	require_actor(c, found[0].id(1), staff);
	resolve_notification.write({of(*args.optional_int64(0))});
	end_call(c);
	PG_RETURN_VOID();
}
