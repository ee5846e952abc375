// The errors a caller can act on: code, SQLSTATE, and the HTTP status that PostgREST makes of it.
#include "check.hpp"
#include "core/error_code.hpp"

#include <map>
#include <set>

using namespace peer_mentor;

namespace {

struct promised {
	std::string_view sqlstate;
	int              http;
};

const std::map<std::string_view, promised> contract = {
	{"mentor_not_found", {"PT404", 404}},
	{"certification_not_found", {"PT404", 404}},
	{"not_allowed", {"42501", 403}},
	{"engine_only", {"42501", 403}},
	{"invalid_transition", {"PT409", 409}},
	{"certification_required", {"PT409", 409}},
	{"already_exists", {"PT409", 409}},
	{"certification_suspended", {"PT409", 409}},
	{"renewal_too_early", {"PT409", 409}},
	{"version_conflict", {"PT409", 409}},
	{"idempotency_mismatch", {"PT409", 409}},
	{"lease_lost", {"PT409", 409}},
	{"invalid_argument", {"22023", 400}},
	{"storage_missing", {"55000", 500}},
	{"storage_outdated", {"55000", 500}},
};

// PostgREST: PTnnn is nnn, 42501 is 403, class 22 is 400, class 55 is 500.
int http_of(std::string_view sqlstate)
{
	if (sqlstate.starts_with("PT"))
		return (sqlstate[2] - '0') * 100 + (sqlstate[3] - '0') * 10 + (sqlstate[4] - '0');
	if (sqlstate == "42501")
		return 403;
	if (sqlstate.starts_with("22"))
		return 400;
	return sqlstate.starts_with("55") ? 500 : 0;
}

} // namespace

int main()
{
	std::set<std::string_view> seen;
	for (const error_spec &e : error_specs) {
		const std::string code(e.code);
		const auto        want = contract.find(e.code);
		CHECK(want != contract.end(), code + " is promised");
		CHECK(seen.insert(e.code).second, code + " is there once");
		if (want == contract.end())
			continue;
		CHECK_EQUAL(e.sqlstate, want->second.sqlstate, code);
		CHECK_EQUAL(http_of(e.sqlstate), want->second.http, code);
		CHECK(!e.sqlstate.starts_with("40"), code + " is not repeated by PostgREST");
	}
	CHECK_EQUAL(seen.size(), contract.size(), "all that is promised is there");
	// the enumeration and the table have one order
	CHECK_EQUAL(spec(error::mentor_not_found).code, "mentor_not_found", "first");
	CHECK_EQUAL(spec(error::engine_only).code, "engine_only", "engine_only");
	CHECK_EQUAL(spec(error::invalid_transition).code, "invalid_transition", "invalid_transition");
	CHECK_EQUAL(spec(error::certification_required).code, "certification_required", "certification_required");
	CHECK_EQUAL(spec(error::already_exists).code, "already_exists", "already_exists");
	CHECK_EQUAL(spec(error::renewal_too_early).code, "renewal_too_early", "renewal_too_early");
	CHECK_EQUAL(spec(error::version_conflict).code, "version_conflict", "version_conflict");
	CHECK_EQUAL(spec(error::idempotency_mismatch).code, "idempotency_mismatch", "idempotency_mismatch");
	CHECK_EQUAL(spec(error::invalid_argument).code, "invalid_argument", "invalid_argument");
	CHECK_EQUAL(spec(error::storage_outdated).code, "storage_outdated", "last");
	return checks_failed();
}
