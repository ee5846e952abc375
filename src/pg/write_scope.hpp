// How a guard knows that the engine writes: while a statement of the engine runs, the trigger depth at
// which it began is on a stack.  A trigger fired by that very statement runs one level deeper; a
// statement of a user's trigger fires its guards deeper still, and is not the engine's.
#pragma once

namespace peer_mentor {

void begin_write();
void end_write();
bool fired_by_engine();
int  trigger_depth();

// Takes back what an error left on the stack.
void register_write_scope_callbacks();

} // namespace peer_mentor
