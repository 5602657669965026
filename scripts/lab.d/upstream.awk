# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel's tests say of our control, held to what they say of its own:
# KTAP, one line for each test. A test that fails with theirs shows nothing.
#
# awk -v theirs=CONTROL -v ours=CONTROL -f upstream.awk THEIRS.out OURS.out

# IGNORE: the test's own authors do not count this failure, as it comes and goes.
function name_of(line)
{
	sub(/^(not )?ok /, "", line)
	sub(/ # (SKIP|IGNORE).*/, "", line)
	return line
}

function add(list, more)
{
	return list (list == "" ? "" : ", ") more
}

# The test's own name comes before each of its results.
function short(result, test)
{
	return substr(result, length(test) + 3)
}

/^# used / && FILENAME == ARGV[2] {
	test = $0
	sub(/^# used /, "", test)
	sub(/: .*/, "", test)
	used[test] = add(used[test], substr($0, length(test) + 10))
}

/^(not )?ok / {
	name = name_of($0)
	test = name
	sub(/: .*/, "", test)
	if (!(test in index_of)) {
		index_of[test] = ++tests
		test_at[tests] = test
	}
	if (!(name in known)) {
		known[name] = 1
		results[test] = results[test] name "\n"
	}
	verdict = /^not / ? "fails" : / # SKIP/ ? "skipped" : "passes"
	if (FILENAME == ARGV[1]) {
		their[name] = verdict
		held[test] = 1
	} else {
		our[name] = verdict
		ran[test] = 1
	}
	if (/ # SKIP/)
		why[name] = substr($0, index($0, "# SKIP ") + 7)
}

END {
	print "TAP version 13"
	print "1.." (tests ? tests : 1)
	if (!tests)
		print "not ok 1 there are results"
	for (t = 1; t <= tests; t++) {
		test = test_at[t]
		n = split(results[test], names, "\n") - 1
		same = skipped = more = 0
		broken = reason = ""
		good = 1
		for (i = 1; i <= n; i++) {
			name = names[i]
			a = (name in their) ? their[name] : "missing"
			b = (name in our) ? our[name] : "missing"
			if (a == "fails")
				broken = add(broken, short(name, test))
			if (a == b) {
				same++
				if (a == "skipped") {
					skipped++
					reason = why[name]
				}
			} else if (b == "passes") {
				more++
			} else if (a != "fails") {
				good = 0
				if (test in ran)
					printf "# %s: %s with %s, %s with %s\n",
						short(name, test), a, theirs, b, ours
			}
		}
		if (!(test in ran))
			print "# " test ": nothing of it with " ours
		line = sprintf("%d %s: %d results as with %s", t, test, same, theirs)
		if (skipped)
			line = line sprintf(", %d of them skipped", skipped)
		if (more)
			line = line sprintf(", %d more pass", more)
		if (test in used)
			line = line "; " used[test]
		if (!good || !(test in held))
			print "not ok " line
		else if (broken != "")
			print "ok " line " # SKIP with " theirs " fails: " broken
		else if (skipped == n)
			print "ok " line " # SKIP " reason
		else
			print "ok " line
	}
}
