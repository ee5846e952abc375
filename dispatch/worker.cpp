#include "worker.hpp"

#include "exit_status.hpp"
#include "files.hpp"
#include "identity.hpp"
#include "log.hpp"
#include "outbox.hpp"

#include <algorithm>

namespace dispatch {

namespace {

// A request begins only when the lease outlasts its timeout by so much, to record the outcome.
constexpr milliseconds slack = std::chrono::seconds(2);

std::string confirmed_identity(const options &o)
{
	if (!o.confirmed.empty())
		return o.confirmed;
	if (exists(o.confirmed_file))
		for (const std::string &line : lines_of(o.confirmed_file))
			if (!trim(line).empty())
				return std::string(trim(line));
	return {};
}

// Conflicts, lack of resources, a cancelled statement, an internal error: the same call may well succeed later.
bool passes(std::string_view state)
{
	for (const std::string_view kind : {"40", "53", "55", "57", "58", "XX"})
		if (state.starts_with(kind))
			return true;
	return false;
}

} // namespace

worker::worker(const options &o, stop_signals &s) : settings(o), signals(s), net(o), state(o) {}

int worker::run()
{
	log("started", {{"version", PEER_MENTOR_VERSION}, {"channel", settings.channel}});
	for (;;) {
		const int asked = signals.received();
		if (asked > 0 && !stop_by) {
			stop_by = steady::now() + settings.timeout + std::chrono::seconds(10);
			log("stopping", {{"in_flight", std::to_string(net.in_flight())}});
			state.stopping();
		}
		collect();
		step();
		if (asked > 1 || finished())
			break;
		state.tell(now_standing());
		net.wait(sockets(), longest_wait());
	}
	if (!unrecorded.empty() || net.in_flight() > 0) {
		log("warning", {{"error", "stopped before every outcome was recorded: some events will be sent again"}});
		status = exit_unavailable;
	}
	state.tell(now_standing(), true);
	log("stopped");
	return status;
}

void worker::step()
{
	try {
		if (!db)
			reach_database();
		if (!db)
			return;
		if (db->notified(settings.channel))
			next_claim = steady::now();
		if (until(next_try).count() > 0)
			return;
		record_outcomes();
		if (settings.what == task::once && held())
			status = exit_try_later;
		if (stop_by || status != 0) {
			give_back();
			return;
		}
		start_waiting();
		claim_more();
		start_waiting();
		trouble.reset();
	} catch (const connection_lost &e) {
		lose_database(e.what());
	} catch (const statement_failed &e) {
		const auto wait = trouble.next();
		next_try = steady::now() + wait;
		log("error", {{"sqlstate", e.state}, {"error", e.what()}, {"again_in", in_seconds(wait)}});
		if (settings.what == task::once)
			status = exit_unavailable;
	}
}

void worker::lose_database(const std::string &why)
{
	const auto wait = trouble.next();
	db.reset();
	listens = false;
	next_try = steady::now() + wait;
	log("database_lost", {{"error", why}, {"again_in", in_seconds(wait)}});
	if (settings.what == task::once)
		status = exit_unavailable;
}

// Connecting blocks: nobody may be waiting for an answer meanwhile.
void worker::reach_database()
{
	if (net.in_flight() > 0 || until(next_try).count() > 0)
		return;
	db.emplace(settings.conninfo, [this](int socket, bool writable, milliseconds most) {
		net.wait({{socket, writable}}, most);
	});
	try {
		check_database();
		start_listening();
	} catch (...) {
		db.reset(); // one that was not checked is none
		throw;
	}
	next_claim = steady::now();
	log("connected", {{"listen", listens ? "on" : "off"}});
	if (!announced)
		state.ready();
	announced = true;
}

void worker::check_database()
{
	const identity    here = identity_of(*db);
	const std::string wanted = confirmed_identity(settings);
	if (wanted.empty())
		throw wrong_database("no database is confirmed; this one is " + here.text() + "; see --confirm");
	if (here.text() != wanted)
		throw wrong_database("this is not the confirmed database: confirmed " + wanted + ", found " + here.text());
	confirmed = here.database;
}

// A pooler that hands out server connections by transaction keeps notifications to itself.  It shows by the number of
// the server's process, which the pooler made up when we connected.
void worker::start_listening()
{
	const bool direct =
		db->run("SELECT pg_catalog.pg_backend_pid()").text(0, 0) == std::to_string(db->server_process());
	if (settings.listen == listening::off || (settings.listen == listening::automatic && !direct))
		return;
	db->listen("peer_mentor_outbox");
	listens = true;
}

void worker::record_outcomes()
{
	while (!unrecorded.empty()) {
		const outcome &o = unrecorded.front();
		try {
			record(o);
		} catch (const statement_failed &e) {
			if (passes(e.state) && o.of.leased_until > steady::now())
				throw;
			log("error", {{"event", o.of.key}, {"sqlstate", e.state}, {"error", e.what()}});
		}
		unrecorded.pop_front();
	}
}

void worker::record(const outcome &o)
{
	const bool ours = o.what == verdict::delivered ? complete(*db, o.of)
	                                               : fail(*db, o.of, o.error, o.what == verdict::never, o.retry_after);
	// the mentor's next event can be had now
	if (o.what != verdict::later)
		next_claim = steady::now();
	if (!ours) {
		++state.counts.lost;
		log("lease_lost", {{"event", o.of.key}});
	} else if (o.what == verdict::delivered) {
		state.delivered_one();
	} else {
		++(o.what == verdict::later ? state.counts.later : state.counts.never);
		log(o.what == verdict::later ? "later" : "refused",
		    {{"event", o.of.key}, {"attempt", o.of.attempt}, {"error", o.error}});
	}
}

long worker::free_slots() const
{
	const long slots = receiver.probes() ? 1 : settings.concurrency;
	return slots - static_cast<long>(net.in_flight() + waiting.size());
}

void worker::claim_more()
{
	const long free = free_slots();
	if (held() || !waiting.empty() || free < 1 || until(next_claim).count() > 0)
		return;
	if (free * 4 < settings.concurrency && !receiver.probes())
		return; // soon there are more
	const long most = settings.batch_size > 0 && !receiver.probes() ? settings.batch_size : free;
	claimed    got = claim(*db, settings, most);
	if (!got.deliveries.empty() && got.database != confirmed)
		throw wrong_database("the pooler leads to another database now: confirmed " + confirmed + ", found " +
		                     got.database);
	drained = got.events == 0;
	next_claim = drained ? steady::now() + settings.poll : steady::now();
	state.counts.claimed += static_cast<long>(got.events);
	std::move(got.deliveries.begin(), got.deliveries.end(), std::back_inserter(waiting));
}

void worker::start_waiting()
{
	while (!waiting.empty() && !held() &&
	       net.in_flight() < static_cast<std::size_t>(receiver.probes() ? 1 : settings.concurrency)) {
		delivery d = std::move(waiting.front());
		waiting.pop_front();
		if (until(d.leased_until) < settings.timeout + slack)
			++state.counts.expired; // whoever claims it next sends it
		else
			net.post(std::move(d));
	}
}

void worker::give_back()
{
	while (!waiting.empty()) {
		fail(*db, waiting.front(), "the worker stopped", false, std::chrono::seconds(0));
		waiting.pop_front();
	}
}

void worker::collect()
{
	while (auto o = net.next_outcome()) {
		if (o->what == verdict::later)
			receiver.failed(steady::now(), o->retry_after);
		else
			receiver.got_through();
		unrecorded.push_back(std::move(*o));
	}
}

bool worker::finished()
{
	const bool idle = net.in_flight() == 0 && unrecorded.empty();
	if (stop_by)
		return (idle && waiting.empty()) || until(*stop_by).count() <= 0 || (idle && !db);
	if (settings.what != task::once || !idle)
		return false;
	return status != 0 || (drained && waiting.empty());
}

milliseconds worker::longest_wait() const
{
	milliseconds most = std::chrono::seconds(1);
	const auto   not_after = [&](moment when) { most = std::clamp(until(when), milliseconds(0), most); };
	if (!db || until(next_try).count() > 0)
		not_after(std::max(next_try, steady::now() + milliseconds(10)));
	else if (held())
		not_after(receiver.until());
	else if (free_slots() > 0 && !stop_by)
		not_after(std::max(next_claim, steady::now() + milliseconds(net.in_flight() > 0 ? 20 : 0)));
	return most;
}

std::vector<watched> worker::sockets() const { return {{signals.socket(), false}, {db ? db->socket() : -1, false}}; }

standing worker::now_standing() const { return {db.has_value(), listens, held(), net.in_flight(), waiting.size()}; }

} // namespace dispatch
