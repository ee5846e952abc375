// register_mentor, and the triggers that keep status rows beside a directory that others write.
#include "registration.hpp"

#include "idempotency.hpp"
#include "parent.hpp"
#include "pg/boundary.hpp"
#include "pg/write_scope.hpp"
#include "reminders.hpp"

namespace peer_mentor {

namespace {

statement insert_statuses = {
	"INSERT INTO public.peer_mentor_status (mentor_id, chapter_id, activated_by, organisation_id, roster_name, on_roster) "
	"SELECT u.mentor_id, "
	"       (SELECT c.chapter_id FROM public.mentor_chapters c WHERE c.mentor_id = u.mentor_id AND c.is_primary AND c.until IS NULL), $2, "
	"       m.organisation_id, left(COALESCE(m.display_name, ''), 100), m.deleted_at IS NULL "
	"  FROM unnest($1) u (mentor_id) "
	"  JOIN public.peer_mentors m ON m.id = u.mentor_id "
	" ORDER BY u.mentor_id "
	"ON CONFLICT (mentor_id) DO NOTHING RETURNING mentor_id",
	2,
	{UUIDARRAYOID, UUIDOID}};

statement insert_first_history = {
	"INSERT INTO public.peer_mentor_status_history (mentor_id, new_status, changed_by, actor_kind, changed_at, effective_on, reason, "
	"       job_run_id, chapter_id, version) "
	"SELECT s.mentor_id, s.status, $3, $4, $5, LEAST(u.effective_on, ($5 AT TIME ZONE COALESCE(o.time_zone, 'UTC'))::date), 'registered', $6, s.chapter_id, s.version "
	"  FROM unnest($1, $2) u (mentor_id, effective_on) "
	"  JOIN public.peer_mentor_status s ON s.mentor_id = u.mentor_id "
	"  JOIN public.peer_mentors m ON m.id = u.mentor_id "
	"  LEFT JOIN public.organisations o ON o.id = m.organisation_id "
	" WHERE u.mentor_id = ANY ($7) "
	"RETURNING mentor_id, id",
	7,
	{UUIDARRAYOID, DATEARRAYOID, UUIDOID, TEXTOID, TIMESTAMPTZOID, UUIDOID, UUIDARRAYOID}};

statement insert_mentor = {
	"INSERT INTO public.peer_mentors (id, organisation_id, user_id, display_name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1",
	4,
	{UUIDOID, UUIDOID, UUIDOID, TEXTOID}};

// A chapter of another organisation is as unknown as one that does not exist.
statement insert_chapters = {"INSERT INTO public.mentor_chapters (id, mentor_id, chapter_id, is_primary, since) "
                             "SELECT gen_random_uuid(), $1, c.id, u.i = 1, (now() AT TIME ZONE o.time_zone)::date "
                             "  FROM unnest($3) WITH ORDINALITY u (id, i) "
                             "  JOIN public.chapters c ON c.id = u.id AND c.organisation_id = $2 "
                             "  JOIN public.organisations o ON o.id = c.organisation_id "
                             " ORDER BY u.i",
                             3,
                             {UUIDOID, UUIDOID, UUIDARRAYOID}};

statement find_organisation = {"SELECT 1 FROM public.organisations o WHERE o.id = $1", 1, {UUIDOID}};

statement mirror_primary_chapter = {
	"UPDATE public.peer_mentor_status s "
	"   SET chapter_id = (SELECT c.chapter_id FROM public.mentor_chapters c WHERE c.mentor_id = $1 AND c.is_primary AND c.until IS NULL) "
	" WHERE s.mentor_id = $1 "
	"   AND s.chapter_id IS DISTINCT FROM (SELECT c.chapter_id FROM public.mentor_chapters c WHERE c.mentor_id = $1 AND c.is_primary AND c.until IS NULL)",
	1,
	{UUIDOID}};

struct new_mentor {
	uuid                            id;
	uuid                            organisation;
	std::optional<std::string_view> display_name;
	std::optional<uuid>             user;
	value                           chapters;
	std::size_t                     chapter_count;
};

std::span<uuid> elements_of(ArrayType *array, const char *argument)
{
	Datum *datums;
	bool  *nulls;
	int    n;
	if (ARR_NDIM(array) > 1)
		invalid_argument(argument, psprintf("argument \"%s\" must be an array of one dimension", argument));
	deconstruct_array(array, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &datums, &nulls, &n);
	auto ids = allocate<uuid>(static_cast<std::size_t>(n));
	for (int i = 0; i < n; ++i) {
		if (nulls[i])
			invalid_argument(argument, psprintf("argument \"%s\" must not contain null", argument));
		ids[static_cast<std::size_t>(i)] = to_uuid(datums[i]);
	}
	return ids;
}

void require_distinct(std::span<const uuid> ids)
{
	for (std::size_t i = 0; i < ids.size(); ++i)
		for (std::size_t j = i + 1; j < ids.size(); ++j)
			if (ids[i] == ids[j])
				invalid_argument("chapter_ids", psprintf("chapter \"%s\" is named twice", to_cstring(ids[i])));
}

std::optional<outcome> insert_registration(const new_mentor &n, const author &by)
{
	if (find_organisation.run({of(n.organisation)}).empty())
		invalid_argument("organisation_id", psprintf("organisation \"%s\" does not exist", to_cstring(n.organisation)));
	if (n.user && !claim_login(*n.user))
		invalid_argument("user_id", psprintf("user \"%s\" does not exist", to_cstring(*n.user)));
	if (insert_mentor.write({of(n.id), of(n.organisation), of(n.user), of(n.display_name)}).empty())
		return std::nullopt;
	if (insert_chapters.write({of(n.id), of(n.organisation), n.chapters}).count != n.chapter_count)
		invalid_argument("chapter_ids", "one of the chapters does not exist in the organisation");
	const registration first = {n.id, std::nullopt};
	const auto         done = write_first_statuses({&first, 1}, by);
	if (done.empty())
		ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
		                errmsg("a trigger changed or suppressed the registration of a mentor")));
	return outcome{n.id, std::nullopt, status::active, 1, done[0].at, done[0].history};
}

outcome register_new(const call &c, const request &asked, const new_mentor &n, const author &by)
{
	if (const auto first = find_first_result(c, asked))
		return *first;
	if (const auto done = insert_registration(n, by)) {
		keep_first_result(c, asked, *done);
		return *done;
	}
	// Somebody was faster; perhaps the same request, whose result is to be given again.
	if (const auto first = find_first_result(c, asked))
		return *first;
	raise(error::already_exists, psprintf("mentor \"%s\", or the login, is registered already", to_cstring(n.id)),
	      detail(error::already_exists).add("mentor_id", n.id));
}

} // namespace

std::span<uuid> chapter_arguments(const arguments &args, int i)
{
	const auto chapters = elements_of(DatumGetArrayTypeP(args.fcinfo->args[i].value), "chapter_ids");
	require_distinct(chapters);
	return chapters;
}

std::span<registered> write_first_statuses(std::span<const registration> mentors, const author &by)
{
	const auto ids = array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i].mentor); });
	const rows inserted = insert_statuses.write({ids, of(by.who.user)});
	if (inserted.empty())
		return {};
	const TimestampTz at = GetCurrentTimestamp();
	const rows        written = insert_first_history.write(
			   {ids, array_of(mentors.size(), DATEOID, [&](std::size_t i) { return of_day(mentors[i].effective_on); }),
	            of(by.who.user), of(label(by.who.kind)), of_time(at), of(by.job_run),
	            array_of(inserted.count, UUIDOID, [&](std::size_t i) { return inserted[i].column(1, UUIDOID); })});
	auto done = allocate<registered>(written.count);
	for (std::uint64_t i = 0; i < written.count; ++i)
		done[i] = {written[i].id(1), at, written[i].id(2)};
	inserted.free();
	written.free();
	return done;
}

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_register_mentor)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "organisation_id");
	require_argument(args, 2, "chapter_ids");
	const request asked("register_mentor", args, 5);
	const auto    chapters = chapter_arguments(args, 2);
	const author  by = {require_actor_of_chapters(c, args.id(1), chapters, staff)};
	require_anothers_login(c, args.optional_id(4));
	const outcome result = register_new(c, asked,
	                                    {args.id(0), args.id(1), args.optional_text(3), args.optional_id(4),
	                                     of_datum(PG_GETARG_DATUM(2)), chapters.size()},
	                                    by);
	end_call(c);
	return to_tuple(fcinfo, result);
}

PEER_MENTOR_FUNCTION(peer_mentor_register_inserted)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "mentor_ids");
	if (fired_by_engine())
		PG_RETURN_VOID(); // the engine registers its own
	const call c = begin_system_call();
	const auto ids = elements_of(PG_GETARG_ARRAYTYPE_P(0), "mentor_ids");
	auto       fresh = allocate<registration>(ids.size());
	for (std::size_t i = 0; i < ids.size(); ++i)
		fresh[i] = {ids[i], std::nullopt};
	write_first_statuses(fresh, {{actor_kind::system, std::nullopt}});
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_mirror_chapter)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "mentor_id");
	const call c = begin_system_call();
	mirror_primary_chapter.write({of(args.id(0))});
	end_call(c);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_evaluate_mentor)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "mentor_id");
	const call c = begin_system_call();
	mentor     m = lock_mentor(args.id(0));
	evaluate({&m, 1}, read_facts({&m, 1}), {{actor_kind::system, std::nullopt}});
	look_at_reminders_again(m.id);
	end_call(c);
	PG_RETURN_VOID();
}
