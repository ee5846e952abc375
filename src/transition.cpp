#include "transition.hpp"

#include "outbox.hpp"
#include "roster.hpp"

namespace peer_mentor {

namespace {

statement end_pauses = {
	"UPDATE public.pause_records p "
	"   SET status = 'active', reactivated_at = $3, ended_by = u.ended_by, coordinator_id = COALESCE($4, p.coordinator_id) "
	"  FROM unnest($1, $2) u (mentor_id, ended_by) "
	" WHERE p.mentor_id = u.mentor_id AND p.status IN ('paused', 'expired_cert')",
	4,
	{UUIDARRAYOID, TEXTARRAYOID, TIMESTAMPTZOID, UUIDOID}};

statement begin_pauses = {
	"INSERT INTO public.pause_records (mentor_id, status, pause_reason, expected_return_date, paused_at, coordinator_id, resumes_pause_id) "
	"SELECT u.mentor_id, u.status::public.mentor_status, u.why, u.return_date, $7, u.coordinator, u.resumes "
	"  FROM unnest($1, $2, $3, $4, $5, $6) u (mentor_id, status, why, return_date, coordinator, resumes)",
	7,
	{UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, DATEARRAYOID, UUIDARRAYOID, UUIDARRAYOID, TIMESTAMPTZOID}};

statement append_history = {
	"INSERT INTO public.peer_mentor_status_history (mentor_id, previous_status, new_status, changed_by, actor_kind, changed_at, "
	"       effective_on, reason, job_run_id, chapter_id, version) "
	"SELECT u.mentor_id, u.previous::public.mentor_status, u.now::public.mentor_status, $7, $8, $9, "
	"       u.effective_on, u.why, $10, u.chapter_id, u.version "
	"  FROM unnest($1, $2, $3, $4, $5, $6, $11) u (mentor_id, previous, now, effective_on, why, chapter_id, version) "
	"RETURNING id",
	11,
	{UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, DATEARRAYOID, TEXTARRAYOID, UUIDARRAYOID, UUIDOID, TEXTOID,
     TIMESTAMPTZOID, UUIDOID, INT8ARRAYOID}};

// Last, so that a user's trigger on the status finds everything written.
statement write_status = {
	"UPDATE public.peer_mentor_status s "
	"   SET status = u.now::public.mentor_status, version = u.version, pause_reason = u.pause_reason, "
	"       expected_return_date = u.return_date, activated_by = $6, "
	"       next_expires_on = (SELECT min(c.expires_at) FROM public.peer_mentor_certifications c "
	"                           WHERE c.peer_mentor_id = s.mentor_id AND c.status = 'active') "
	"  FROM unnest($1, $2, $3, $4, $5) u (mentor_id, now, version, pause_reason, return_date) "
	" WHERE s.mentor_id = u.mentor_id "
	"RETURNING s.status = u.now::public.mentor_status AND s.version = u.version "
	"      AND s.pause_reason IS NOT DISTINCT FROM u.pause_reason AND s.expected_return_date IS NOT DISTINCT FROM u.return_date",
	6,
	{UUIDARRAYOID, TEXTARRAYOID, INT8ARRAYOID, TEXTARRAYOID, DATEARRAYOID, UUIDOID}};

statement write_certification_status = {
	"UPDATE public.peer_mentor_certifications c "
	"   SET status = u.status, "
	"       renewal_history = peer_mentor_private.with_renewal_entry(c.id, c.renewal_history, u.event, $4, c.issued_at, c.expires_at, $5, $6) "
	"  FROM unnest($1, $2, $3) u (id, status, event) "
	" WHERE c.id = u.id",
	6,
	{UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZOID, TEXTOID, UUIDOID}};

// What a move means for the pause on the status row and for the pause records.
struct pause_effect {
	bool                  ends = false;
	std::string_view      ended_by;
	bool                  begins = false;
	std::optional<reason> why;
	std::optional<day>    return_date;
	std::optional<uuid>   coordinator;
	std::optional<uuid>   resumes;
};

pause_effect effect_of(const move &m, const author &by, std::optional<day> return_date)
{
	pause_effect e;
	const status from = m.of->now;
	if (from != status::active) {
		e.ends = true;
		e.ended_by = from == status::expired_cert        ? "renewed"
		             : m.what.to == status::expired_cert ? "interrupted"
		                                                 : "reactivated";
	}
	if (m.what.to == status::active)
		return e;
	e.begins = true;
	e.why = m.what.why;
	e.coordinator = by.who.user;
	if (m.what.to == status::paused && from == status::expired_cert) {
		e.why = m.of->held.why;
		e.return_date = m.of->held.pause.return_date;
		e.coordinator = m.of->held.coordinator;
		e.resumes = m.of->held.id;
	} else if (m.what.to == status::paused)
		e.return_date = return_date;
	return e;
}

statement still_live = {
	"SELECT 1 FROM public.pause_records p WHERE p.mentor_id = ANY ($1) AND p.status IN ('paused', 'expired_cert') LIMIT 1",
	1,
	{UUIDARRAYOID}};

[[noreturn]] void raise_interference(const char *table)
{
	ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
	                errmsg("a trigger on table \"%s\" changed or suppressed a transition", table),
	                errhint("Triggers of your own may raise an error, but not change what the engine writes.")));
}

template <typename F>
value column(std::span<const move> moves, Oid type, F field)
{
	return array_of(moves.size(), type, [&](std::size_t i) { return field(moves[i]); });
}

void write_pauses(std::span<const move> moves, std::span<const pause_effect> effects, const author &by, TimestampTz at)
{
	auto        ending = allocate<std::size_t>(moves.size());
	auto        beginning = allocate<std::size_t>(moves.size());
	std::size_t ends = 0, begins = 0;
	for (std::size_t i = 0; i < moves.size(); ++i) {
		if (effects[i].ends)
			ending[ends++] = i;
		if (effects[i].begins)
			beginning[begins++] = i;
	}
	const auto mentor_of = [&](std::size_t i) { return of(moves[i].of->id); };
	if (ends > 0) {
		const value mentors = array_of(ends, UUIDOID, [&](std::size_t i) { return mentor_of(ending[i]); });
		end_pauses.write({mentors,
		                  array_of(ends, TEXTOID, [&](std::size_t i) { return of(effects[ending[i]].ended_by); }),
		                  of_time(at), of(by.who.user)});
		if (SPI_processed != ends && !still_live.run({mentors}).empty())
			raise_interference("pause_records");
	}
	if (begins > 0) {
		const auto e = [&](std::size_t i) -> const pause_effect & { return effects[beginning[i]]; };
		begin_pauses.write(
			{array_of(begins, UUIDOID, [&](std::size_t i) { return mentor_of(beginning[i]); }),
		     array_of(begins, TEXTOID, [&](std::size_t i) { return of(label(moves[beginning[i]].what.to)); }),
		     array_of(begins, TEXTOID, [&](std::size_t i) { return of(label(*e(i).why)); }),
		     array_of(begins, DATEOID, [&](std::size_t i) { return of_day(e(i).return_date); }),
		     array_of(begins, UUIDOID, [&](std::size_t i) { return of(e(i).coordinator); }),
		     array_of(begins, UUIDOID, [&](std::size_t i) { return of(e(i).resumes); }), of_time(at)});
		if (SPI_processed != begins)
			raise_interference("pause_records");
	}
}

void write_history(std::span<move> moves, const author &by, TimestampTz at)
{
	const rows written =
		append_history.write({column(moves, UUIDOID, [](const move &m) { return of(m.of->id); }),
	                          column(moves, TEXTOID, [](const move &m) { return of(label(m.of->now)); }),
	                          column(moves, TEXTOID, [](const move &m) { return of(label(m.what.to)); }),
	                          column(moves, DATEOID, [](const move &m) { return of_day(m.what.effective_on); }),
	                          column(moves, TEXTOID, [](const move &m) { return of(label(m.what.why)); }),
	                          column(moves, UUIDOID, [](const move &m) { return of(m.of->chapter); }), of(by.who.user),
	                          of(label(by.who.kind)), of_time(at), of(by.job_run),
	                          column(moves, INT8OID, [](const move &m) { return of(m.of->version + 1); })});
	if (written.count != moves.size())
		elog(ERROR, "wrote " UINT64_FORMAT " history rows for %zu transitions", static_cast<uint64>(written.count),
		     moves.size());
	for (std::size_t i = 0; i < moves.size(); ++i)
		moves[i].history_id = written[i].id(1);
	written.free();
}

void write_statuses(std::span<const move> moves, std::span<const pause_effect> effects, const author &by)
{
	const rows written = write_status.write(
		{column(moves, UUIDOID, [](const move &m) { return of(m.of->id); }),
	     column(moves, TEXTOID, [](const move &m) { return of(label(m.what.to)); }),
	     column(moves, INT8OID, [](const move &m) { return of(m.of->version + 1); }),
	     array_of(
			 moves.size(), TEXTOID,
			 [&](std::size_t i) { return moves[i].what.to == status::paused ? of(label(*effects[i].why)) : value{}; }),
	     array_of(moves.size(), DATEOID,
	              [&](std::size_t i) {
					  return moves[i].what.to == status::paused ? of_day(effects[i].return_date) : value{};
				  }),
	     of(by.who.user)});
	std::uint64_t as_meant = 0;
	for (std::uint64_t i = 0; i < written.count; ++i)
		as_meant += written[i].boolean(1) ? 1 : 0;
	if (as_meant != moves.size())
		raise_interference("peer_mentor_status");
	written.free();
}

} // namespace

static std::span<pause_effect> write_trace_of(std::span<move> moves, const author &by, std::optional<day> return_date)
{
	const TimestampTz at = moves[0].of->locked_at;
	auto              effects = allocate<pause_effect>(moves.size());
	for (std::size_t i = 0; i < moves.size(); ++i) {
		move &m = moves[i];
		if (m.what.effective_on < m.of->last_effective)
			m.what.effective_on = m.of->last_effective;
		effects[i] = effect_of(m, by, return_date);
	}
	write_history(moves, by, at);
	write_pauses(moves, effects, by, at);
	write_status_events(moves, by);
	return effects;
}

void write_moves(std::span<move> moves, const author &by, std::optional<day> return_date)
{
	if (!moves.empty())
		write_statuses(moves, write_trace_of(moves, by, return_date), by);
}

void write_trace(move &m, const author &by, std::optional<day> return_date)
{
	write_trace_of({&m, 1}, by, return_date);
}

static void write_certification_statuses(std::span<const overtaken> changes, const author &by, TimestampTz at)
{
	write_certification_status.write(
		{array_of(changes.size(), UUIDOID, [&](std::size_t i) { return of(changes[i].certification); }),
	     array_of(changes.size(), TEXTOID, [&](std::size_t i) { return of(label(changes[i].now)); }),
	     array_of(changes.size(), TEXTOID,
	              [&](std::size_t i) {
					  return of(changes[i].now == cert_status::expired ? std::string_view("expired")
		                                                               : std::string_view("restored"));
				  }),
	     of_time(at), of(label(by.who.kind)), of(by.job_run)});
	auto        expired = allocate<uuid>(changes.size());
	std::size_t n = 0;
	for (const overtaken &o : changes)
		if (o.now == cert_status::expired)
			expired[n++] = o.certification;
	write_expiry_events(expired.first(n), by);
}

// Whoever moved has the mirror of their next expiry written with the status.
static void mirror_unmoved(std::span<const mentor> mentors, std::span<const overtaken> changes,
                           std::span<const move> moves)
{
	auto moved = allocate<bool>(mentors.size());
	for (const move &m : moves)
		moved[static_cast<std::size_t>(m.of - mentors.data())] = true;
	auto        unmoved = allocate<uuid>(changes.size());
	std::size_t n = 0;
	for (const overtaken &o : changes)
		if (!moved[o.mentor])
			unmoved[n++] = mentors[o.mentor].id;
	mirror_next_expiry(unmoved.first(n));
}

// A certification or a rule may list a mentor, or no longer, whose status stays.
static void follow_unmoved(std::span<const mentor> mentors, std::span<const move> moves, const author &by)
{
	auto        unmoved = allocate<mentor>(mentors.size());
	std::size_t n = 0, next = 0;
	for (const mentor &m : mentors) {
		if (next < moves.size() && moves[next].of == &m)
			++next;
		else if (m.portal)
			unmoved[n++] = m;
	}
	follow_listing(unmoved.first(n), by);
}

std::span<move> evaluate(std::span<mentor> mentors, std::span<const overtaken> changes, const author &by,
                         std::span<const evaluation> recoveries)
{
	if (!changes.empty())
		write_certification_statuses(changes, by, mentors[changes[0].mentor].locked_at);

	bool may_recover = false;
	for (const mentor &m : mentors)
		may_recover = may_recover || (m.now == status::expired_cert && !m.against.any());
	if (may_recover)
		read_held_pauses(mentors);

	auto        moves = allocate<move>(mentors.size());
	std::size_t n = 0;
	for (std::size_t i = 0; i < mentors.size(); ++i) {
		mentor          &m = mentors[i];
		const evaluation e = recoveries.empty() ? evaluation{} : recoveries[i];
		auto             what = lapse(m.now, m.against, m.today);
		if (!what)
			what = recovery(m.now, m.against, m.held.pause, e.why, e.effective_on.value_or(m.today), m.today);
		if (!what && e.ends_pauses && m.auto_reactivate)
			what = ended_pause(m.now, m.against, m.return_date, m.today);
		if (what)
			moves[n++] = {&m, *what, {}};
	}
	write_moves(moves.first(n), by);
	mirror_unmoved(mentors, changes, moves.first(n));
	follow_unmoved(mentors, moves.first(n), by);
	return moves.first(n);
}

outcome unmoved(const mentor &m) { return {m.id, m.now, m.now, m.version, m.locked_at, std::nullopt}; }

outcome outcome_of(const move &m)
{
	return {m.of->id, m.of->now, m.what.to, m.of->version + 1, m.of->locked_at, m.history_id};
}

Datum to_tuple(FunctionCallInfo fcinfo, const outcome &o)
{
	TupleDesc descriptor;
	if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	descriptor = BlessTupleDesc(descriptor);
	Datum values[] = {PointerGetDatum(&o.mentor),
	                  o.previous ? of(label(*o.previous)).datum : 0,
	                  of(label(o.now)).datum,
	                  Int64GetDatum(o.version),
	                  TimestampTzGetDatum(o.changed_at),
	                  PointerGetDatum(o.history ? &*o.history : nullptr)};
	bool  nulls[] = {false, !o.previous, false, false, false, !o.history};
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

} // namespace peer_mentor
