#include "options.hpp"

#include "files.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <libpq-fe.h>
#include <memory>

namespace dispatch {

namespace {

constexpr std::string_view env_prefix = "PEER_MENTOR_DISPATCH_";

// The time between two steps of ours that a lease must outlast as well.
constexpr milliseconds least_slack = std::chrono::seconds(2);

struct source {
	std::string name; // of the setting
	std::string where;
	bool        on_command_line = false;

	[[noreturn]] void refuse(const std::string &why) const { throw wrong_option(where + ": " + name + " " + why); }
};

void set(milliseconds &to, const std::string &value, const source &from)
{
	const auto d = duration(value);
	if (!d || d->count() < 1)
		from.refuse("must be a time such as 500ms, 10s, 5min or 1h");
	to = *d;
}

void set(long &to, const std::string &value, const source &from, long least, long most)
{
	const auto n = whole_number(value);
	if (!n || *n < least || *n > most)
		from.refuse("must be a number from " + std::to_string(least) + " to " + std::to_string(most));
	to = *n;
}

// Whoever may list processes sees the command line.
void refuse_password(const std::string &conninfo, const source &from)
{
	if (!from.on_command_line)
		return;
	const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
		PQconninfoParse(conninfo.c_str(), nullptr), PQconninfoFree);
	for (const PQconninfoOption *o = parsed.get(); o && o->keyword; ++o)
		if (std::string_view(o->keyword) == "password" && o->val)
			from.refuse("may not hold a password here; use a password file or the environment");
}

void set_listen(options &o, const std::string &v, const source &from)
{
	if (v != "auto" && v != "on" && v != "off")
		from.refuse("must be auto, on or off");
	o.listen = v == "on" ? listening::on : v == "off" ? listening::off : listening::automatic;
}

void set_allow_http(options &o, const std::string &v, const source &from)
{
	if (v != "on" && v != "off")
		from.refuse("must be on or off");
	o.allow_http = v == "on";
}

struct setting {
	const char *name;
	const char *what;
	void (*set)(options &, const std::string &, const source &);
};

using text = const std::string &;

constexpr std::array settings = {
	setting{"conninfo", "connection string of libpq; none: libpq's environment",
            [](options &o, text v, const source &s) { refuse_password(v, s), o.conninfo = v; }},
	setting{"channel", "notification or portal_sync", [](options &o, text v, const source &) { o.channel = v; }},
	setting{"url", "where to POST, https", [](options &o, text v, const source &) { o.url = v; }},
	setting{"secret_file", "file with the secret; a second line is a second secret",
            [](options &o, text v, const source &) { o.secret_file = v; }},
	setting{"ca_file", "trust the certificates in this file instead of the system's",
            [](options &o, text v, const source &) { o.ca_file = v; }},
	setting{"confirmed", "the identity that --confirm printed",
            [](options &o, text v, const source &) { o.confirmed = v; }},
	setting{"confirmed_file", "file for it, which --confirm writes",
            [](options &o, text v, const source &) { o.confirmed_file = v; }},
	setting{"health_file", "file for the latest health line",
            [](options &o, text v, const source &) { o.health_file = v; }},
	setting{"health_interval", "time between two health lines (1min)",
            [](options &o, text v, const source &s) { set(o.health_interval, v, s); }},
	setting{"concurrency", "requests at the same time (8)",
            [](options &o, text v, const source &s) { set(o.concurrency, v, s, 1, 100); }},
	setting{"batch_size", "most events of a claim (as many as can be sent at once)",
            [](options &o, text v, const source &s) { set(o.batch_size, v, s, 1, 1000); }},
	setting{"lease", "how long a claim lasts (5min)", [](options &o, text v, const source &s) { set(o.lease, v, s); }},
	setting{"timeout", "how long a request may take (10s)",
            [](options &o, text v, const source &s) { set(o.timeout, v, s); }},
	setting{"poll", "time between two looks without a notification (5s)",
            [](options &o, text v, const source &s) { set(o.poll, v, s); }},
	setting{"listen", "auto, on or off: auto is off behind a pooler", set_listen},
	setting{"allow_http", "on: POST without TLS to other machines as well", set_allow_http},
};

void apply(options &o, const std::string &value, const source &from)
{
	const auto found =
		std::find_if(settings.begin(), settings.end(), [&](const setting &s) { return s.name == from.name; });
	if (found == settings.end())
		throw wrong_option(from.where + ": there is no setting " + printable(from.name));
	found->set(o, value, from);
}

// A file that cannot be read is a wrong setting: starting again mends nothing.
std::vector<std::string> lines_of_setting(const std::string &path)
{
	try {
		return lines_of(path);
	} catch (const std::runtime_error &e) {
		throw wrong_option(e.what());
	}
}

void read_file(options &o, const std::string &path)
{
	int line_number = 0;
	for (const std::string &line : lines_of_setting(path)) {
		const source here{"", path + " line " + std::to_string(++line_number)};
		const auto   content = trim(line);
		if (content.empty() || content.front() == '#')
			continue;
		const auto equals = content.find('=');
		if (equals == content.npos)
			throw wrong_option(here.where + ": expected name = value");
		apply(o, std::string(trim(content.substr(equals + 1))),
		      {std::string(trim(content.substr(0, equals))), here.where});
	}
}

std::string env_name(std::string_view setting_name)
{
	std::string name(env_prefix);
	for (const char c : setting_name)
		name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
	return name;
}

std::string env(const std::string &name)
{
	const char *value = std::getenv(name.c_str());
	return value ? value : "";
}

void read_environment(options &o)
{
	for (const setting &s : settings) {
		const std::string name = env_name(s.name);
		if (const std::string value = env(name); !value.empty())
			apply(o, value, {s.name, name});
	}
}

constexpr std::array<std::pair<std::string_view, task>, 6> tasks{{{"--once", task::once},
                                                                  {"--identity", task::identity},
                                                                  {"--confirm", task::confirm},
                                                                  {"--help", task::help},
                                                                  {"-h", task::help},
                                                                  {"--version", task::version}}};

void read_arguments(options &o, const std::vector<std::string> &arguments)
{
	for (const std::string &argument : arguments) {
		const auto named = std::find_if(tasks.begin(), tasks.end(), [&](const auto &t) { return t.first == argument; });
		if (named != tasks.end()) {
			o.what = named->second;
			continue;
		}
		const auto equals = argument.find('=');
		if (!argument.starts_with("--") || equals == argument.npos)
			throw wrong_option("not understood: " + printable(argument) + "; see --help");
		if (!argument.starts_with("--config="))
			apply(o, argument.substr(equals + 1), {argument.substr(2, equals - 2), "command line", true});
	}
}

std::string config_file(const std::vector<std::string> &arguments)
{
	std::string path = env(env_name("config"));
	for (const std::string &argument : arguments)
		if (argument.starts_with("--config="))
			path = argument.substr(std::string_view("--config=").size());
	return path;
}

// systemd puts credentials into a folder of their own.
void read_secrets(options &o)
{
	const std::string variable = env_name("secret");
	if (const std::string secret = env(variable); !secret.empty())
		o.secrets.push_back(secret);
	unsetenv(variable.c_str());
	if (o.secret_file.empty())
		if (const std::string folder = env("CREDENTIALS_DIRECTORY"); !folder.empty() && exists(folder + "/secret"))
			o.secret_file = folder + "/secret";
	if (o.secret_file.empty())
		return;
	if (anybody_reads(o.secret_file))
		throw wrong_option("secret_file: everybody may read " + o.secret_file);
	for (const std::string &line : lines_of_setting(o.secret_file))
		if (!trim(line).empty())
			o.secrets.emplace_back(trim(line));
}

bool is_this_machine(std::string_view url)
{
	for (const std::string_view host : {"http://localhost", "http://127.0.0.1", "http://[::1]"})
		if (url.starts_with(host) && (url.size() == host.size() || url[host.size()] == ':' || url[host.size()] == '/'))
			return true;
	return false;
}

void check_url(const options &o)
{
	const auto scheme = o.url.find("://");
	const auto authority =
		scheme == o.url.npos ? "" : o.url.substr(scheme + 3, o.url.find_first_of("/?#", scheme + 3) - scheme - 3);
	if (!o.url.starts_with("https://") && !(o.url.starts_with("http://") && (o.allow_http || is_this_machine(o.url))))
		throw wrong_option("url: must begin with https://, or allow_http be on");
	if (authority.empty() || authority.find('@') != authority.npos)
		throw wrong_option("url: needs a host, and may not hold a password");
}

void check(const options &o)
{
	if (o.channel != "notification" && o.channel != "portal_sync")
		throw wrong_option("channel: must be notification or portal_sync");
	check_url(o);
	if (o.secrets.empty())
		throw wrong_option("no secret: give secret_file, or " + env_name("secret") + " in the environment");
	for (const std::string &secret : o.secrets)
		if (secret.size() < 16)
			throw wrong_option("secret: needs 16 characters at least");
	if (o.lease < 2 * o.timeout + least_slack)
		throw wrong_option("lease: must be longer than twice the timeout and 2 s");
	if (o.confirmed.empty() && o.confirmed_file.empty())
		throw wrong_option("neither confirmed nor confirmed_file is set; see --confirm");
}

} // namespace

options read_options(int argc, char **argv)
{
	const std::vector<std::string> arguments(argv + 1, argv + argc);
	options                        o;
	if (const std::string path = config_file(arguments); !path.empty())
		read_file(o, path);
	read_environment(o);
	read_arguments(o, arguments);
	read_secrets(o);
	if (o.sends())
		check(o);
	return o;
}

std::string usage()
{
	std::string out = "peer_mentor_dispatch delivers events of peer_mentor's outbox by HTTP POST.\n\n"
	                  "  peer_mentor_dispatch [--config=FILE] [--SETTING=VALUE ...]   until it is told to stop\n"
	                  "  ... --once       until nothing is waiting\n"
	                  "  ... --identity   prints the identity of the database\n"
	                  "  ... --confirm    confirms it: from then on it is delivered from there\n\n"
	                  "Settings, also in FILE as \"name = value\" and in the environment as " +
	                  std::string(env_prefix) + "NAME:\n";
	for (const setting &s : settings) {
		std::string line = std::string("  ") + s.name;
		line.resize(20, ' ');
		out += line + s.what + "\n";
	}
	return out + "The secret is in secret_file or in the environment as " + env_name("secret") + ".\n";
}

} // namespace dispatch
