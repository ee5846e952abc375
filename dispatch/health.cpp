#include "health.hpp"

#include "files.hpp"
#include "log.hpp"

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>

namespace dispatch {

namespace {

// The protocol of sd_notify(3), without its library.
void tell_systemd(const std::string &message)
{
	const char *path = std::getenv("NOTIFY_SOCKET");
	if (!path || std::strlen(path) < 2 || std::strlen(path) >= sizeof(sockaddr_un::sun_path))
		return;
	sockaddr_un address{};
	address.sun_family = AF_UNIX;
	std::memcpy(address.sun_path, path, std::strlen(path));
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
	const int  s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return;
	sendto(s, message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr *>(&address), length);
	close(s);
}

std::string utc(std::time_t t)
{
	char text[32] = "";
	tm   parts{};
	gmtime_r(&t, &parts);
	std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	return text;
}

} // namespace

health::health(const options &o)
	: settings(o), next_line(steady::now() + o.health_interval), next_watchdog(steady::now())
{
	const char *usec = std::getenv("WATCHDOG_USEC");
	if (const auto n = usec ? whole_number(usec) : std::nullopt)
		watchdog = milliseconds(*n / 1000 / 3);
}

void health::delivered_one()
{
	++counts.delivered;
	last_delivered = std::time(nullptr);
}

void health::tell(const standing &s, bool now)
{
	if (watchdog.count() > 0 && until(next_watchdog).count() <= 0) {
		next_watchdog = steady::now() + watchdog;
		tell_systemd("WATCHDOG=1");
	}
	if (!now && until(next_line).count() > 0)
		return;
	next_line = steady::now() + settings.health_interval;
	const auto field = [](const char *name, long n) { return std::string(" ") + name + "=" + std::to_string(n); };
	const std::string text = "channel=" + settings.channel + " database=" + (s.connected ? "up" : "down") +
	                         " listen=" + (s.listens ? "on" : "off") + " receiver=" + (s.holds ? "held" : "up") +
	                         field("claimed", counts.claimed) + field("delivered", counts.delivered) +
	                         field("later", counts.later) + field("never", counts.never) + field("lost", counts.lost) +
	                         field("expired", counts.expired) + field("in_flight", static_cast<long>(s.in_flight)) +
	                         field("waiting", static_cast<long>(s.waiting)) +
	                         " last_delivered=" + (last_delivered ? utc(last_delivered) : std::string("none"));
	log("health " + text);
	tell_systemd("STATUS=" + text);
	if (settings.health_file.empty())
		return;
	try {
		replace_file(settings.health_file, "at=" + utc(std::time(nullptr)) + " " + text + "\n");
	} catch (const std::runtime_error &e) {
		log("warning", {{"error", e.what()}});
	}
}

void health::ready() { tell_systemd("READY=1"); }
void health::stopping() { tell_systemd("STOPPING=1"); }

} // namespace dispatch
