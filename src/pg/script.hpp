// SQL text of several statements.
#pragma once

namespace peer_mentor {

// Runs them one by one, so that each sees what those before it made; the caller is connected to SPI.  An
// error names the script and the line, rather than showing the whole text.
void run_script(const char *name, const char *text);

} // namespace peer_mentor
