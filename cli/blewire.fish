# SPDX-License-Identifier: MIT
# fish completion for blewire. Commands and options come from the program's own
# help, and are not repeated here.
#
# Names of files, ports and adapters are chosen by others. They are printed as
# candidates, which fish quotes, and never become part of a command or a pattern.
# A candidate is a line, so names with a line feed are left out.

# Prints each of the words with "front" before it.
function __blewire_offer -a front
    for word in $argv[2..-1]
        string match -q '*'\n'*' -- $word; or echo -- $front$word
    end
end

# The paths that start with this. With -d, folders only.
function __blewire_offer_files -a front start kind
    set -l path (string unescape -- $start); or set path $start
    for file in $path*
        if test -d $file
            __blewire_offer $front $file/
        else if test "$kind" != -d
            __blewire_offer $front $file
        end
    end
end

function __blewire_commands
    blewire --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'
end

# Option, " VALUE" or nothing, and help, with tabs between: of the program, or of
# the command in the argument.
function __blewire_options
    set -l help (blewire $argv --help 2>/dev/null)
    string replace -rf '^  (?:-[a-z],|   ) (--[a-z-]+)( [A-Z]+)? +(.*)$' '$1'\t'$2'\t'$3' -- $help
    string replace -rf '^  (-[a-z]), --[a-z-]+( [A-Z]+)? +(.*)$' '$1'\t'$2'\t'$3' -- $help
end

# Whether the option takes a value; the other arguments are lines of options.
function __blewire_takes_value -a option
    for line in $argv[2..-1]
        set -l field (string split \t -- $line)
        test "$field[1]" = "$option"; and test -n "$field[2]"; and return
    end
    return 1
end

function __blewire_offer_adapters -a front start
    set -l ports /dev/ttyACM*
    switch $start
        case 'sim:*'
            __blewire_offer_files {$front}sim: (string sub -s 5 -- $start)
        case './*' '../*' '/*' '~*'
            __blewire_offer_files $front $start # a socket or another port
        case '*'
            __blewire_offer $front bled112 sim $ports \
                (blewire adapters 2>/dev/null | string replace -r '  .*' '')
    end
end

function __blewire_complete
    set -l words (commandline -opc)[2..-1]
    set -l token (commandline -ct)
    set -l front ''
    set -l options (__blewire_options)
    set -l skip no
    set -l command

    for word in $words
        if test $skip = yes
            set skip no
        else if string match -q -- '-*' $word
            __blewire_takes_value $word $options; and set skip yes
        else
            contains -- $word (__blewire_commands); or return
            set command $word
            set options (__blewire_options $command)
            break
        end
    end
    # --adapter=sim
    if string match -qr -- '^--[a-z-]+=' $token
        set front (string replace -r -- '=.*' '=' $token)
        set token (string replace -r -- '^[^=]*=' '' $token)
        set words (string replace -- '=' '' $front)
    end

    switch "$words[-1]"
        case -a --adapter
            __blewire_offer_adapters $front $token
        case --cache-in
            __blewire_offer_files $front $token -d
        case -f --format
            __blewire_offer $front hex text u8 u16 u32 i8 i16 i32
        case --sort
            __blewire_offer $front seen rssi
        case --preset
            __blewire_offer $front low-latency balanced low-power
        case '*'
            if __blewire_takes_value "$words[-1]" $options
                return
            else if string match -q -- '-*' $token
                string replace -r -- '\t.*\t' \t $options
            else if not set -q command[1]
                __blewire_commands
            end
    end
end

complete -c blewire -f -a '(__blewire_complete)'
