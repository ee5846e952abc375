#include "exit_status.hpp"
#include "files.hpp"
#include "identity.hpp"
#include "log.hpp"
#include "worker.hpp"

#include <cstdio>

namespace dispatch {

namespace {

void wait_for(int socket, bool writable, milliseconds most)
{
	curl_waitfd w{socket, static_cast<short>(writable ? CURL_WAIT_POLLOUT : CURL_WAIT_POLLIN), 0};
	CURLM      *multi = curl_multi_init();
	curl_multi_poll(multi, &w, 1, static_cast<int>(most.count()), nullptr);
	curl_multi_cleanup(multi);
}

void show_identity(const options &o)
{
	database          db(o.conninfo, wait_for);
	const std::string here = identity_of(db).text();
	if (o.what == task::identity || o.confirmed_file.empty()) {
		std::printf("confirmed = %s\n", here.c_str());
		return;
	}
	replace_file(o.confirmed_file, here + "\n");
	std::printf("confirmed in %s: %s\n", o.confirmed_file.c_str(), here.c_str());
}

int run(const options &o)
{
	switch (o.what) {
	case task::help:
		std::fputs(usage().c_str(), stdout);
		return 0;
	case task::version:
		std::puts("peer_mentor_dispatch " PEER_MENTOR_VERSION);
		return 0;
	case task::identity:
	case task::confirm:
		show_identity(o);
		return 0;
	default:
		stop_signals signals;
		return worker(o, signals).run();
	}
}

int guarded(int argc, char **argv)
{
	try {
		return run(read_options(argc, argv));
	} catch (const wrong_option &e) {
		log("error", {{"error", e.what()}});
		return exit_configuration;
	} catch (const wrong_database &e) {
		log("error", {{"error", e.what()}});
		return exit_wrong_database;
	} catch (const connection_lost &e) {
		log("error", {{"error", e.what()}});
	} catch (const std::exception &e) {
		log("error", {{"error", e.what()}});
		return 1;
	}
	return exit_unavailable;
}

} // namespace

} // namespace dispatch

int main(int argc, char **argv)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	const int status = dispatch::guarded(argc, argv);
	curl_global_cleanup();
	return status;
}
