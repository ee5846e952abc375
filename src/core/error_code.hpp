// The errors a caller can act on: the stable code in DETAIL and its SQLSTATE.
// PostgREST turns PTnnn into HTTP nnn, 22023 into 400, 42501 into 403 and 55000 into 500.
#pragma once

#include "core/labels.hpp"

#include <cstdint>

namespace peer_mentor {

enum class error : std::uint8_t {
	mentor_not_found,
	certification_not_found,
	not_allowed,
	engine_only,
	invalid_transition,
	certification_required,
	already_exists,
	certification_suspended,
	renewal_too_early,
	version_conflict,
	idempotency_mismatch,
	lease_lost,
	invalid_argument,
	storage_missing,
	storage_outdated,
};

struct error_spec {
	std::string_view code;
	std::string_view sqlstate;
};

inline constexpr std::array<error_spec, 15> error_specs{{
	{"mentor_not_found", "PT404"},
	{"certification_not_found", "PT404"},
	{"not_allowed", "42501"},
	{"engine_only", "42501"},
	{"invalid_transition", "PT409"},
	{"certification_required", "PT409"},
	{"already_exists", "PT409"},
	{"certification_suspended", "PT409"},
	{"renewal_too_early", "PT409"},
	{"version_conflict", "PT409"},
	{"idempotency_mismatch", "PT409"},
	{"lease_lost", "PT409"},
	{"invalid_argument", "22023"},
	{"storage_missing", "55000"},
	{"storage_outdated", "55000"},
}};

constexpr const error_spec &spec(error e) { return error_specs[static_cast<std::size_t>(e)]; }

namespace check {

// PostgREST before 16 repeats 40001 and 40P01 without bound, so no refusal may carry class 40.
constexpr bool sqlstates_are_safe()
{
	for (const error_spec &e : error_specs)
		if (e.sqlstate.size() != 5 || e.sqlstate.substr(0, 2) == "40")
			return false;
	return true;
}

} // namespace check

static_assert(check::sqlstates_are_safe());
static_assert(spec(error::storage_outdated).code == "storage_outdated");

} // namespace peer_mentor
