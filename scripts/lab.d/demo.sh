# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# lab demo: one connection from the inside. The guest's part is demo/run.sh.

lab_demo() {
	local out=$LAB_BUILD/demo start=$SECONDS
	local -a options=()

	while [ $# -gt 0 ]; do
		case $1 in
		--kernel | --seed)
			need_value "$1" $#
			options+=("$1" "$2")
			shift 2
			;;
		*)	die "lab demo does not know '$1'" ;;
		esac
	done
	rm -rf "$out"
	{
		# A part of a pipeline has to tidy up for itself.
		trap lab_cleanup EXIT
		demo_header
		lab_run "${options[@]}" --timeout 600 --out "$out" -- \
			/src/scripts/demo/run.sh
	} | demo_colours
	demo_footer "$out"
	say "that took $((SECONDS - start)) s"
}

demo_header() {
	cat <<'EOT'
TCP YOU CAN SEE THROUGH: the life of one connection, as tcp_lucid traces it

  socat sends 10 MiB over this path, made of network namespaces in a virtual
  machine that runs a Debian kernel. The sender's congestion control is lucid.

   sender                          router                          receiver
  10.0.1.1 >--- 20 ms, 0.03 % loss --->[40 packets]--- 10 Mbit/s ---> 10.0.2.1
           <--------------------------- 20 ms ----------------------<

  What reaches the router faster than 10 Mbit/s waits in its queue; when the
  queue is full, packets are lost. In mid-transfer the path is cut for 0.4 s.

  Below is what scripts/watch.bt prints, with "sender" and "receiver" for the
  ports: time, whose end, what happened there. --> is sent, <-- is received.
  The machine's clock is virtual: it counts instructions and jumps over idle
  time, so the minute in TIME_WAIT passes at once and every run shows the same.

EOT
}

demo_footer() {
	cat <<EOT

  Everything it saw:  $1/trace.txt
  The packets:        $1/packets.pcap (tcpdump -r, Wireshark)
EOT
}

# Colours for people; files and pipes get the bare text.
demo_colours() {
	local e=$'\e['

	if [ ! -t 1 ] || [ -n "${NO_COLOR:-}" ]; then
		cat
		return
	fi
	sed -u -E \
		-e "s/^([A-Z][A-Z ]*:.*)/${e}1m\1${e}0m/" \
		-e "s/^( {13}------ .*)/${e}1;31m\1${e}0m/" \
		-e "s/^( *[0-9.]+  [a-z]+ +)(--> SYN.*|<-- SYN.*|--> ACK.*|<-- ACK.*)/\1${e}32m\2${e}0m/" \
		-e "s/^( *[0-9.]+  [a-z]+ +)(cwnd .*)/\1${e}36m\2${e}0m/" \
		-e "s/^( *[0-9.]+  [a-z]+ +)(recovery .*|repaired .*)/\1${e}33m\2${e}0m/" \
		-e "s/^( *[0-9.]+  [a-z]+ +)(--> [0-9]+ bytes.*)/\1${e}31m\2${e}0m/" \
		-e "s/^( *[0-9.]+  [a-z]+ +)(.*FIN: .*|.*FIN, .*|TIME_WAIT.*)/\1${e}35m\2${e}0m/" \
		-e "s/^( +[0-9]* +\|)(.*)/\1${e}36m\2${e}0m/"
}
