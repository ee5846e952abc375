#include "pg/boundary.hpp"

#include <exception>
#include <new>

namespace peer_mentor {

Datum guard(sql_body body, FunctionCallInfo fcinfo)
{
	int         code = ERRCODE_INTERNAL_ERROR;
	char        what[256];
	auto *const stack = PG_exception_stack;
	auto *const context = error_context_stack;

	try {
		return body(fcinfo);
	} catch (const std::bad_alloc &) {
		code = ERRCODE_OUT_OF_MEMORY;
		strlcpy(what, "out of memory", sizeof what);
	} catch (const std::exception &e) {
		strlcpy(what, e.what(), sizeof what);
	} catch (...) {
		strlcpy(what, "unknown C++ exception", sizeof what);
	}

	// the exception object is gone; now the server may longjmp
	PG_exception_stack = stack;
	error_context_stack = context;
	ereport(ERROR, (errcode(code), errmsg_internal("%s", what)));
}

} // namespace peer_mentor
