// record_certification, renew_certification, suspend_certification, reinstate_certification.
#include "certification.hpp"
#include "idempotency.hpp"
#include "outbox.hpp"
#include "pg/boundary.hpp"

namespace peer_mentor {

namespace {

constexpr actors certifiers = staff;

certification_rules require_rules(const mentor &m, std::string_view type)
{
	const auto found = find_rules(m.organisation, type);
	if (!found)
		invalid_argument("certification_type", psprintf("certification type \"%s\" does not exist", to_cstring(type)));
	return *found;
}

held_certification require_certification(const mentor &m, std::string_view type)
{
	const auto found = find_certification(m.id, type);
	if (!found)
		raise(error::certification_not_found,
		      psprintf("mentor \"%s\" holds no certification \"%s\"", to_cstring(m.id), to_cstring(type)),
		      detail(error::certification_not_found).add("mentor_id", m.id).add("certification_type", type));
	return *found;
}

[[noreturn]] void raise_suspended(const mentor &m, std::string_view type)
{
	raise(error::certification_suspended,
	      psprintf("certification \"%s\" of mentor \"%s\" is suspended", to_cstring(type), to_cstring(m.id)),
	      detail(error::certification_suspended).add("mentor_id", m.id).add("certification_type", type),
	      "An administrator can reinstate it.");
}

void require_sensible(const char *name, day d)
{
	if (d < to_day({first_year, 1, 1}) || d > to_day({last_year, 12, 31}))
		invalid_argument(name,
		                 psprintf("argument \"%s\" must lie between the years %d and %d", name, first_year, last_year));
}

void require_order(day issued_at, day expires_at)
{
	if (expires_at < issued_at)
		invalid_argument("expires_at", psprintf("certification would end on %s, before it begins on %s",
		                                        day_to_cstring(expires_at), day_to_cstring(issued_at)));
}

cert_status stored_by_dates(const mentor &m, const certification_rules &rules, day expires_at)
{
	return is_due(expires_at, rules.grace_days, m.today) ? cert_status::expired : cert_status::active;
}

// The certification was written; the status follows in the same transaction, for this reason where it was what stood in
// the way.
outcome follow(mentor &m, const author &by, const certification_rules &rules,
               const std::optional<held_certification> &before, reason why)
{
	if (!before || !was_in_the_way({before->stored, before->expires_at, rules.grace_days, rules.required}, m.today))
		why = reason::requirement_changed;
	const auto       changes = read_facts({&m, 1});
	const evaluation recovery{why, std::nullopt};
	const auto       moves = evaluate({&m, 1}, changes, by, {&recovery, 1});
	return moves.empty() ? unmoved(m) : outcome_of(moves[0]);
}

outcome record(mentor &m, const author &by, std::string_view type, day issued_at, std::optional<day> given_expiry)
{
	const certification_rules rules = require_rules(m, type);
	require_sensible("issued_at", issued_at);
	const day expires_at = given_expiry.value_or(add(issued_at, rules.valid_for));
	require_sensible("expires_at", expires_at);
	require_order(issued_at, expires_at);
	if (!insert_certification(
			{m.id, m.organisation, type, issued_at, expires_at, stored_by_dates(m, rules, expires_at), m.locked_at},
			anchor_of(issued_at, given_expiry), by))
		raise(error::already_exists,
		      psprintf("mentor \"%s\" holds certification \"%s\" already", to_cstring(m.id), to_cstring(type)),
		      detail(error::already_exists).add("mentor_id", m.id).add("certification_type", type),
		      "Renew it instead.");
	return follow(m, by, rules, std::nullopt, reason::certification_renewed);
}

struct renewal {
	std::string_view   type;
	std::optional<day> completed_on;
	std::optional<day> expires_at;
	std::optional<day> expected_expires_at;
};

void require_expected_expiry(const held_certification &held, const renewal &asked)
{
	if (asked.expected_expires_at && *asked.expected_expires_at != held.expires_at)
		raise(error::version_conflict,
		      psprintf("certification \"%s\" expires on %s, not %s", to_cstring(asked.type),
		               day_to_cstring(held.expires_at), day_to_cstring(*asked.expected_expires_at)),
		      detail(error::version_conflict)
		          .add("certification_type", asked.type)
		          .add("current_expires_at", std::string_view(day_to_cstring(held.expires_at))),
		      "Read the certification again and decide anew.");
}

void require_open_window(const held_certification &held, const certification_rules &rules, day completed_on,
                         std::string_view type)
{
	if (is_too_early(held.expires_at, rules.window_days, completed_on)) {
		const char *opens = day_to_cstring(held.expires_at - *rules.window_days);
		raise(
			error::renewal_too_early,
			psprintf("certification \"%s\" cannot be renewed before %s", to_cstring(type), opens),
			detail(error::renewal_too_early).add("certification_type", type).add("opens_on", std::string_view(opens)));
	}
}

outcome renew(mentor &m, const author &by, const renewal &asked)
{
	const certification_rules rules = require_rules(m, asked.type);
	const held_certification  held = require_certification(m, asked.type);
	if (held.stored == cert_status::suspended)
		raise_suspended(m, asked.type);
	require_expected_expiry(held, asked);
	const day completed_on = asked.completed_on.value_or(m.today);
	require_sensible("completed_on", completed_on);
	require_open_window(held, rules, completed_on, asked.type);

	const day expires_at = asked.expires_at.value_or(
		renewed_until({held.expires_at, held.anchor, completed_on, rules.valid_for, rules.mode}));
	require_sensible("expires_at", expires_at);
	if (expires_at < completed_on || expires_at < held.expires_at)
		invalid_argument("expires_at",
		                 psprintf("renewed certification would end on %s, before %s", day_to_cstring(expires_at),
		                          day_to_cstring(completed_on > held.expires_at ? completed_on : held.expires_at)),
		                 "A typing mistake is put right by correct_certification().");
	update_certification(held,
	                     {m.id, m.organisation, asked.type, completed_on, expires_at,
	                      stored_by_dates(m, rules, expires_at), m.locked_at},
	                     asked.expires_at ? expires_at : held.anchor, "renewed", by);
	write_certification_event(
		{"certification_renewed", m.organisation, m.id, asked.type, expires_at, held.id, m.locked_at}, by);
	return follow(m, by, rules, held, reason::certification_renewed);
}

outcome set_suspension(mentor &m, const author &by, std::string_view type, bool suspended)
{
	const certification_rules rules = require_rules(m, type);
	const held_certification  held = require_certification(m, type);
	if (suspended && held.stored == cert_status::suspended)
		raise_suspended(m, type);
	if (!suspended && held.stored != cert_status::suspended)
		raise(error::invalid_transition,
		      psprintf("certification \"%s\" of mentor \"%s\" is not suspended", to_cstring(type), to_cstring(m.id)),
		      detail(error::invalid_transition).add("mentor_id", m.id).add("certification_type", type));
	update_certification(held,
	                     {m.id, m.organisation, type, held.issued_at, held.expires_at,
	                      suspended ? cert_status::suspended : stored_by_dates(m, rules, held.expires_at), m.locked_at},
	                     held.anchor, suspended ? "suspended" : "reinstated", by);
	return follow(m, by, rules, held, reason::certification_reinstated);
}

outcome correct(mentor &m, const author &by, std::string_view type, day issued_at, day expires_at)
{
	const certification_rules rules = require_rules(m, type);
	const held_certification  held = require_certification(m, type);
	require_sensible("issued_at", issued_at);
	require_sensible("expires_at", expires_at);
	require_order(issued_at, expires_at);
	const cert_status stored =
		held.stored == cert_status::suspended ? held.stored : stored_by_dates(m, rules, expires_at);
	update_certification(held, {m.id, m.organisation, type, issued_at, expires_at, stored, m.locked_at}, expires_at,
	                     "corrected", by);
	return follow(m, by, rules, held, reason::certification_renewed);
}

Datum change_suspension(FunctionCallInfo fcinfo, bool suspended)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "certification_type");
	const author  by = {require_actor(c, args.id(0), administrators)};
	mentor        m = lock_mentor(args.id(0));
	const outcome result = set_suspension(m, by, *args.optional_text(1), suspended);
	end_call(c);
	return to_tuple(fcinfo, result);
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_record_certification)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "certification_type");
	require_argument(args, 2, "issued_at");
	const request asked("record_certification", args, 4);
	const author  by = {require_actor(c, args.id(0), certifiers)};
	mentor        m = lock_mentor(args.id(0));

	auto result = find_first_result(c, asked);
	if (!result) {
		result = record(m, by, *args.optional_text(1), *args.optional_day(2), args.optional_day(3));
		keep_first_result(c, asked, *result);
	}
	end_call(c);
	return to_tuple(fcinfo, *result);
}

PEER_MENTOR_FUNCTION(peer_mentor_renew_certification)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "certification_type");
	const request asked("renew_certification", args, 5);
	const author  by = {require_actor(c, args.id(0), certifiers)};
	mentor        m = lock_mentor(args.id(0));

	auto result = find_first_result(c, asked);
	if (!result) {
		result =
			renew(m, by, {*args.optional_text(1), args.optional_day(2), args.optional_day(3), args.optional_day(4)});
		keep_first_result(c, asked, *result);
	}
	end_call(c);
	return to_tuple(fcinfo, *result);
}

PEER_MENTOR_FUNCTION(peer_mentor_correct_certification)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "certification_type");
	require_argument(args, 2, "issued_at");
	require_argument(args, 3, "expires_at");
	const author  by = {require_actor(c, args.id(0), administrators)};
	mentor        m = lock_mentor(args.id(0));
	const outcome result = correct(m, by, *args.optional_text(1), *args.optional_day(2), *args.optional_day(3));
	end_call(c);
	return to_tuple(fcinfo, result);
}

PEER_MENTOR_FUNCTION(peer_mentor_suspend_certification) { return change_suspension(fcinfo, true); }

PEER_MENTOR_FUNCTION(peer_mentor_reinstate_certification) { return change_suspension(fcinfo, false); }
