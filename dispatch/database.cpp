#include "database.hpp"

#include "text.hpp"

#include <string_view>

namespace dispatch {

namespace {

constexpr std::chrono::seconds longest_statement(60);

PGconn *connect(const std::string &conninfo)
{
	// What comes before the connection string may be overridden by it, what comes after may not.  No "options":
	// poolers refuse them.
	const char *keywords[] = {"connect_timeout",
	                          "tcp_user_timeout",
	                          "keepalives_idle",
	                          "fallback_application_name",
	                          "dbname",
	                          "client_encoding",
	                          nullptr};
	const char *values[] = {"10", "30000", "30", "peer_mentor_dispatch", conninfo.c_str(), "UTF8", nullptr};
	return PQconnectdbParams(keywords, values, 1);
}

// 57P: shut down by an administrator or a crash; 08: the connection; 25006: a standby, the primary is elsewhere.
bool ends_connection(std::string_view state)
{
	return state.starts_with("57P") || state.starts_with("08") || state == "25006";
}

} // namespace

database::database(const std::string &conninfo, waiter w) : handle(connect(conninfo), PQfinish), wait(std::move(w))
{
	if (PQstatus(handle.get()) != CONNECTION_OK)
		throw connection_lost(PQerrorMessage(handle.get()));
	PQsetNoticeProcessor(
		handle.get(), [](void *, const char *) {}, nullptr);
}

void database::raise(const PGresult *r) const
{
	const auto field = [&](int code) {
		const char *value = r ? PQresultErrorField(r, code) : nullptr;
		return std::string(value ? value : "");
	};
	const std::string state = field(PG_DIAG_SQLSTATE);
	const std::string message = state.empty() ? PQerrorMessage(handle.get()) : field(PG_DIAG_MESSAGE_PRIMARY);
	if (PQstatus(handle.get()) != CONNECTION_OK || state.empty() || ends_connection(state))
		throw connection_lost(message);
	throw statement_failed(message, state, field(PG_DIAG_MESSAGE_DETAIL));
}

void database::await_results()
{
	const moment give_up = steady::now() + longest_statement;
	while (PQflush(handle.get()) == 1)
		wait(socket(), true, std::chrono::seconds(1));
	while (PQisBusy(handle.get())) {
		if (until(give_up).count() <= 0)
			throw connection_lost("no answer from the database");
		wait(socket(), false, std::min<milliseconds>(until(give_up), std::chrono::seconds(1)));
		if (!PQconsumeInput(handle.get()))
			raise(nullptr);
	}
}

result database::run(const char *sql, const std::vector<parameter> &parameters)
{
	std::vector<const char *> values;
	for (const parameter &p : parameters)
		values.push_back(p ? p->c_str() : nullptr);
	if (!PQsendQueryParams(handle.get(), sql, static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr,
	                       0))
		raise(nullptr);
	await_results();
	result first(PQgetResult(handle.get()));
	for (;;) {
		await_results();
		const result rest(PQgetResult(handle.get()));
		if (!rest.get())
			break;
	}
	const auto status = PQresultStatus(first.get());
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		raise(first.get());
	return first;
}

void database::listen(const char *channel) { run(("LISTEN " + std::string(channel)).c_str()); }

bool database::notified(const std::string &payload)
{
	if (!PQconsumeInput(handle.get()))
		raise(nullptr);
	bool found = false;
	while (PGnotify *n = PQnotifies(handle.get())) {
		found = found || payload == n->extra || !*n->extra;
		PQfreemem(n);
	}
	return found;
}

std::string database::setting(const char *keyword) const
{
	const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> all(PQconninfo(handle.get()), PQconninfoFree);
	for (const PQconninfoOption *o = all.get(); o && o->keyword; ++o)
		if (std::string_view(o->keyword) == keyword && o->val)
			return o->val;
	return {};
}

// The whole list where several hosts are given, so that a failover among them changes nothing.  hostaddr is where the
// connection really goes.
std::string database::endpoint() const
{
	const std::string host = setting("host"), address = setting("hostaddr"), port = setting("port");
	std::string       out = address.empty() || host.empty() ? host + address : host + "=" + address;
	if (out.empty())
		out = PQhost(handle.get());
	return out + ":" + (port.empty() ? PQport(handle.get()) : port);
}

bool database::is_local() const
{
	const std::string name = endpoint();
	const auto        address = name.find('=');
	const auto        host = address == name.npos ? name : name.substr(address + 1);
	for (const std::string_view local : {"/", "@", "localhost", "127.", "::1"})
		if (host.starts_with(local))
			return true;
	return false;
}

} // namespace dispatch
