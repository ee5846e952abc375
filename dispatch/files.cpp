#include "files.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace dispatch {

namespace {

[[noreturn]] void file_error(const std::string &path, const char *what)
{
	throw std::runtime_error("cannot " + std::string(what) + " " + path + ": " + std::strerror(errno));
}

} // namespace

std::vector<std::string> lines_of(const std::string &path)
{
	std::ifstream            in(path);
	std::vector<std::string> lines;
	if (!in)
		file_error(path, "read");
	for (std::string line; std::getline(in, line);)
		lines.push_back(line);
	return lines;
}

bool exists(const std::string &path) { return access(path.c_str(), F_OK) == 0; }

bool anybody_reads(const std::string &path)
{
	struct stat s {};
	return stat(path.c_str(), &s) == 0 && (s.st_mode & S_IROTH) != 0;
}

void replace_file(const std::string &path, std::string_view text)
{
	const std::string next = path + "." + std::to_string(getpid());
	{
		std::ofstream out(next, std::ios::trunc);
		out << text << std::flush;
		if (!out)
			file_error(next, "write");
	}
	if (rename(next.c_str(), path.c_str()) != 0)
		file_error(path, "replace");
}

} // namespace dispatch
