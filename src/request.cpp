#include "request.hpp"

#include "pg/boundary.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace peer_mentor {

namespace {

const char *edge_message(const mentor &m, status to)
{
	return psprintf("mentor \"%s\" cannot go from \"%s\" to \"%s\"", to_cstring(m.id), label(m.now).data(),
	                label(to).data());
}

const char *certification_message(const mentor &m)
{
	return psprintf("a required certification of mentor \"%s\" is %s", to_cstring(m.id),
	                m.against.lapsed ? "not valid any more" : "suspended");
}

Datum to_jsonb(std::span<const blocker> blockers)
{
	StringInfoData json;
	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (const blocker &b : blockers) {
		appendStringInfoString(&json, &b == blockers.data() ? "{\"code\": " : ", {\"code\": ");
		escape_json(&json, spec(b.code).code.data());
		appendStringInfoString(&json, ", \"message\": ");
		escape_json(&json, b.message);
		if (b.hint != nullptr) {
			appendStringInfoString(&json, ", \"hint\": ");
			escape_json(&json, b.hint);
		}
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

// The answer outlives the connection to SPI.
Datum to_tuple(FunctionCallInfo fcinfo, std::span<const blocker> blockers, MemoryContext outer)
{
	TupleDesc descriptor;
	if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	Datum               values[] = {BoolGetDatum(blockers.empty()), to_jsonb(blockers)};
	bool                nulls[] = {false, false};
	MemoryContext const inner = MemoryContextSwitchTo(outer);
	const Datum         tuple = HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
	MemoryContextSwitchTo(inner);
	return tuple;
}

constexpr const char *anothers_pause_message = "a mentor may end only a pause they set themselves";

} // namespace

bool holds_anothers_pause(const mentor &m, actor_kind who)
{
	return who == actor_kind::mentor && m.held.pause.held && m.held.why != reason::self_pause;
}

void refuse_anothers_pause() { raise(error::not_allowed, anothers_pause_message); }

std::span<blocker> find_blockers(const mentor &m, status to, actor_kind who)
{
	const objections o = object(m.now, to, who, m.against, m.pause_reason);
	auto             found = allocate<blocker>(3);
	std::size_t      n = 0;
	if (to == status::active && m.against.any() && holds_anothers_pause(m, who))
		found[n++] = {error::not_allowed, anothers_pause_message, nullptr};
	// From expired_cert it is the certification that has to be mended, not the request.
	const bool edge_first = !(m.now == status::expired_cert && o.certification);
	if (o.no_edge && edge_first)
		found[n++] = {error::invalid_transition, edge_message(m, to), nullptr};
	if (o.certification)
		found[n++] = {error::certification_required, certification_message(m),
		              m.against.lapsed ? "Renew the certification first." : "Reinstate the certification first."};
	if (o.no_edge && !edge_first)
		found[n++] = {error::invalid_transition, edge_message(m, to), nullptr};
	if (o.anothers_pause)
		found[n++] = {error::not_allowed, anothers_pause_message, nullptr};
	return found.first(n);
}

void require_unblocked(const mentor &m, status to, actor_kind who)
{
	const auto blockers = find_blockers(m, to, who);
	if (!blockers.empty())
		raise(blockers[0].code, blockers[0].message,
		      detail(blockers[0].code).add("mentor_id", m.id).add("status", label(m.now)).add("requested", label(to)),
		      blockers[0].hint);
}

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_explain_transition)
{
	const arguments     args{fcinfo};
	MemoryContext const outer = CurrentMemoryContext;
	const call          c = begin_reading_call();
	require_argument(args, 0, "mentor_id");
	require_argument(args, 1, "new_status");
	const auto to = parse_status(*args.optional_text(1));
	if (!to)
		invalid_argument("new_status", psprintf("status \"%s\" is not known", to_cstring(*args.optional_text(1))));
	const actor by = require_actor(c, args.id(0), staff | only(actor_kind::mentor));
	mentor      m = find_mentor(args.id(0));
	read_facts({&m, 1});
	if (m.now == status::expired_cert)
		read_held_pauses({&m, 1});
	const auto blockers = find_blockers(m, *to, by.kind);

	const Datum answer = to_tuple(fcinfo, blockers, outer);
	end_call(c);
	return answer;
}

PEER_MENTOR_FUNCTION(peer_mentor_require_visible)
{
	const arguments args{fcinfo};
	const call      c = begin_reading_call();
	require_argument(args, 0, "mentor_id");
	require_actor(c, args.id(0), staff | only(actor_kind::mentor));
	find_mentor(args.id(0));
	end_call(c);
	PG_RETURN_VOID();
}
