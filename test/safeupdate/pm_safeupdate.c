/*
 * What safeupdate does in Supabase's connections, for the tests: UPDATE and DELETE without WHERE are refused, in
 * whatever function they stand.  The message is the one PostgREST knows.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"

PG_MODULE_MAGIC;

void _PG_init(void);

static post_parse_analyze_hook_type previous_hook;

static void require_where(Query *query)
{
	ListCell *cell;

	if (query->commandType == CMD_UPDATE || query->commandType == CMD_DELETE)
		if (query->jointree == NULL || query->jointree->quals == NULL)
			ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
							errmsg("%s requires a WHERE clause", query->commandType == CMD_UPDATE ? "UPDATE" : "DELETE")));
	foreach(cell, query->cteList)
	{
		CommonTableExpr *cte = lfirst(cell);

		if (IsA(cte->ctequery, Query))
			require_where((Query *) cte->ctequery);
	}
}

static void after_analyze(ParseState *state, Query *query, JumbleState *jumble)
{
	if (previous_hook)
		previous_hook(state, query, jumble);
	require_where(query);
}

void _PG_init(void)
{
	previous_hook = post_parse_analyze_hook;
	post_parse_analyze_hook = after_analyze;
}
