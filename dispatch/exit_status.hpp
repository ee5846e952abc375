// Those of sysexits.h; systemd is told not to start again after the first three.
#pragma once

namespace dispatch {

inline constexpr int exit_usage = 64;
inline constexpr int exit_wrong_database = 77;
inline constexpr int exit_configuration = 78;
inline constexpr int exit_unavailable = 69;
inline constexpr int exit_try_later = 75;

} // namespace dispatch
