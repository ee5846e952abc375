// import_register: a register of terms becomes mentors, chapters and certifications.
#include "core/date_format.hpp"
#include "outbox.hpp"
#include "pg/boundary.hpp"
#include "pg/subtransaction.hpp"
#include "register_rows.hpp"
#include "registration.hpp"
#include "statistics.hpp"
#include "storage.hpp"
#include "uuid.hpp"

#include <algorithm>

namespace peer_mentor {

namespace {

constexpr author      by_operator = {{actor_kind::operator_, std::nullopt}, nullptr};
constexpr std::size_t mentors_per_attempt = 200;

// One import of an organisation at a time: two would make the same missing chapter twice.
statement lock_organisation = {"SELECT 1 FROM public.organisations o WHERE o.id = $1 FOR NO KEY UPDATE", 1, {UUIDOID}};

statement find_mentor = {
	"SELECT m.id, m.organisation_id = $1, m.deleted_at IS NOT NULL, m.external_key "
	"  FROM public.peer_mentors m WHERE (m.organisation_id = $1 AND m.external_key = $2) OR m.id = $3 "
	" ORDER BY m.external_key IS NOT DISTINCT FROM $2 DESC LIMIT 1",
	3,
	{UUIDOID, TEXTOID, UUIDOID}};

statement create_mentor = {"INSERT INTO public.peer_mentors (id, organisation_id, external_key) VALUES ($1, $2, $3)",
                           3,
                           {UUIDOID, UUIDOID, TEXTOID}};

statement keep_key = {"UPDATE public.peer_mentors SET external_key = $2 WHERE id = $1", 2, {UUIDOID, TEXTOID}};

statement join_chapter = {
	"INSERT INTO public.mentor_chapters (id, mentor_id, chapter_id, since) "
	"SELECT gen_random_uuid(), $1, $2, $3 WHERE NOT EXISTS (SELECT FROM public.mentor_chapters c WHERE c.mentor_id = $1 AND c.chapter_id = $2 AND c.until IS NULL)",
	3,
	{UUIDOID, UUIDOID, DATEOID}};

statement knows_term = {
	"SELECT c.renewal_history @> jsonb_build_array(jsonb_build_object('issued_at', $2, 'expires_at', $3)) "
	"    OR EXISTS (SELECT FROM public.certification_renewal_events e WHERE e.certification_id = c.id AND e.issued_at = $2 AND e.expires_at = $3) "
	"  FROM public.peer_mentor_certifications c WHERE c.id = $1",
	3,
	{UUIDOID, DATEOID, DATEOID}};

statement append_term = {
	"UPDATE public.peer_mentor_certifications c "
	"   SET renewal_history = peer_mentor_private.with_renewal_entry(c.id, c.renewal_history, 'renewed', $4, $2, $3, 'operator', NULL) "
	" WHERE c.id = $1",
	4,
	{UUIDOID, DATEOID, DATEOID, TIMESTAMPTZOID}};

statement note_review = {
	"INSERT INTO peer_mentor_private.mentor_reviews (mentor_id, reason, effective_on, noted_at) VALUES ($1, 'certification_renewed', $2, clock_timestamp()) "
	"ON CONFLICT (mentor_id) DO UPDATE SET reason = EXCLUDED.reason, effective_on = EXCLUDED.effective_on, noted_at = EXCLUDED.noted_at",
	2,
	{UUIDOID, DATEOID}};

struct import_counts {
	std::int64_t imported = 0;
	std::int64_t renewed = 0;
	std::int64_t unchanged = 0;

	void add(const import_counts &c)
	{
		imported += c.imported;
		renewed += c.renewed;
		unchanged += c.unchanged;
	}
};

// The terms of one mentor, in the order of the register.
using mentor_terms = std::span<register_term *>;

struct import_run {
	Oid                     owner;
	const import_options   *options;
	std::span<mentor_terms> mentors;
	import_counts           counts;
};

void note_newest(std::optional<day> &newest, day d)
{
	if (!newest || *newest < d)
		newest = d;
}

// What the imported terms changed: anything at all, and from which days who is kept from being active.
struct consequences {
	bool               any = false;
	std::optional<day> suspended_from;
	std::optional<day> freed_as_stored; // took the place of a term that was stored as lapsed or suspended
	std::optional<day> freed_by_dates;  // of one that had lapsed by its dates alone

	// What is stored comes first: in a register that is replayed years later everything has lapsed by now.
	std::optional<day> freed_on() const { return freed_as_stored ? freed_as_stored : freed_by_dates; }
};

enum class term_result { imported, renewed, unchanged };

// Whether the term decides now what is held is told apart: most of those in a register only join the history.
term_result write_renewal(const mentor &m, const held_certification &held, const register_term &t,
                          const certification_record &r, bool &decided)
{
	const bool known = knows_term.run({of(held.id), of_day(t.issued_on), of_day(t.expires_on)})[0].boolean(1);
	if (!decides(t.expires_on, t.issued_on, held.expires_at, held.issued_at)) {
		if (known)
			return term_result::unchanged;
		append_term.write({of(held.id), of_day(t.issued_on), of_day(t.expires_on), of_time(m.locked_at)});
		return term_result::renewed;
	}
	const bool same_status = t.suspended == (held.stored == cert_status::suspended);
	if (known && same_status && t.expires_on == held.expires_at && t.issued_on == held.issued_at)
		return term_result::unchanged;
	decided = true;
	update_certification(held, r, t.expires_on == held.expires_at ? held.anchor : t.expires_on,
	                     known && !same_status ? (t.suspended ? "suspended" : "reinstated") : "renewed", by_operator);
	return term_result::renewed;
}

// The stored status of an imported term says nothing of today: a register is loaded years later, and the
// nightly run finds out what has lapsed.
term_result write_term(const mentor &m, const register_term &t, const std::optional<held_certification> &held,
                       bool &decided)
{
	const certification_record r = {m.id,         m.organisation,
	                                t.type,       t.issued_on,
	                                t.expires_on, t.suspended ? cert_status::suspended : cert_status::active,
	                                m.locked_at};
	if (held)
		return write_renewal(m, *held, t, r, decided);
	insert_certification(r, t.expires_on, by_operator);
	decided = true;
	return term_result::imported;
}

// Only a required certification blocks, and only the term that decides it.
void weigh(const mentor &m, const register_term &decisive, const std::optional<held_certification> &before,
           consequences &c)
{
	const auto rules = find_rules(m.organisation, decisive.type);
	if (!rules || !rules->required)
		return;
	if (decisive.suspended)
		note_newest(c.suspended_from, decisive.issued_on);
	else if (before && before->stored != cert_status::active)
		note_newest(c.freed_as_stored, decisive.issued_on);
	else if (before && is_due(before->expires_at, rules->grace_days, m.today))
		note_newest(c.freed_by_dates, decisive.issued_on);
}

bool is_same_term(const register_term &a, const register_term &b)
{
	return a.type == b.type && a.issued_on == b.issued_on && a.expires_on == b.expires_on;
}

day first_day(mentor_terms terms)
{
	return (*std::min_element(terms.begin(), terms.end(), [](auto *a, auto *b) { return a->issued_on < b->issued_on; }))
	    ->issued_on;
}

[[noreturn]] void raise_unusable(const char *why) { invalid_argument("mentor_key", why); }

// The mentor of this key, registered now if there is none yet.
mentor require_mentor(const import_options &options, mentor_terms terms)
{
	const std::string_view key = terms[0]->mentor_key;
	const auto             own = parse_uuid(key);
	const uuid             id = own ? *own : named_uuid(options.organisation, key);
	const rows             found = find_mentor.run({of(options.organisation), of(key), of(id)});
	if (!found.empty()) {
		if (!found[0].boolean(2))
			raise_unusable("mentor_key belongs to a mentor of another organisation");
		if (found[0].boolean(3))
			raise_unusable("the mentor of this mentor_key is removed");
		const uuid existing = found[0].id(1);
		if (found[0].is_null(4))
			keep_key.write({of(existing), of(key)});
		return lock_mentor(existing);
	}
	create_mentor.write({of(id), of(options.organisation), of(key)});
	const registration first = {id, first_day(terms)};
	write_first_statuses({&first, 1}, by_operator);
	return lock_mentor(id);
}

// Suspension does not depend on the day, so it acts at once; what has lapsed is the nightly run's to find.
void follow_import(mentor &m, const consequences &c)
{
	const auto changes = read_facts({&m, 1});
	const auto freed_on = c.freed_on();
	if (m.against.suspended && m.now != status::expired_cert) {
		const day suspended_from = std::min(c.suspended_from.value_or(m.today), m.today);
		move      step = {&m, {status::expired_cert, reason::certification_suspended, suspended_from}, {}};
		write_moves({&step, 1}, by_operator);
	} else if (m.now == status::expired_cert && !m.against.any()) {
		// whom no term freed is free because of the rules
		const evaluation recovery =
			freed_on ? evaluation{reason::certification_renewed, std::min(*freed_on, m.today)} : evaluation{};
		evaluate({&m, 1}, changes, by_operator, {&recovery, 1});
	} else if (m.now == status::expired_cert && freed_on)
		note_review.run({of(m.id), of_day(std::min(*freed_on, m.today))});
}

struct written_terms {
	import_counts counts;
	consequences  follow;
};

// The terms of one certification of a mentor, in order.
void write_terms(const mentor &m, mentor_terms terms, written_terms &w)
{
	const auto           before = find_certification(m.id, terms[0]->type);
	auto                 held = before;
	const register_term *decisive = nullptr;
	for (std::size_t i = 0; i < terms.size(); ++i) {
		// of the same term written twice the later row decides
		if (i + 1 < terms.size() && is_same_term(*terms[i], *terms[i + 1])) {
			++w.counts.unchanged;
			continue;
		}
		if (i > 0)
			held = find_certification(m.id, terms[0]->type);
		bool              decided = false;
		const term_result result = write_term(m, *terms[i], held, decided);
		w.counts.imported += result == term_result::imported ? 1 : 0;
		w.counts.renewed += result == term_result::renewed ? 1 : 0;
		w.counts.unchanged += result == term_result::unchanged ? 1 : 0;
		w.follow.any = w.follow.any || result != term_result::unchanged;
		decisive = decided ? terms[i] : decisive;
	}
	if (decisive != nullptr && (m.now == status::expired_cert || decisive->suspended))
		weigh(m, *decisive, before, w.follow);
}

import_counts import_mentor(const import_options &options, mentor_terms terms)
{
	mentor m = require_mentor(options, terms);
	for (const register_term *t : terms)
		if (t->chapter)
			join_chapter.write({of(m.id), of(*t->chapter), of_day(std::min(t->issued_on, m.today))});

	std::sort(terms.begin(), terms.end(), [](auto *a, auto *b) {
		return a->type != b->type               ? a->type < b->type
		       : a->issued_on != b->issued_on   ? a->issued_on < b->issued_on
		       : a->expires_on != b->expires_on ? a->expires_on < b->expires_on
		                                        : a->row < b->row;
	});
	written_terms w;
	for (std::size_t from = 0, to = 0; from < terms.size(); from = to) {
		for (to = from + 1; to < terms.size() && terms[to]->type == terms[from]->type;)
			++to;
		write_terms(m, terms.subspan(from, to - from), w);
	}
	if (w.follow.any) {
		follow_import(m, w.follow);
		follow_listing({&m, 1}, by_operator);
	}
	return w.counts;
}

void import_mentors(void *arg)
{
	import_run   &run = *static_cast<import_run *>(arg);
	const rights  before = begin_owned(run.owner);
	import_counts counts;
	for (const mentor_terms &terms : run.mentors)
		counts.add(import_mentor(*run.options, terms));
	run.counts = counts;
	end_owned(before);
}

void reject(mentor_terms terms, const ErrorData *e)
{
	for (register_term *t : terms)
		t->error = psprintf("%s (%s)", e->message, unpack_sql_state(e->sqlerrcode));
}

// Many mentors share a subtransaction; where it fails each gets its own, and the one at fault is rejected.
import_counts import_attempt(import_run run)
{
	ErrorData *e = attempt(import_mentors, &run);
	if (e == nullptr)
		return run.counts;
	if (concerns_everybody(e))
		ReThrowError(e);
	import_counts counts;
	if (run.mentors.size() == 1)
		reject(run.mentors[0], e);
	else
		for (std::size_t i = 0; i < run.mentors.size(); ++i)
			counts.add(import_attempt({run.owner, run.options, run.mentors.subspan(i, 1), {}}));
	FreeErrorData(e);
	return counts;
}

std::span<mentor_terms> group_by_mentor(std::span<register_term> terms)
{
	auto        good = allocate<register_term *>(terms.size());
	std::size_t n = 0;
	for (register_term &t : terms)
		if (t.error == nullptr)
			good[n++] = &t;
	std::sort(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n), [](auto *a, auto *b) {
		return a->mentor_key != b->mentor_key ? a->mentor_key < b->mentor_key : a->row < b->row;
	});
	auto        mentors = allocate<mentor_terms>(n);
	std::size_t m = 0;
	for (std::size_t from = 0, to = 0; from < n; from = to) {
		for (to = from + 1; to < n && good[to]->mentor_key == good[from]->mentor_key;)
			++to;
		mentors[m++] = good.subspan(from, to - from);
	}
	return mentors.first(m);
}

struct import_call {
	Oid            owner;
	import_options options;
	import_counts  counts;
	std::int64_t   rejected;
};

void import_all(void *arg)
{
	import_call &c = *static_cast<import_call *>(arg);
	const auto   terms = read_register(c.options);
	const auto   mentors = group_by_mentor(terms);
	statistics_clock clock;
	for (std::size_t i = 0; i < mentors.size(); i += mentors_per_attempt) {
		clock.tick(static_cast<std::int64_t>(i));
		c.counts.add(import_attempt(
			{c.owner, &c.options, mentors.subspan(i, std::min(mentors_per_attempt, mentors.size() - i)), {}}));
	}
	c.rejected = std::count_if(terms.begin(), terms.end(), [](const register_term &t) { return t.error != nullptr; });
	mark_register(terms);
}

Datum to_tuple(FunctionCallInfo fcinfo, const import_call &c)
{
	TupleDesc descriptor;
	if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	Datum values[] = {Int64GetDatum(c.counts.imported), Int64GetDatum(c.counts.renewed),
	                  Int64GetDatum(c.counts.unchanged), Int64GetDatum(c.rejected)};
	bool  nulls[] = {false, false, false, false};
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_import_register)
{
	const arguments args{fcinfo};
	const call      c = begin_system_call();
	require_argument(args, 0, "organisation_id");
	require_argument(args, 2, "date_format");
	require_argument(args, 3, "create_missing");
	require_argument(args, 4, "dry_run");
	import_call imported = {
		c.owner, {args.id(0), args.optional_text(1), *args.optional_text(2), PG_GETARG_BOOL(3)}, {}, 0};
	if (!date_format::is_valid(imported.options.date_format))
		invalid_argument("date_format",
		                 psprintf("date format \"%s\" is not known", to_cstring(imported.options.date_format)),
		                 "Use YYYY, MM and DD, each once, with separators between them.");
	if (lock_organisation.run({of(imported.options.organisation)}).empty())
		invalid_argument("organisation_id",
		                 psprintf("organisation \"%s\" does not exist", to_cstring(imported.options.organisation)));

	if (PG_GETARG_BOOL(4)) {
		if (ErrorData *e = rehearse(import_all, &imported))
			ReThrowError(e);
	} else
		import_all(&imported);
	end_call(c);
	return to_tuple(fcinfo, imported);
}
