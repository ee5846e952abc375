// What the guards of storage ask: is it the engine, is the parent gone, is this direct UPDATE legal?
#include "parent.hpp"
#include "pg/boundary.hpp"
#include "pg/write_scope.hpp"
#include "storage.hpp"
#include "transition.hpp"

namespace peer_mentor {

namespace {

constexpr author by_operator = {{actor_kind::operator_, std::nullopt}, nullptr};

statement newest_trace = {
	"SELECT h.version, h.new_status::text FROM public.peer_mentor_status_history h WHERE h.mentor_id = $1 ORDER BY h.version DESC LIMIT 1",
	1,
	{UUIDOID}};

statement change_return_date = {
	"UPDATE public.pause_records SET expected_return_date = $2 WHERE mentor_id = $1 AND status = 'paused'",
	2,
	{UUIDOID, DATEOID}};

[[noreturn]] void refuse(std::string_view table, std::string_view operation)
{
	raise(error::engine_only, psprintf("%s on table \"%s\" is refused", to_cstring(operation), to_cstring(table)),
	      detail(error::engine_only).add("table", table).add("operation", operation),
	      "This table is written by the functions of peer_mentor only.");
}

status status_argument(const arguments &args, int i, const char *name)
{
	require_argument(args, i, name);
	const auto s = parse_status(*args.optional_text(i));
	if (!s)
		invalid_argument(name, psprintf("status \"%s\" is not known", to_cstring(*args.optional_text(i))));
	return *s;
}

[[noreturn]] void refuse_edge(const mentor &m, status from, status to)
{
	raise(error::invalid_transition,
	      psprintf("mentor \"%s\" cannot go from \"%s\" to \"%s\" by a direct UPDATE", to_cstring(m.id),
	               label(from).data(), label(to).data()),
	      detail(error::invalid_transition)
	          .add("mentor_id", m.id)
	          .add("status", label(from))
	          .add("requested", label(to)));
}

// Only the storage owner may update a status directly.
rights begin_direct_update()
{
	SPI_connect();
	const Oid owner = require_storage();
	if (!is_operator(owner))
		refuse("peer_mentor_status", "UPDATE");
	return act_as_owner(owner);
}

void check_edge(mentor &m, status from, status to)
{
	if (!is_edge(from, to, reason::direct_update, actor_kind::operator_))
		refuse_edge(m, from, to);
	if (to != status::active)
		return;
	read_facts({&m, 1});
	if (m.against.any())
		raise(error::certification_required,
		      psprintf("a required certification of mentor \"%s\" is not valid", to_cstring(m.id)),
		      detail(error::certification_required).add("mentor_id", m.id).add("status", label(from)));
}

// The row holds the new status already; the trace is owed exactly where the history is one row behind.
void trace(mentor &m, status from, status to, std::int64_t from_version, std::int64_t to_version,
           std::optional<day> return_date)
{
	const rows newest = newest_trace.run({of(m.id)});
	const bool owed = !newest.empty() && newest[0].bigint(1) == from_version &&
	                  parse_status(newest[0].text(2)) == from && m.now == to && m.version == to_version;
	if (from == to && from_version == to_version && owed && m.return_date == return_date) {
		change_return_date.write({of(m.id), of_day(return_date)});
		return;
	}
	if (!owed || to_version != from_version + 1 || !is_edge(from, to, reason::direct_update, actor_kind::operator_))
		refuse("peer_mentor_status", "UPDATE");
	m.now = from;
	m.version = from_version;
	read_facts({&m, 1});
	move step = {&m, {to, reason::direct_update, m.today}, {}};
	write_trace(step, by_operator, return_date);
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_engine_writes) { PG_RETURN_BOOL(fired_by_engine()); }

PEER_MENTOR_FUNCTION(peer_mentor_refuse_write)
{
	const arguments args{fcinfo};
	refuse(args.optional_text(0).value_or(""), args.optional_text(1).value_or(""));
}

PEER_MENTOR_FUNCTION(peer_mentor_is_gone)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "parent");
	if (args.is_null(1))
		PG_RETURN_BOOL(false);
	SPI_connect();
	const bool gone = is_gone(*args.optional_text(0), to_cstring(*args.optional_text(1)));
	SPI_finish();
	PG_RETURN_BOOL(gone);
}

PEER_MENTOR_FUNCTION(peer_mentor_check_direct_update)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "mentor_id");
	const status from = status_argument(args, 1, "previous_status");
	const status to = status_argument(args, 2, "new_status");

	const rights before = begin_direct_update();
	mentor       m = lock_mentor(args.id(0));
	const auto   new_date = args.optional_day(4);
	if (new_date && *new_date > to_day({last_year, 12, 31}))
		invalid_argument("expected_return_date", psprintf("expected return date lies after the year %d", last_year));
	if (new_date && new_date != args.optional_day(3) && *new_date < m.today)
		invalid_argument("expected_return_date", psprintf("expected return date %s lies before today, %s",
		                                                  day_to_cstring(*new_date), day_to_cstring(m.today)));
	if (from != to)
		check_edge(m, from, to);
	else if (from != status::paused || new_date == args.optional_day(3))
		refuse_edge(m, from, to);
	end_owned(before);
	PG_RETURN_VOID();
}

PEER_MENTOR_FUNCTION(peer_mentor_trace_direct_update)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "mentor_id");
	const status from = status_argument(args, 1, "previous_status");
	const status to = status_argument(args, 2, "new_status");
	require_argument(args, 3, "previous_version");
	require_argument(args, 4, "new_version");

	const rights before = begin_direct_update();
	mentor       m = lock_mentor(args.id(0));
	trace(m, from, to, *args.optional_int64(3), *args.optional_int64(4), args.optional_day(5));
	end_owned(before);
	PG_RETURN_VOID();
}
