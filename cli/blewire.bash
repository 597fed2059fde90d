# SPDX-License-Identifier: MIT
# bash completion for blewire. Commands and options come from the program's own
# help, so that this file knows none of them a second time.

_blewire_commands()
{
	blewire --help 2>/dev/null |
		sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'
}

# Lines such as "-t, --time SECONDS", of the program or of command $1.
_blewire_options()
{
	blewire "$@" --help 2>/dev/null |
		sed -nE 's/^  (-[a-z],|   ) (--[a-z-]+)( [A-Z]+)? .*/\1 \2\3/p'
}

# Whether option $1 takes a value.
_blewire_takes_value()
{
	local option=$1
	shift
	_blewire_options "$@" | grep -E ' [A-Z]+$' | grep -qE -- "(^| )$option(,| )"
}

# Where dongles are plugged in: what may follow "bled112:".
_blewire_places()
{
	blewire adapters 2>/dev/null | sed -nE 's/^bled112:([^ ]+) .*/\1/p'
}

_blewire()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=() words='' i

	COMPREPLY=()
	# What is completed stands behind the colon, which is a word of its own to bash:
	# -a sim:FILE
	if [[ $cur == : ]]; then
		prev=: cur=''
		i=1
	else
		i=2
	fi
	local before=${COMP_WORDS[COMP_CWORD - i]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-a | --adapter | --cache-in | --timeout | :) ((i++)) ;;
		-*) ;;
		*) command=("${COMP_WORDS[i]}") && break ;;
		esac
	done

	case $prev in
	-a | --adapter) words="$(blewire adapters 2>/dev/null | awk '{ print $1 }') bled112 sim"
		[[ $cur == [./]* ]] && words+=" $(compgen -f -- "$cur")"
		words+=" $(compgen -G '/dev/ttyACM*')" ;;
	--cache-in) mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return ;;
	-f | --format) words="hex text u8 u16 u32 i8 i16 i32" ;;
	--sort) words="seen rssi" ;;
	--preset) words="low-latency balanced low-power" ;;
	:)
		if [[ $before == bled112 ]]; then
			words=$(_blewire_places)
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		;;
	*)
		if [[ $prev == -* ]] && _blewire_takes_value "$prev" "${command[@]}"; then
			return
		elif [[ $cur == -* ]]; then
			words=$(_blewire_options "${command[@]}" | grep -oE -- '-[a-z-]+')
		elif ((!${#command[@]})); then
			words=$(_blewire_commands)
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _blewire blewire
