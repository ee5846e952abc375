// Checks for native tests: count, say what failed, go on.  main() ends with: return checks_failed();
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace checks {

inline int made = 0;
inline int failed = 0;

inline std::string show(std::string_view s) { return '"' + std::string(s) + '"'; }
inline std::string show(const char *s) { return show(std::string_view(s)); }
inline std::string show(bool b) { return b ? "true" : "false"; }
inline std::string show(int n) { return std::to_string(n); }
inline std::string show(unsigned n) { return std::to_string(n); }
inline std::string show(long n) { return std::to_string(n); }
inline std::string show(std::size_t n) { return std::to_string(n); }

template <typename T>
std::string show(const std::optional<T> &v)
{
	return v ? show(*v) : "none";
}

inline void report(bool good, const char *file, int line, const std::string &what)
{
	++made;
	if (good)
		return;
	++failed;
	if (failed <= 20)
		std::printf("%s:%d: %s\n", file, line, what.c_str());
}

template <typename A, typename B>
void equal(const A &got, const B &want, const char *file, int line, const std::string &what)
{
	report(got == want, file, line, got == want ? std::string() : what + ": got " + show(got) + ", want " + show(want));
}

} // namespace checks

// The last argument says what the check is about.
#define CHECK(condition, what) checks::report((condition), __FILE__, __LINE__, (what))
#define CHECK_EQUAL(got, want, what) checks::equal((got), (want), __FILE__, __LINE__, (what))

inline int checks_failed()
{
	std::printf("%d checks, %d failed\n", checks::made, checks::failed);
	return checks::failed == 0 && checks::made > 0 ? 0 : 1;
}
