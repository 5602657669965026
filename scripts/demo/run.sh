#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The part of `lab demo` that runs in the guest: build the path, start watch.bt,
# send the data, cut the path for a moment, wait for the end of TIME_WAIT, sum
# up. Leaves the raw trace and the packets in /out.

set -eu

PORT=5000
DATA_PORT=40000		# the sender's end
AMOUNT=$((10 << 20))	# bytes
OUTAGE_AT=4.5		# seconds after the start
OUTAGE=0.4		# seconds
TRACE=/sys/kernel/tracing/instances/demo

# ns NAMESPACE COMMAND...
ns() {
	ip netns exec "$@"
}

# link NAMESPACE DEVICE ADDRESS4 ADDRESS6: no offloads, or one loss on the path
# would take a packet of 64 kB, which no real path carries.
link() {
	ns "$1" ethtool -K "$2" tso off gso off gro off >/dev/null
	ns "$1" ip address add "$3/24" dev "$2"
	ns "$1" ip address add "$4/64" dev "$2" nodad
	ns "$1" ip link set "$2" up
}

build_path() {
	local name

	for name in sender router receiver; do
		ip netns add "$name"
		ns "$name" ip link set lo up
	done
	ip link add data0 netns sender type veth peer name west netns router
	ip link add data0 netns receiver type veth peer name east netns router
	link sender data0 10.0.1.1 fd00:1::1
	link router west 10.0.1.254 fd00:1::fe
	link router east 10.0.2.254 fd00:2::fe
	link receiver data0 10.0.2.1 fd00:2::1
	ns sender ip route add default via 10.0.1.254
	ns receiver ip route add default via 10.0.2.254
	ns router sysctl -qw net.ipv4.ip_forward=1

	# Eastward: 20 ms of delay with some loss where packets come in, then the
	# bottleneck where they leave. netem delays only what leaves a device,
	# and what comes in leaves through ifb0. Westward: 20 ms.
	ns router ip link add ifb0 type ifb
	ns router ip link set ifb0 up
	ns router tc qdisc add dev west ingress
	ns router tc filter add dev west ingress matchall \
		action mirred egress redirect dev ifb0
	ns router tc qdisc add dev ifb0 root netem delay 20ms loss 0.03% limit 1000
	ns router tc qdisc add dev east root netem rate 10mbit limit 40
	ns router tc qdisc add dev west root netem delay 20ms limit 1000
	ns router nft add table inet demo
	ns router nft 'add chain inet demo outage { type filter hook forward priority 0; }'

	ns sender sysctl -qw net.ipv4.tcp_congestion_control=lucid
	# The application waits until its data is on its way, or it would close
	# seconds before the last of it is sent.
	ns sender sysctl -qw net.ipv4.tcp_notsent_lowat=16384
	# Who has which address is known before the first SYN.
	ns sender ping -q -c 2 -i 0.2 10.0.2.1 >/dev/null
}

# watch.bt knows ports; here is known whose they are.
name_ends() {
	sed -u -n \
		-e "s/^\( *[0-9]*\.[0-9]\{6\}\) *$DATA_PORT > $PORT  */\1  sender    /p" \
		-e "s/^\( *[0-9]*\.[0-9]\{6\}\) *$PORT > $DATA_PORT  */\1  receiver  /p"
}

start_watching() {
	mkdir "$TRACE"
	echo 16384 >"$TRACE/buffer_size_kb"
	echo 1 >"$TRACE/events/tcp_lucid/enable"
	# Not ns: the number must be tcpdump's, not that of a shell around it.
	ip netns exec sender tcpdump -q -i data0 -s 128 -w /out/packets.pcap \
		"tcp port $DATA_PORT" 2>/tmp/tcpdump.log &
	tcpdump=$!
	bpftrace -B line /src/scripts/watch.bt "$DATA_PORT" \
		>/tmp/watch 2>/tmp/bpftrace.log &
	watch=$!
	tail -f -n +1 -s 0.01 --pid=$watch /tmp/watch | name_ends &
	show=$!
	# Both need a while to attach; nobody waits for virtual seconds.
	sleep 30
	if ! kill -0 $watch $tcpdump; then
		cat /tmp/bpftrace.log /tmp/tcpdump.log >&2
		exit 1
	fi
}

stop_watching() {
	# A shell without a terminal starts background jobs deaf to SIGINT.
	kill -TERM $tcpdump
	kill -INT $watch
	wait $watch $tcpdump $show || :
	cat "$TRACE/trace" >/out/trace.txt
}

# A line of the demo's own, in the trace too.
announce() {
	echo "             ------    $1"
	echo "$1" >"$TRACE/trace_marker"
}

outage() {
	sleep "$OUTAGE_AT"
	ns router nft add rule inet demo outage oifname east drop
	announce "the path is cut: the router drops what goes to the receiver"
	sleep "$OUTAGE"
	ns router nft flush chain inet demo outage
	announce "the path is back, after $OUTAGE s"
}

# Neither end closes while data is on its way to it: the receiver reads to the
# end of the data, and the sender then waits for the receiver's (-t: 10 s).
transfer() {
	ns receiver socat -u "TCP4-LISTEN:$PORT,reuseaddr" OPEN:/dev/null &
	receiver=$!
	sleep 1
	outage &
	head -c "$AMOUNT" /dev/zero | ns sender socat -b 16384 -t 10 - \
		"TCP4:10.0.2.1:$PORT,sourceport=$DATA_PORT"
	wait $receiver
}

build_path
start_watching
printf '    SECONDS  WHO       WHAT\n'
transfer
# 2 MSL are 60 seconds, and the kernel's timers round up.
sleep 65
stop_watching
echo
python3 /src/scripts/demo/summary.py /out/trace.txt "$DATA_PORT" "$AMOUNT"
