#include "worker.hpp"

#include "outbox.hpp"

namespace peer_mentor {

call begin_worker_call()
{
	const call c = begin_call();
	if (c.is_app_user())
		raise(error::not_allowed, "permission denied", "Only a delivery worker may do this.");
	return c;
}

const char *channel_argument(const arguments &args, int i)
{
	require_argument(args, i, "channel");
	const auto channel = *args.optional_text(i);
	for (const char *known : {notification_channel, portal_channel})
		if (channel == known)
			return known;
	invalid_argument("channel", psprintf("channel \"%s\" is not known", to_cstring(channel)),
	                 "There are notification and portal_sync.");
}

void require_length(const arguments &args, int i, const char *name, const Interval &least, const Interval &most)
{
	const Datum given = args.fcinfo->args[i].value;
	if (DatumGetBool(DirectFunctionCall2(interval_lt, given, IntervalPGetDatum(&least))) ||
	    DatumGetBool(DirectFunctionCall2(interval_gt, given, IntervalPGetDatum(&most))))
		invalid_argument(name, psprintf("argument \"%s\" is too short or too long", name));
}

} // namespace peer_mentor
