#include "identity.hpp"

#include "files.hpp"
#include "signature.hpp"
#include "text.hpp"

#include <cctype>
#include <sys/utsname.h>

namespace dispatch {

namespace {

// Not the machine's id itself, which is nobody's business.
std::string machine()
{
	std::string id = "peer_mentor_dispatch";
	if (exists("/etc/machine-id"))
		for (const std::string &line : lines_of("/etc/machine-id"))
			id += "/" + line;
	utsname name{};
	if (uname(&name) == 0)
		id += "/" + std::string(name.nodename);
	return sha256(id).substr(0, 12);
}

} // namespace

std::string one_word(const std::string &database)
{
	std::string out;
	for (const char c : database) {
		const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '_' || c == '-' || c == '.';
		if (plain)
			out += c;
		else
			out += '%' + hex(std::string(1, c));
	}
	return out;
}

identity identity_of(database &db)
{
	const result r = db.run("SELECT " DATABASE_SQL);
	return {one_word(r.text(0, 0)), db.endpoint() + (db.is_local() ? "#" + machine() : "")};
}

} // namespace dispatch
