# SPDX-License-Identifier: MIT
# bash completion for blewire. Commands and options come from the program's own
# help, so that this file knows none of them twice.

_blewire_options()
{
	blewire "$@" --help 2>/dev/null | grep -oE -- '(^|[ ,])--?[a-z][a-z-]*( [A-Z]+)?'
}

_blewire_commands()
{
	blewire --help 2>/dev/null |
		sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'
}

# Whether option $1 takes a value.
_blewire_takes_value()
{
	shift_option=$1
	shift
	_blewire_options "$@" | grep -qE -- "(^|[ ,])$shift_option [A-Z]" ||
		blewire "$@" --help 2>/dev/null |
			grep -qE -- "^  $shift_option, --[a-z-]+ [A-Z]"
}

_blewire()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command= i shift_option

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-a | --adapter | --timeout) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]} && break ;;
		esac
	done

	case $prev in
	-a | --adapter)
		mapfile -t COMPREPLY < <(compgen -W \
			"$(blewire adapters 2>/dev/null | awk '{ print $1 }') sim" -- "$cur")
		return
		;;
	-f | --format)
		mapfile -t COMPREPLY < <(compgen -W "hex text u8 u16 u32 i8 i16 i32" -- "$cur")
		return
		;;
	--sort)
		mapfile -t COMPREPLY < <(compgen -W "seen rssi" -- "$cur")
		return
		;;
	-*)
		_blewire_takes_value "$prev" $command && return
		;;
	esac

	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_blewire_options $command | grep -oE -- '--?[a-z][a-z-]*')" -- "$cur")
	elif [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_blewire_commands)" -- "$cur")
	fi
}

complete -F _blewire blewire
