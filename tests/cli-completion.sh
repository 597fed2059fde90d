#!/bin/bash
# SPDX-License-Identifier: MIT
# The completion of the program's command line, in the shells themselves at a terminal. Files and
# adapters have names that a careless completion would execute, expand or take for options.
# shellcheck source-path=SCRIPTDIR
. "${srcdir:-.}/tests/cli-cases.sh"

src=$(realpath "$src")
pty=$(realpath ./tests/pty)
real=$(realpath "$blewire")
mkdir "$dir/bin" "$dir/help" "$dir/lists" "$dir/air" "$dir/kept"

# The program "blewire" of the shells: it has the help of the real one, lists the adapters in $LISTED,
# and otherwise writes its arguments to a file.
"$real" --help >"$dir/help/program"
for command in adapters scan info read write notify rssi params shell; do
	"$real" $command --help >"$dir/help/$command"
done
cat >"$dir/bin/blewire" <<END
#!/bin/sh
case \$*: in
adapters:) exec cat "\$LISTED" ;;
--help:) exec cat $dir/help/program ;;
*\ --help:) exec cat "$dir/help/\$1" ;;
esac
printf '<%s>\n' "\$@" >"$dir/kept/\$(ls $dir/kept | wc -l)"
echo "kept its arguments"
END
chmod +x "$dir/bin/blewire"
printf 'bled112:1-1.2  -  on  LE\nbled112:3-4  -  on  LE\n' >"$dir/lists/two"
export LISTED=$dir/lists/two
PATH=$dir/bin:$PATH

# Executing one of them creates a file called canary.
names=(
	'a$(touch canary)' 'a`touch canary`' '$(touch canary)' '`touch canary`' 'a;touch canary'
	'a&&touch canary' 'a|touch canary' '${x[$(touch canary)]}' 'x[$(touch canary)]' '<(touch canary)'
	'=(touch canary)' '(touch canary)' '(e:touch canary:)' '@(touch canary)' 'two words' "it's"
	'say "so"' 'back\slash' 'line'$'\n''feed' '--help' '-x' '*' '?' '[a]' 'a*' '{a,b}' 'a~' '~none'
	'$HOME' '!!' '#a' 'a:b' 'a=b' '%a' '^a'
)

no_canary() {
	[ -z "$(find "$dir" -name 'canary*')" ] || bad="$bad; a name was executed"
	find "$dir" -name 'canary*' -delete
}

# For each name a folder with a file, and one with a folder of this name, and a list of adapters
for ((i = 0; i < ${#names[@]}; i++)); do
	mkdir -p "$dir/air/$i/files" "$dir/air/$i/folders/${names[i]}" "$dir/air/all"
	: >"$dir/air/$i/files/${names[i]}"
	: >"$dir/air/all/${names[i]}"
	printf 'bled112:%s  -  on  LE\nzz%s  -  on  LE\n' "${names[i]}" "${names[i]}" >"$dir/lists/$i"
done

# -- Steps at a terminal --------------------------------------------------------------------------

begin() {
	wanted=() titles=()
	rm -f "$dir"/kept/*
	: >"$dir/steps"
	prompted
}

# A shell prints the prompt again after a list of candidates, but not the line READY.
prompted() { printf 'expect READY\nexpect next>\n' >>"$dir/steps"; }

# types TEXT: \t is the key Tab
types() {
	printf 'send %s\\r\n' "$1" >>"$dir/steps"
	prompted
}

# completes TEXT ARGUMENT...: with this typed, the program gets these arguments
completes() {
	printf 'send blewire %s\\r\nexpect kept its arguments\n' "$1" >>"$dir/steps"
	prompted
	wanted+=("$(printf '<%s>\n' "${@:2}")")
	titles+=("$1")
}

# tabs TEXT: and then makes the line a comment. Ctrl-C would take back a Tab that was not read yet.
tabs() { types "blewire $1\\t\\t\\x01# "; }

# end SHELL PROGRAM...: plays the steps
end() {
	local i shell=$1
	shift
	printf 'send exit 0\\r\nend 0\n' >>"$dir/steps"
	bad=
	(cd "$dir/air" && HOME=$dir TERM=xterm bounded "$pty" 200 24 "$@" <"$dir/steps") \
		>"$dir/out" 2>"$dir/err" || bad="$(tail -n 3 "$dir/err")"
	result "$shell: at a terminal"
	[ -z "$bad" ] || tail -n 5 "$dir/out" | cat -v | sed 's/^/#   at last: /'
	: >"$dir/out"
	: >"$dir/err"
	for ((i = 0; i < ${#wanted[@]}; i++)); do
		bad=
		[ "$(cat "$dir/kept/$i" 2>&1)" = "${wanted[i]}" ] ||
			bad="not ${wanted[i]}, but $(cat "$dir/kept/$i" 2>&1)"
		result "$shell: ${titles[i]}"
	done
	bad=
	no_canary
	result "$shell: no name was executed"
}

# every_branch: what each place of the line may be completed to
every_branch() {
	completes 'not\t' notify
	completes 'scan --du\t' scan --duplicates
	completes '-a sim scan --du\t' -a sim scan --duplicates
	completes '--adapter=sim scan --du\t' --adapter=sim scan --duplicates
	completes '-a bled112:1-1.2 info X --time\t 3' -a bled112:1-1.2 info X --timeout 3
	completes 'read X Y -f te\t' read X Y -f text
	completes 'read X Y --format te\t' read X Y --format text
	completes 'scan --sort rs\t' scan --sort rssi
	completes 'params X --preset low-p\t' params X --preset low-power
	completes '-a si\t scan' -a sim scan
	completes '--adapter si\t' --adapter sim
	completes '-a bled112:1\t' -a bled112:1-1.2
	completes '--adapter=bled112:3\t' --adapter=bled112:3-4
	completes '-a /dev/nul\t scan' -a /dev/null scan
	completes 'scan --name ru\t' scan --name ru
	completes 'info adap\t' info adap
	completes 'write C0:FF:EE:00:18:0\t' write C0:FF:EE:00:18:0
}

# every_name FOLDER_END [LEFT_OUT]: each name, at each place where a name is allowed
every_name() {
	local i name
	for ((i = 0; i < ${#names[@]}; i++)); do
		name=${names[i]}
		[ "$name" != "${2-}" ] || continue
		types "cd $dir/air/$i/files"
		completes '-a ./\t scan' -a "./$name" scan
		completes '-a sim:\t' -a "sim:$name"
		completes '--adapter=sim:./\t' "--adapter=sim:./$name"
		types "cd $dir/air/$i/folders"
		completes '--cache-in ./\t --json' --cache-in "./$name$1" --json
		[[ $name != *$'\n'* ]] || continue # the program prints none
		types "export LISTED=$dir/lists/$i"
		completes '-a bled112:\t scan' -a "bled112:$name" scan
		completes '-a zz\t scan' -a "zz$name" scan
	done
}

# every_word: such words on the line itself, finished and not, at every place
every_word() {
	local word place
	types "cd $dir/air/all"
	for place in '-a ' '-a ./' '-a sim:' '-a bled112:' '--adapter=' '--adapter=sim:' '--cache-in ' \
		'--cache-in ./' '--cache-in=' '-f ' '--sort ' '--preset ' '--timeout ' '-' '--' 'read ' 'scan --name ' ''; do
		tabs "$place"
		for word in '$(touch canary)' '`touch canary`' 'x[$(touch canary)]' '"$(touch canary)'; do
			tabs "$place$word"
		done
		tabs "$place\$(touch canary) --"
	done
}

cat >"$dir/bashrc" <<END
PROMPT_COMMAND='echo READY'
PS1='next> '
set +o history
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
bind 'set completion-query-items 0'
bind 'set page-completions off'
. "$src/cli/blewire.bash"
END
begin
every_branch
every_name /
every_word
end bash bash --noprofile --rcfile "$dir/bashrc" -i

# offers WANTED WORD...: as bash splits them
offers() {
	bad=
	bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _blewire; echo "${COMPREPLY[*]}"' \
		bash "$src/cli/blewire.bash" "${@:2}" 2>"$dir/err" >"$dir/out"
	grep -qxE -- "$1" "$dir/out" || bad="not $1"
	no_canary
	result "bash: ${*:2}: all of them"
}
offers "adapters scan info read write notify rssi params shell" blewire ""
offers "u8 u16 u32" blewire read X Y -f u
offers "bled112 bled112:1-1.2 bled112:3-4" blewire -a bled
offers "bled112 bled112:1-1.2 bled112:3-4" blewire --adapter = bled
offers "1-1.2 3-4" blewire -a bled112 :
offers "--time -t --passive .* --version" blewire scan -
offers "" blewire scan --name ""
offers "" blewire scan --time = ""
offers "" blewire frob ""

if command -v zsh >/dev/null; then
	# The key's default function executes commands that were typed, whatever is completed.
	cat >"$dir/.zshrc" <<END
bindkey '^I' complete-word
precmd() { echo READY; }
PS1='next> '
setopt interactive_comments
unsetopt beep prompt_cr bang_hist
LISTMAX=10000
mkdir -p $dir/functions
ln -sf "$src/cli/blewire.zsh" $dir/functions/_blewire
fpath=($dir/functions \$fpath)
autoload -U compinit
compinit -u -D
END
	begin
	every_branch
	every_name ''
	every_word
	end zsh env ZDOTDIR="$dir" zsh --no-globalrcs -i
else
	echo "SKIP: zsh is not installed"
fi

if command -v fish >/dev/null; then
	cat >"$dir/init.fish" <<END
function say_ready --on-event fish_prompt
	echo READY
end
function fish_prompt
	echo -n 'next> '
end
set -g fish_autosuggestion_enabled 0
set -g fish_greeting
source "$src/cli/blewire.fish"
END
	begin
	every_branch
	every_name / 'line'$'\n''feed' # it takes candidates by lines
	every_word
	end fish env XDG_CONFIG_HOME="$dir/config" XDG_DATA_HOME="$dir/data" fish --no-config \
		-C "source $dir/init.fish" -i
else
	echo "SKIP: fish is not installed"
fi

finish
