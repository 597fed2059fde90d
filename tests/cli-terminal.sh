#!/bin/sh
# SPDX-License-Identifier: MIT
# The shell over the simulator, at a terminal.
. "${srcdir:-.}/tests/needs-names.sh"
. "${srcdir:-.}/tests/cli-cases.sh"

HOME=$dir/home
XDG_STATE_HOME=$dir/state
TERM=xterm
export HOME XDG_STATE_HOME TERM
mkdir "$HOME"

if ! grep -q "define HAVE_LIBEDIT 1" config.h; then
	bad=
	printf "expect without libedit\\nend 2\\n" |
		./tests/pty 80 24 "$blewire" -a sim shell >"$dir/out" 2>"$dir/err" || bad="no word of it"
	result "no prompt without libedit"
	finish
fi

# terminal NAME COLUMNS: steps from $dir/steps
terminal() {
	bad=
	./tests/pty "$2" 24 "$blewire" -a sim shell <"$dir/steps" >"$dir/raw" 2>"$dir/err" ||
		bad="$(cat "$dir/err")"
	tr -d '\r' <"$dir/raw" | sed 's/\x1b\[[0-9;]*[A-Za-z]/ /g' >"$dir/out"
	result "$1"
}

steps() { cat >"$dir/steps"; }

steps <<'EOF'
expect blewire> 
send help\r
expect Tab completes.
expect blewire> 
send quit\r
end 0
EOF
terminal "terminal: help and quit" 80
steps <<'EOF'
expect blewire> 
send \x04
end 0
EOF
terminal "terminal: Ctrl-D" 80
steps <<EOF
expect blewire> 
send sca\t-t 1\r
expect "Sim Heart Rate"
expect blewire> 
send conn\tC0:ff:ee:00:18:1a\t\r
expect connected to $weather/random
expect C0:FF:EE:00:18:1A> 
send read temp\t -f i\t\t
expect i16
send 16\r
expect 2100
expect 1A> 
send read temperature/desc\t -f text\r
expect Temperature of the air
expect 1A> 
send read @0x001b/29\t\t
expect 2902
expect 2901
send 1 -f text\r
expect Temperature of the air
expect 1A> 
send write b1e00002\t text:ok --re\t -f text\r
expect \nok\r
expect 1A> 
send param\t--preset low\t\t
expect low-latency
expect low-power
send p\t\r
expect 125.00 ms
expect 1A> 
send \x04
end 0
EOF
terminal "terminal: completion" 80
steps <<EOF
expect blewire> 
send connect C0:00:00:00:00:99 --timeout 600\r
expect blewire: connecting to C0:00:00:00:00:99, still waiting: Ctrl-C ends it
send \x03
expect blewire> 
never still waiting
send connect $weather\r
expect 1A> 
send \x04
end 0
EOF
terminal "terminal: a connect that waits" 80
steps <<EOF
expect blewire> 
send connect $weather\r
expect 1A> 
send notify temperature\r
expect 1A> 
send rss
expect \e[J
expect @0x001b
expect 1A> rss
expect @0x001b
expect 1A> rss
send i\r
expect \n-
expect 1A> 
send unnotify\r
expect 1A> 
send \x04
end 0
EOF
terminal "terminal: notifications above what is typed" 80
sed "s/1A> rss$/ss/" "$dir/steps" >"$dir/narrow"
mv "$dir/narrow" "$dir/steps"
terminal "terminal: the same, narrow" 20
steps <<EOF
expect blewire> 
send frob\x03
expect ^C
expect blewire> 
never unknown
send wait 60\r
pause 300
send \x03
expect blewire> 
send connect $weather\r
expect 1A> 
send notify temperature -t 60\r
expect @0x001b
send \x03
expect 1A> 
never @0x001b
pause 1500
never @0x001b
send scan -t 60\r
expect "Sim
send \x03
expect 1A> 
send read temperature -f i16\r
expect 2
expect 1A> 
send \x04
end 0
EOF
terminal "terminal: Ctrl-C ends the line and the command" 80
must [ "$(stat -c %a "$dir/state/blewire/history")" = 600 ]
result "history: for its owner alone"
must [ "$(stat -c %a "$dir/state/blewire")" = 700 ]
result "history: its folder, too"
steps <<'EOF'
expect blewire> 
send help wait\r
expect Usage: wait
expect blewire> 
send \x04
end 0
EOF
terminal "history: a line of one shell" 80
steps <<'EOF'
expect blewire> 
send \e[A
expect help wait
send \r
expect Usage: wait
expect blewire> 
send \x04
end 0
EOF
terminal "history: is there in the next" 80
# As if 600 lines had been typed, in the format of libedit's history file.
i=0
while [ $i -lt 600 ]; do
	printf '#\\040%d\n' $i
	i=$((i + 1))
done >>"$dir/state/blewire/history"
steps <<'EOF'
expect blewire> 
send \e[A
expect # 599
send \x15
send help read\r
expect Usage: read
expect blewire> 
send \x04
end 0
EOF
terminal "history: many lines" 80
must [ "$(lines "$dir/state/blewire/history")" -le 501 ]
must [ "$(lines "$dir/state/blewire/history")" -ge 400 ]
result "history: bounded"
must [ "$(find "$dir/state/blewire" -type f | wc -l)" -eq 1 ]
result "history: nothing else is left there"
steps <<'EOF'
expect blewire> 
send \x04
end 0
EOF
chmod 600 "$dir/state/blewire/history"
printf 'rubbish\377\n' >"$dir/state/blewire/history"
terminal "history: of another make" 80
XDG_STATE_HOME=/dev/null/none
terminal "history: nowhere to keep it" 80
XDG_STATE_HOME=$dir/state
unset XDG_STATE_HOME
terminal "history: in the home folder" 80
must [ -f "$HOME/.local/state/blewire/history" ]
result "history: there"
TERM=dumb
steps <<'EOF'
expect blewire> 
send frob\r
expect unknown command
expect blewire> 
send \x04
end 0
EOF
terminal "terminal: a dumb one" 80

finish
