// The state machine told: as rows and as a drawing.
#include "core/transition.hpp"
#include "pg/boundary.hpp"
#include "pg/errors.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace peer_mentor {

namespace {

const char *text_of(std::string_view s) { return s.data(); }

void draw_mermaid(StringInfo out)
{
	appendStringInfoString(out, "stateDiagram-v2\n");
	for (const edge &e : edges)
		appendStringInfo(out, "    %s --> %s : %s\n", e.from ? text_of(label(*e.from)) : "[*]", text_of(label(e.to)),
		                 text_of(label(e.reason)));
}

void draw_dot(StringInfo out)
{
	appendStringInfoString(out, "digraph peer_mentor {\n    start [shape=point];\n");
	for (std::string_view s : status_labels)
		appendStringInfo(out, "    %s [shape=box, style=rounded];\n", text_of(s));
	for (const edge &e : edges)
		appendStringInfo(out, "    %s -> %s [label=\"%s\"];\n", e.from ? text_of(label(*e.from)) : "start",
		                 text_of(label(e.to)), text_of(label(e.reason)));
	appendStringInfoString(out, "}\n");
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_status_transitions)
{
	InitMaterializedSRF(fcinfo, 0);
	auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
	for (const edge &e : edges) {
		Datum values[] = {e.from ? of(label(*e.from)).datum : 0, of(label(e.to)).datum, of(label(e.reason)).datum,
		                  of(e.who_text).datum};
		bool  nulls[] = {!e.from, false, false, false};
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

PEER_MENTOR_FUNCTION(peer_mentor_status_diagram)
{
	const arguments args{fcinfo};
	require_argument(args, 0, "format");
	const std::string_view format = *args.optional_text(0);
	StringInfoData         out;
	initStringInfo(&out);
	if (format == "mermaid")
		draw_mermaid(&out);
	else if (format == "dot")
		draw_dot(&out);
	else
		invalid_argument("format", psprintf("diagram format \"%s\" is not known", to_cstring(format)),
		                 "Use \"mermaid\" or \"dot\".");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
