// erase_mentor(), and what the deletion of a mentor's row leaves.
#include "call.hpp"
#include "outbox.hpp"
#include "pg/boundary.hpp"
#include "storage.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace peer_mentor {

namespace {

// As a deletion locks: the mentor's row first.
statement lock_for_erasure = {
	"SELECT m.external_key FROM public.peer_mentors m WHERE m.id = $1 FOR UPDATE", 1, {UUIDOID}};
statement rows_of = {"SELECT peer_mentor_private.rows_of($1, $2)", 2, {UUIDOID, TEXTOID}};
statement something_is_left = {
	"SELECT 1 FROM jsonb_each(peer_mentor_private.rows_of($1, NULL)) c WHERE c.value::bigint > 0 "
	"   AND (c.key <> 'outbox_events' OR EXISTS (SELECT FROM public.outbox_events e WHERE e.mentor_id = $1 AND e.event_type <> 'mentor_removed')) LIMIT 1",
	1,
	{UUIDOID}};
statement delete_mentor = {"DELETE FROM public.peer_mentors WHERE id = $1", 1, {UUIDOID}};
statement keep_anonymous = {
	"SELECT peer_mentor_private.keep_anonymous($1, $2, $3)", 3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}};
statement erase_loose = {"SELECT peer_mentor_private.erase_loose($1, $2)", 2, {UUIDOID, TEXTOID}};
statement erase_left = {"SELECT peer_mentor_private.erase_left($1)", 1, {UUIDOID}};

void erase_what_is_left(const uuid &id)
{
	if (something_is_left.run({of(id)}).empty())
		mentor_not_found(id);
	erase_loose.write({of(id), value{}});
	erase_left.write({of(id)});
	write_removal_events({&id, 1});
}

// The counts in the caller's memory.
Datum end_call_with_counts(const call &c, const rows &counted)
{
	const Datum copy = SPI_datumTransfer(counted[0].present(1, JSONBOID), false, -1);
	end_call(c);
	return copy;
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_erase_mentor)
{
	const arguments args{fcinfo};
	const call      c = begin_call();
	if (c.kind != actor_kind::operator_)
		raise(error::not_allowed, "permission denied to erase a mentor",
		      "Only the owner of the storage of peer_mentor may do this.");
	require_argument(args, 0, "mentor_id");
	const uuid id = args.id(0);
	const rows locked = lock_for_erasure.run({of(id)});
	const rows counted = rows_of.run({of(id), locked.empty() ? value{} : of(locked[0].optional_text(1))});
	if (locked.empty())
		erase_what_is_left(id);
	else if (delete_mentor.write({of(id)}); SPI_processed != 1)
		ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
		                errmsg("a trigger on table \"peer_mentors\" suppressed the deletion of a mentor")));
	return end_call_with_counts(c, counted);
}

// Called by a trigger of storage when the row is gone and what refers to it is not yet.
PEER_MENTOR_FUNCTION(peer_mentor_erase_traces)
{
	const arguments args{fcinfo};
	const call      c = begin_system_call();
	require_argument(args, 0, "mentor_id");
	const value removed_at = {PG_GETARG_DATUM(3), args.is_null(3)};
	keep_anonymous.write({of(args.id(0)), of(args.optional_id(1)), removed_at});
	erase_loose.write({of(args.id(0)), of(args.optional_text(2))});
	end_call(c);
	PG_RETURN_VOID();
}
