# SPDX-License-Identifier: GPL-2.0-only
#
# Judges the KTAP that one suite printed: "PASSED FAILED SKIPPED WHY". Counts
# test cases, that is results without subtests of their own. WHY is empty for a
# suite that ran to its end; a suite that did not has failed once more.
#
# awk -v rc=EXIT-CODE -f ktap.awk

function depth_of(line)
{
	match(line, /^ */)
	return int(RLENGTH / 2)
}

{ depth = depth_of($0); sub(/^ */, "") }

/^1\.\.[0-9]+/ {
	split($1, plan, /\.\./)
	if (depth == 0) {
		planned = plan[2]
		has_plan = 1
	}
	if (plan[2] == 0)
		skipped++
	next
}

/^Bail out!/ { why = $0 }

/^(not )?ok( |$)/ {
	bad = /^not /
	skip = / # SKIP/
	if (depth == 0)
		seen++
	if (below[depth + 1]) {
		# A parent adds nothing to its children, unless it failed
		# and none of them did.
		if (bad && !below_bad[depth + 1])
			failed++
	} else if (skip) {
		skipped++
	} else if (bad) {
		failed++
	} else {
		passed++
	}
	below[depth + 1] = below_bad[depth + 1] = 0
	below[depth]++
	if (bad && !skip)
		below_bad[depth]++
}

END {
	if (why == "" && !has_plan)
		why = "no plan (1..N) in its output"
	if (why == "" && seen != planned)
		why = sprintf("planned %d tests, reported %d", planned, seen)
	# In a guest of the lab nothing that a whole suite wants is missing.
	if (why == "" && !passed && !failed)
		why = "it tested nothing"
	if (why == "" && rc != 0 && rc != 4 && !failed)
		why = "exit code " rc
	if (why != "")
		failed++
	print passed + 0, failed + 0, skipped + 0, why
}
