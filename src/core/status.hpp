// The three states of a mentor, the reasons for a change, and who may cause one.
#pragma once

#include "core/labels.hpp"

#include <cstdint>

namespace peer_mentor {

enum class status : std::uint8_t { active, paused, expired_cert };

inline constexpr std::array<std::string_view, 3> status_labels{"active", "paused", "expired_cert"};

// Codes, never free text: no health data can reach the history.
enum class reason : std::uint8_t {
	registered,
	self_pause,
	coordinator_manual_pause,
	self_reactivation,
	coordinator_reactivation,
	pause_ended,
	certification_expired,
	certification_suspended,
	certification_renewed,
	certification_reinstated,
	requirement_changed,
	direct_update,
};

inline constexpr std::array<std::string_view, 12> reason_labels{
	"registered",
	"self_pause",
	"coordinator_manual_pause",
	"self_reactivation",
	"coordinator_reactivation",
	"pause_ended",
	"certification_expired",
	"certification_suspended",
	"certification_renewed",
	"certification_reinstated",
	"requirement_changed",
	"direct_update",
};

enum class actor_kind : std::uint8_t { mentor, coordinator, chapter_admin, org_admin, service, operator_, system };

inline constexpr std::array<std::string_view, 7> actor_kind_labels{
	"mentor", "coordinator", "chapter_admin", "org_admin", "service", "operator", "system"};

constexpr std::string_view label(status s) { return label_of(status_labels, s); }
constexpr std::string_view label(reason r) { return label_of(reason_labels, r); }
constexpr std::string_view label(actor_kind k) { return label_of(actor_kind_labels, k); }

constexpr std::optional<status> parse_status(std::string_view text) { return parse_label<status>(status_labels, text); }
constexpr std::optional<reason> parse_reason(std::string_view text) { return parse_label<reason>(reason_labels, text); }
constexpr std::optional<actor_kind> parse_actor_kind(std::string_view text)
{
	return parse_label<actor_kind>(actor_kind_labels, text);
}

static_assert(label(reason::direct_update) == "direct_update");
static_assert(label(actor_kind::system) == "system");
static_assert(parse_status("paused") == status::paused);
static_assert(!parse_status("retired"));

} // namespace peer_mentor
