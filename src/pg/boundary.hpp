// SQL enters C++ here and nowhere else.
//
// Two rules hold below this line:
//   1. no exception leaves: guard() has the only try in the program;
//   2. no destructor is skipped: frames that call the server hold only trivially destructible
//      objects, so ereport() may longjmp over them.
// test/symbols.sh proves both from the object files.
#pragma once

#include "pg/server.hpp"

namespace peer_mentor {

using sql_body = Datum (*)(FunctionCallInfo);

Datum guard(sql_body body, FunctionCallInfo fcinfo);

} // namespace peer_mentor

#define PEER_MENTOR_FUNCTION(name)                                                              \
	extern "C" {                                                                                \
	PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                                   \
	PG_FUNCTION_INFO_V1(name);                                                                  \
	}                                                                                           \
	static Datum     name##_body(FunctionCallInfo fcinfo);                                      \
	extern "C" Datum name(PG_FUNCTION_ARGS) { return peer_mentor::guard(name##_body, fcinfo); } \
	static Datum     name##_body(FunctionCallInfo fcinfo)
