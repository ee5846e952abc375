# The statements of one long session: calls in blocks, a nightly run after each.  Variables: calls, runs, session, leak (a
# statement made after every tenth call, # becoming a number).  2,000 calls and 20 runs come before them: what a session
# uses for the first time stays with it.
function any(n) { return int(rand() * n) }
function one(list) { split(list, chosen, "|"); return chosen[1 + any(split(list, chosen, "|"))] }
function id(kind, n) { return sprintf("'%s0000000-0000-4000-8000-%012d'", kind, n) }
function mentor() { return id("b", 1 + any(20)) }
function type() { return one("'course'|'course'|'extra'|'unknown'") }
function call(what) {
	print "SELECT * FROM public." what ";"
	if (leak != "" && block > 0 && ++made % 10 == 0) {
		statement = leak
		gsub(/#/, made, statement)
		print statement ";"
	}
	done++
}

# 60 calls; the mentors are new each time, so that their histories stay short
function renew_mentors(i) {
	print "SET ROLE keeper;"
	print "DELETE FROM public.peer_mentors;"
	for (i = 1; i <= 20; i++) {
		call("register_mentor(" id("b", i) ", " id("a", 1) ", ARRAY[" id("c", 1 + i % 2) "]::uuid[], user_id => " id("d", i) ")")
		call("record_certification(" id("b", i) ", 'course', current_date - 100, current_date + 20 + " i ")")
		call("record_certification(" id("b", i) ", 'extra', current_date - 100, current_date + " i ")")
	}
}

function random_call(n, key) {
	n = any(100)
	if (n < 14) call("pause_mentor(" mentor() ", current_date + " any(60) - 3 ")")
	else if (n < 26) call("reactivate_mentor(" mentor() ")")
	else if (n < 32) call("reactivate_mentor(" mentor() ", " any(9) ")")
	else if (n < 38) call("set_return_date(" mentor() ", current_date + " any(60) - 3 ")")
	else if (n < 43) call("record_certification(" mentor() ", " type() ", current_date)")
	else if (n < 50) call("renew_certification(" mentor() ", " type() ", expires_at => current_date + " 10 + any(60) ")")
	else if (n < 54) call("suspend_certification(" mentor() ", " type() ")")
	else if (n < 60) call("reinstate_certification(" mentor() ", " type() ")")
	else if (n < 64) call("correct_certification(" mentor() ", " type() ", current_date - 50, current_date + " 10 + any(60) ")")
	else if (n < 67) call("set_mentor_chapters(" mentor() ", ARRAY[" id("c", 1 + any(3)) "]::uuid[])")
	else if (n < 68) call("remove_mentor(" mentor() ")")
	else if (n < 72) call("restore_mentor(" mentor() ")")
	else if (n < 78) call("explain_transition(" mentor() ", '" one("active|paused|expired_cert|nonsense") "')")
	else if (n < 81) call("mentor_timeline(" mentor() ")")
	else if (n < 83) call("mentor_status_on(" mentor() ", current_date)")
	else if (n < 85) call("pause_mentor(NULL)")
	else if (n < 87) call("update_organisation(" id("a", 1) ", reminder_days => " one("'{60,30,7}'|'{30,7,-7}'|'{7,7}'") ", auto_reactivate => " one("true|false") ")")
	else if (n < 89) call("put_certification_type(" id("a", 1) ", 'course', grace_days => " any(3) ")")
	else {
		# the same once more, then the key with another argument
		key = mentor() ", idempotency_key => 'key " any(1000) "')"
		call("pause_mentor(" key)
		call("pause_mentor(" key)
		sub(/, idem/, ", current_date + 9, idem", key)
		call("pause_mentor(" key)
	}
}

function random_caller(n) {
	n = any(8)
	if (n < 2) print "SET ROLE keeper;"
	else if (n < 4) print "SET ROLE service_role;"
	else {
		print "SET ROLE authenticated;"
		# the admin, a mentor, the stranger
		print "SET request.jwt.claims = '{\"role\": \"authenticated\", \"sub\": \"" substr(id("d", n < 7 ? 0 : one("1|2|3|21")), 2, 36) "\"}';"
	}
}

BEGIN {
	srand(20261121)
	warm_calls = 2000
	warm_runs = 20
	for (block = 1 - warm_runs; block <= runs; block++) {
		goal = block > 0 ? warm_calls + block * calls / runs : (block + warm_runs) * warm_calls / warm_runs
		if ((block + warm_runs) % 10 == 1) renew_mentors()
		while (done < goal) {
			if (done >= next_caller) {
				random_caller()
				next_caller = done + 20
			}
			random_call()
		}
		# forth and back, so that there is always somebody to expire or to restore
		print "SET ROLE keeper;"
		print "CALL peer_mentor.run_nightly(now() + interval '" (block % 2 ? 25 + any(45) : 0) " days', 7);"
		print "RESET ROLE;"
		if (block > 0 && (block % int(runs / 50 + 1) == 0 || block == runs)) print "CALL growth.measure('" session "', " done - warm_calls ");"
	}
}
