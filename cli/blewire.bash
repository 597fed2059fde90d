# SPDX-License-Identifier: MIT
# bash completion for blewire. Commands and options come from the program's own
# help, and are not repeated here.
#
# Names of files, ports and adapters are chosen by others. None of them goes
# through "compgen -W", which expands its words, commands in them included: files
# are left to readline, all else is compared and quoted by _blewire_offer().

# Offers those of the words that start with $cur, quoted for the command line.
_blewire_offer()
{
	local word quoted

	for word; do
		printf -v quoted %q "$word"
		[[ $word && ($word == "$cur"* || $quoted == "$cur"*) ]] && COMPREPLY+=("$quoted")
	done
}

# The same for the lines of standard input.
_blewire_offer_lines()
{
	local lines

	mapfile -t lines
	_blewire_offer "${lines[@]}"
}

_blewire_commands()
{
	blewire --help 2>/dev/null |
		sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'
}

# Lines such as "--time -t SECONDS" and "--passive -", of the program or of
# command $1.
_blewire_options()
{
	blewire "$@" --help 2>/dev/null |
		sed -nE -e 's/^  (-[a-z]), (--[a-z-]+)( [A-Z]+)? .*/\2 \1\3/p' \
			-e 's/^      (--[a-z-]+)( [A-Z]+)? .*/\1 -\2/p'
}

# Whether option $1 takes a value; standard input: the options.
_blewire_takes_value()
{
	local long short value

	while read -r long short value; do
		[[ $1 == "$long" || $1 == "$short" ]] && break
	done
	[[ $value ]]
}

_blewire_adapters()
{
	blewire adapters 2>/dev/null | sed -n 's/  .*//p'
}

# The command among the words in front of the cursor. Fails if there is no such one.
_blewire_find_command()
{
	local commands options word i

	commands=$'\n'$(_blewire_commands)$'\n' options=$(_blewire_options)
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == : ]]; then
			((i++)) # -a sim:FILE
		elif [[ $word == -* ]]; then
			_blewire_takes_value "$word" <<<"$options" || continue
			[[ ${COMP_WORDS[i + 1]-} == = ]] && ((i++))
			((i++))
		else
			command=("$word")
			[[ $commands == *$'\n'"$word"$'\n'* ]]
			return
		fi
	done
}

# The value of -a. $1: the text in front of a colon; or empty.
_blewire_adapter()
{
	case $1 in
	'')	_blewire_offer bled112 sim
		_blewire_offer_lines < <(_blewire_adapters; compgen -G '/dev/ttyACM*')
		# A socket or another port, by its path
		[[ ${cur#[\"\']} == [./~]* ]] && compopt -o default ;;
	sim)	compopt -o default ;;
	bled112) # where dongles are plugged in
		_blewire_offer_lines < <(_blewire_adapters | sed -n 's/^bled112://p') ;;
	esac
}

_blewire()
{
	local cur=${COMP_WORDS[COMP_CWORD]} command=() before='' prev i=$COMP_CWORD

	COMPREPLY=()
	# Bash splits "sim:FILE" and "--adapter=sim" at these signs. The part behind
	# the last sign is completed.
	[[ $cur == [:=] ]] && cur='' && ((i++))
	if [[ $i -gt 2 && ${COMP_WORDS[i - 1]} == : ]]; then
		before=${COMP_WORDS[i - 2]}
		((i -= 2))
	fi
	[[ $i -gt 2 && ${COMP_WORDS[i - 1]} == = ]] && ((i--))
	prev=${COMP_WORDS[i - 1]}
	[[ $before && $prev != -a && $prev != --adapter ]] && return
	_blewire_find_command || return

	case $prev in
	-a | --adapter) _blewire_adapter "$before" ;;
	--cache-in) compopt -o dirnames ;;
	-f | --format) _blewire_offer hex text u8 u16 u32 i8 i16 i32 ;;
	--sort) _blewire_offer seen rssi ;;
	--preset) _blewire_offer low-latency balanced low-power ;;
	*)
		if [[ $prev == -* ]] &&
			_blewire_takes_value "$prev" < <(_blewire_options "${command[@]}"); then
			return
		elif [[ $cur == -* ]]; then
			_blewire_offer_lines < <(_blewire_options "${command[@]}" |
				grep -oE -- '-[a-z-]+')
		elif ((!${#command[@]})); then
			_blewire_offer_lines < <(_blewire_commands)
		fi
		;;
	esac
}

complete -F _blewire blewire
