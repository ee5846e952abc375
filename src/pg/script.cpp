#include "pg/script.hpp"

#include "pg/server.hpp"

extern "C" {
#include "tcop/tcopprot.h"
}

namespace peer_mentor {

namespace {

constexpr int longest_context = 300;

int line_of(const char *text, int location)
{
	int line = 1;
	for (int i = 0; i < location; ++i)
		line += text[i] == '\n' ? 1 : 0;
	return line;
}

// What SPI adds is the statement itself, which may be hundreds of lines.
[[noreturn]] void rethrow(ErrorData *e, const char *name, int line)
{
	const char *context = e->context == nullptr ? "" : e->context;
	e->context = psprintf("%.*s%s\nscript \"%s\" of peer_mentor, statement at line %d",
	                      pg_mbcliplen(context, static_cast<int>(strlen(context)), longest_context), context,
	                      strlen(context) > longest_context ? " ..." : "", name, line);
	e->internalquery = nullptr;
	e->internalpos = 0;
	ReThrowError(e);
}

void run_statement(const char *name, const char *text, const RawStmt *statement)
{
	MemoryContext const context = CurrentMemoryContext;
	const int           start = statement->stmt_location < 0 ? 0 : statement->stmt_location;
	const char         *sql =
        statement->stmt_len > 0 ? pnstrdup(text + start, static_cast<Size>(statement->stmt_len)) : text + start;
	PG_TRY()
		;
		{
			if (SPI_execute(sql, false, 0) < 0)
				elog(ERROR, "could not execute a statement: %s", SPI_result_code_string(SPI_result));
		}
		PG_CATCH();
		{
			MemoryContextSwitchTo(context);
			ErrorData *e = CopyErrorData();
			FlushErrorState();
			rethrow(e, name, line_of(text, start));
		}
	PG_END_TRY();
}

} // namespace

void run_script(const char *name, const char *text)
{
	ListCell *cell;
	foreach (cell, pg_parse_query(text))
		run_statement(name, text, lfirst_node(RawStmt, cell));
}

} // namespace peer_mentor
