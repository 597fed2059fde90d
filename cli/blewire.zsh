#compdef blewire
# SPDX-License-Identifier: MIT
# zsh completion for blewire. Commands and options come from the program's own
# help, and are not repeated here.
#
# Names of files, ports and adapters are chosen by others. They go to _files and
# compadd, which quote them, and never into a specification or a subscript, which
# would be evaluated.

# Sets subcommands to words such as "scan:Show what advertises nearby".
_blewire_commands()
{
	local line inside=

	subcommands=()
	for line in ${(f)"$(blewire --help 2>/dev/null)"}; do
		case $line in
		Commands:) inside=yes ;;
		Options*) break ;;
		'   '*) subcommands[-1]+=${line##*  } ;; # the summary of a long line
		'  '*)	[[ $inside ]] || continue
			line=${line#  }
			subcommands+=("${line%% *}:${${(M)line:#*  *}##*  }") ;;
		esac
	done
}

# Sets specs to the options of the program, or of command $1, as _arguments takes
# them. The state of one with a value is what help calls the value.
_blewire_options()
{
	local line help value

	specs=()
	for line in ${(f)"$(blewire "$@" --help 2>/dev/null)"}; do
		[[ $line =~ '^  (-[a-z],|   ) (--[a-z-]+)( [A-Z]+)? +(.*)$' ]] || continue
		help=${match[4]//(#m)[\]\[:\\]/\\$MATCH}
		value=${match[3]# }
		specs+=("*$match[2]${value:+=}[$help]${value:+: :->$value}")
		[[ $match[1] == -* ]] &&
			specs+=("*${match[1]%,}${value:++}[$help]${value:+: :->$value}")
	done
}

_blewire_adapter()
{
	local -a adapters

	adapters=(${${(f)"$(blewire adapters 2>/dev/null)"}%%  *})
	if compset -P 'sim:'; then
		_files
	elif compset -P 'bled112:'; then # where dongles are plugged in
		adapters=(${(M)adapters:#bled112:*})
		compadd -- ${adapters#bled112:}
	else
		compadd -- bled112 sim $adapters /dev/ttyACM*(N)
		# A socket or another port, by its path
		[[ $PREFIX == [./~]* ]] && _files
	fi
}

_blewire()
{
	local context state state_descr line MATCH MBEGIN MEND
	local -a subcommands specs match mbegin mend
	local -A opt_args

	_blewire_options
	_arguments -C -s : $specs ': :->COMMAND' '*:: :->ARGUMENT' && return
	if [[ $state == ARGUMENT ]]; then
		_blewire_commands
		[[ " ${(j: :)${(@)subcommands%%:*}} " == *" $words[1] "* ]] || return
		state=
		_blewire_options $words[1]
		_arguments -C -s : $specs '*: :->VALUE' && return
	fi
	case $state in
	COMMAND) _blewire_commands; _describe command subcommands ;;
	ADAPTER) _blewire_adapter ;;
	FOLDER) _files -/ ;;
	FORMAT) compadd hex text u8 u16 u32 i8 i16 i32 ;;
	ORDER) compadd seen rssi ;;
	NAME) compadd low-latency balanced low-power ;;
	*) return 1 ;;
	esac
}

_blewire "$@"
