// pause_mentor, reactivate_mentor and set_return_date: what people ask of a status.
#include "idempotency.hpp"
#include "pg/boundary.hpp"
#include "request.hpp"

namespace peer_mentor {

namespace {

constexpr actors everybody = staff | only(actor_kind::mentor);

statement cancel_held_pause = {
	"UPDATE public.pause_records SET ended_by = 'cancelled', coordinator_id = COALESCE($2, coordinator_id) WHERE id = $1",
	2,
	{UUIDOID, UUIDOID}};

statement change_return_date_of_status = {
	"UPDATE public.peer_mentor_status SET expected_return_date = $2 WHERE mentor_id = $1", 2, {UUIDOID, DATEOID}};

statement change_return_date_of_pause = {
	"UPDATE public.pause_records SET expected_return_date = $2, coordinator_id = COALESCE($3, coordinator_id) "
	" WHERE mentor_id = $1 AND status = 'paused'",
	3,
	{UUIDOID, DATEOID, UUIDOID}};

void require_version(const mentor &m, std::optional<std::int64_t> expected)
{
	if (expected && *expected != m.version)
		raise(error::version_conflict,
		      psprintf("status of mentor \"%s\" has version " INT64_FORMAT ", not " INT64_FORMAT, to_cstring(m.id),
		               static_cast<int64>(m.version), static_cast<int64>(*expected)),
		      detail(error::version_conflict).add("mentor_id", m.id).add("current_version", m.version),
		      "Read the status again and decide anew.");
}

void require_not_past(const mentor &m, std::optional<day> return_date)
{
	if (return_date && *return_date > to_day({last_year, 12, 31}))
		invalid_argument("expected_return_date", psprintf("expected return date lies after the year %d", last_year));
	if (return_date && *return_date < m.today)
		invalid_argument("expected_return_date", psprintf("expected return date %s lies before today, %s",
		                                                  day_to_cstring(*return_date), day_to_cstring(m.today)));
}

outcome pause(mentor &m, const author &by, std::optional<day> return_date)
{
	require_not_past(m, return_date);
	const auto changes = read_facts({&m, 1});
	const auto lapses = m.against.any() ? evaluate({&m, 1}, changes, by) : std::span<move>{};
	if (!lapses.empty())
		return outcome_of(lapses[0]);
	require_unblocked(m, status::paused, by.who.kind);
	move step = {&m, {status::paused, pause_reason_of(by.who.kind), m.today}, {}};
	write_moves({&step, 1}, by, return_date);
	return outcome_of(step);
}

outcome give_up_held_pause(mentor &m, const author &by)
{
	const auto changes = read_facts({&m, 1});
	if (!m.against.any()) {
		const auto moves = evaluate({&m, 1}, changes, by);
		return outcome_of(moves[0]);
	}
	read_held_pauses({&m, 1});
	if (!m.held.pause.held)
		require_unblocked(m, status::active, by.who.kind);
	if (holds_anothers_pause(m, by.who.kind))
		refuse_anothers_pause();
	cancel_held_pause.write({of(m.held.id), of(by.who.user)});
	return unmoved(m);
}

outcome reactivate(mentor &m, const author &by)
{
	if (m.now == status::expired_cert)
		return give_up_held_pause(m, by);
	read_facts({&m, 1});
	require_unblocked(m, status::active, by.who.kind);
	move step = {&m, {status::active, reactivation_reason_of(by.who.kind), m.today}, {}};
	write_moves({&step, 1}, by);
	return outcome_of(step);
}

outcome change_return_date(mentor &m, const author &by, day return_date)
{
	require_not_past(m, return_date);
	if (m.now != status::paused)
		require_unblocked(m, m.now, by.who.kind); // same state: there is no pause to change
	change_return_date_of_pause.write({of(m.id), of_day(return_date), of(by.who.user)});
	change_return_date_of_status.write({of(m.id), of_day(return_date)});
	return unmoved(m);
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_pause_mentor)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	const request asked("pause_mentor", args, 3);
	const author  by = {require_actor(c, args.id(0), everybody)};
	mentor        m = lock_mentor(args.id(0));

	auto result = find_first_result(c, asked);
	if (!result) {
		require_version(m, args.optional_int64(2));
		result = pause(m, by, args.optional_day(1));
		keep_first_result(c, asked, *result);
	}
	end_call(c);
	return to_tuple(fcinfo, *result);
}

PEER_MENTOR_FUNCTION(peer_mentor_reactivate_mentor)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	const request asked("reactivate_mentor", args, 2);
	const author  by = {require_actor(c, args.id(0), everybody)};
	mentor        m = lock_mentor(args.id(0));

	auto result = find_first_result(c, asked);
	if (!result) {
		require_version(m, args.optional_int64(1));
		result = reactivate(m, by);
		keep_first_result(c, asked, *result);
	}
	end_call(c);
	return to_tuple(fcinfo, *result);
}

PEER_MENTOR_FUNCTION(peer_mentor_set_return_date)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "expected_return_date");
	const author by = {require_actor(c, args.id(0), everybody)};
	mentor       m = lock_mentor(args.id(0));
	require_version(m, args.optional_int64(2));
	const outcome result = change_return_date(m, by, *args.optional_day(1));
	end_call(c);
	return to_tuple(fcinfo, result);
}
