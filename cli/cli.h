/* SPDX-License-Identifier: MIT */
/*
 * What the files of the program share. The program is a user of the library
 * like any other: of the project it includes blewire.h and nothing else.
 *
 * A command is one file that fills in a struct command and is listed in the
 * table in main.c. Usage, help, completion and dispatch are derived from it.
 * A function that returns "a status" returns an exit status from the table in
 * exit.c. If it is not 0, the function has already printed the reason.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "blewire.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__GNUC__)
#define PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF(text, first)
#endif

struct command;
struct shell;
struct waiting;

/* The peripheral that a command uses. In the shell it is kept from connect to
 * disconnect. */
struct peer {
	struct ble_client *client; /* NULL: not connected */
	struct ble_address address;
	char name[BLE_ADDRESS_TEXT + 8]; /* "AA:BB:CC:DD:EE:FF/random" */
	struct waiting *waiting; /* done if the connection is lost; or NULL */
	bool discovered;
	bool limited; /* the client has a time limit of an earlier command */
	unsigned int discovery_requests;
	/* In the shell: the connection was lost. The client is kept until the next connect. */
	bool disconnected;
	bool lost; /* the connection ended, and not by a disconnect of ours */
	uint8_t reason;
	char why[200]; /* why it was lost, if reason is 0; may be empty */
};

struct cli {
	struct ble_loop *loop;
	struct ble_adapter *adapter; /* NULL until adapter_open() */
	struct peer peer;
	struct shell *shell; /* NULL: the command is on the program's command line */
	const struct command *command; /* NULL until it is parsed */
	/* The options of every command */
	const char *adapter_name; /* NULL: the first one */
	const char *cache_folder; /* NULL: the user's, if cache is set */
	uint64_t timeout_ms;      /* of each command; 0: the library's, of each operation */
	bool cache, json, verbose, help, version;
	uint64_t until_ns; /* when the time of the command is over; 0: it has no limit */
	bool adapter_removed; /* the adapter was removed; a shell opens it again */
};

/* -- Options and commands (options.c, main.c) ------------------------------ */

/* An option: names, help and how its value is parsed. */
struct cli_option {
	char letter;       /* 0: none */
	const char *name;
	const char *value; /* what help calls its value; NULL: takes none */
	const char *help;
	/* Parses text (NULL if the option takes no value) into field. 0 or
	 * -EINVAL; wants then says what is valid. */
	int (*set)(void *field, const char *text);
	size_t field; /* offset in the struct of the command's options, or in struct cli */
	const char *wants;
};

int set_flag(void *field, const char *text);    /* bool */
int set_text(void *field, const char *text);    /* const char * */
int set_word(void *field, const char *text);    /* the same, not empty */
int set_time(void *field, const char *text);    /* uint64_t, ms, not 0 */
int set_count(void *field, const char *text);   /* unsigned long, not 0 */
int set_rssi(void *field, const char *text);    /* int8_t, not 0 */
int set_service(void *field, const char *text); /* struct uuid_list */
int set_format(void *field, const char *text);  /* enum value_format */

#define WANTS_TIME "a number of seconds, such as 10 or 0.5"
#define WANTS_COUNT "a count from 1 to 4294967295"

struct uuid_list {
	size_t n;
	struct ble_uuid uuid[16];
};

enum { MANY = 1000 }; /* n_more of a command that takes any number */

struct command {
	const char *name;
	const char *arguments; /* as help shows them */
	bool takes_address;    /* as the first argument; NULL in the shell */
	const char *summary;
	const char *details; /* more lines for its help; or NULL */
	int n_arguments;   /* minimum */
	int n_more;        /* optional ones after the minimum */
	const struct cli_option *options;
	size_t n_options;
	size_t options_size; /* of the struct of the options; zeroed first */
	/* Returns a status. The arguments end with a NULL. */
	int (*run)(struct cli *cli, const void *options, char **arguments);
};

extern const struct command adapters_command, scan_command, info_command,
	read_command, write_command, notify_command, rssi_command, params_command,
	shell_command;

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A table of commands ends with a NULL. */
const struct command *command_find(const struct command *const *commands,
				   const char *name);

/* Parses the options before the command, which is argv[*ret_first]. A status. */
int command_line(struct cli *cli, int argc, char **argv, int *ret_first);

/* Parses the options and arguments of cli->command, where argv[0] is its name, and
 * calls run, or shows the help. A status. */
int command_start(struct cli *cli, int argc, char **argv,
		  int (*run)(struct cli *cli, const void *options, char **arguments));

void command_help(struct cli *cli); /* of cli->command */
void command_list(const struct command *const *commands);

/* help.c */
void help_program(const struct command *const *commands,
		  const struct cli_option *options, size_t n_options);
void help_command(const struct cli *cli, const struct command *command,
		  const char *arguments, const struct cli_option *options,
		  size_t n_options);

/* -- Exit status and errors (exit.c) ---------------------------------------- */

enum {
	STATUS_OK,
	STATUS_FAILURE,
	STATUS_USAGE,
	STATUS_ADAPTER,
	STATUS_NOT_FOUND,
	STATUS_LINK,
	STATUS_ATT,
	STATUS_TIME,
	STATUS_SIGNAL = 128, /* and the signal's number */
};

struct exit_status {
	int status;
	const char *word; /* "reason" in JSON */
	const char *text;
};

extern const struct exit_status exit_table[];
extern const size_t exit_table_len;

/* Which kind of call of the library failed. */
enum step { STEP_ADAPTER, STEP_SCAN, STEP_CONNECT, STEP_PEER };

/* Prints "blewire: " and the sentence on stderr, as one escaped line. With --json
 * it prints an error object on stdout, too. Returns status. */
int fail(struct cli *cli, int status, const char *format, ...) PRINTF(3, 4);

/* The same for an error of the library. The sentence is the library's if it has one
 * for this error, otherwise the formatted text, ble_strerror() and a hint. Prints
 * nothing if a signal or a failed write is the cause. */
int fail_error(struct cli *cli, enum step step, int error, const char *format,
	       ...) PRINTF(4, 5);

/* The prefix of a command's name in messages: "blewire ", in the shell "". */
const char *command_prefix(const struct cli *cli);

/* The command that shows the services: "blewire info ADDRESS", in the shell "info". */
enum { INFO_HINT = 64 };
const char *info_hint(const struct cli *cli, char text[INFO_HINT]);

/* Prints a line on stderr. */
void print_message(const char *format, ...) PRINTF(1, 2);

/* The same, but only with --verbose. */
void print_verbose(const struct cli *cli, const char *format, ...) PRINTF(2, 3);

/* -- Signals and waiting (wait.c) ------------------------------------------- */

int signals_catch(struct ble_loop *loop); /* 0 or -errno */
int signals_caught(void);                 /* the first one's number, or 0 */
/* Restores the default actions. The loop given to signals_catch() is no longer
 * used. */
void signals_release(void);
/* Kills the program by the caught signal, if there is one. */
void signals_raise(void);

/* Clears the caught signal, after a Ctrl-C that ended a command of the shell. */
void signals_clear(void);

uint64_t now_ns(void); /* CLOCK_MONOTONIC */

/* The time of --timeout begins now. */
void start_time_limit(struct cli *cli);

struct waiting {
	bool done;         /* set by a callback to end the wait */
	uint64_t limit_ms; /* 0: none */
	uint64_t tick_ms;  /* 0: none */
	void (*tick)(void *user);
	void *user;
};

/* Runs the loop. 0: done was set; -ETIMEDOUT: the limit was reached; -EINTR: a
 * signal; or the error of a failed write (-EPIPE: the reader is gone). tick is
 * called at once and then every tick_ms. */
int wait_for(struct cli *cli, struct waiting *waiting);

/* Runs the loop until fd can be read. Returns 0, or -EINTR or an error as wait_for()
 * does. */
int wait_readable(struct cli *cli, int fd);

/* -- Output (output.c) ------------------------------------------------------- */

void output_open(void);
/* 0, or the -errno of the first write that failed. */
int output_error(void);
void output_set_error(int error); /* as if a write had failed with this error */
bool output_terminal(void);
/* Prints formatted text on stdout. The text must be safe for a terminal. */
void put(const char *format, ...) PRINTF(1, 2);
/* The same for text from outside the program, which is escaped. */
void put_escaped(struct ble_bytes text);
void put_hex(struct ble_bytes bytes);
void put_clock(void); /* the time of day, "12:34:56.789" */
/* For a prompt on the terminal: put() calls hide before its output, and
 * output_show_prompt() calls show after it. Both NULL: no prompt. */
void output_set_prompt(void (*hide)(void *user), void (*show)(void *user), void *user);
void output_hide_prompt(void); /* to be called before output that does not use put() */
void output_show_prompt(void);

/* Flushes and closes stdout; output_error() then says whether all was written. */
void output_close(void);

/* -- Privileges (privileges.c) ------------------------------------------------ */

/* To be called once the adapter is open: drops every capability that is no longer
 * needed. The process cannot get them back. */
void privileges_drop(struct cli *cli);

/* -- Text (text.c) ------------------------------------------------------------ */

/* Whether all of the text is UTF-8 that is safe on a terminal. */
bool text_printable(struct ble_bytes text);

/* Copies text. A byte that is unsafe, or cannot be shown in this locale, becomes
 * \xNN; a backslash is doubled. If out is too small, the text is truncated between
 * characters. It always ends with a NUL. Returns the length. */
size_t text_escape(char *out, size_t size, struct ble_bytes text);

/* How many bytes of escaped text fit into the columns, and how many columns they
 * take. */
size_t text_fit(const char *text, int columns, int *ret_columns);

struct ble_bytes text_bytes(const char *text);

/* "1 service", "2 services" */
enum { TEXT_COUNT = 40 };
const char *text_count(char text[TEXT_COUNT], unsigned long long n, const char *what);

/* -- Values (value.c) --------------------------------------------------------- */

enum { VALUE_MAX = 512 }; /* Vol 3, Part F, 3.2.9 */

/* A whole number from min to max, in decimal or after 0x, and nothing else. */
int parse_number(const char *text, long long min, long long max,
		 long long *ret_number);

enum value_format {
	FORMAT_HEX, FORMAT_TEXT,
	FORMAT_U8, FORMAT_U16, FORMAT_U32, FORMAT_I8, FORMAT_I16, FORMAT_I32,
};

#define WANTS_FORMAT "one of hex, text, u8, u16, u32, i8, i16, i32"

int format_find(const char *name, size_t len, enum value_format *ret_format);
bool format_integer(enum value_format format);

/* Iterates over a value as integers: start with *at = 0. False if no whole integer
 * is left. */
bool value_integer(struct ble_bytes value, enum value_format format, size_t *at,
		   long long *ret_number);

/* Parses "hex:0102", "text:hello", "u16:1,2"; without a prefix, by format.
 * 0, or -EINVAL with a sentence in why. */
int value_parse(const char *text, enum value_format format,
		uint8_t value[VALUE_MAX], size_t *ret_len, char why[200]);

void put_value(struct ble_bytes value, enum value_format format);

/* -- The peripheral and its characteristics (peer.c, find.c) ------------------- */

/* Opens the adapter of -a, unless it is open. A status. */
int adapter_open(struct cli *cli);

/* Reports that no adapter can be used, and suggests the simulator. error is the reason,
 * or 0 if no adapter was found. For a command line without -a. A status. */
int no_adapter(struct cli *cli, int error);

/* Parses an address of the command line. A status. */
int address_parse(struct cli *cli, const char *text, struct ble_address *ret_address);

/* Each returns a status. Call peer_close() afterwards, also if one fails. */
int peer_parse(struct cli *cli, const char *address);
int peer_connect(struct cli *cli);
int peer_discover(struct cli *cli); /* unless already done */

/* The client, whose next call has what is left of the command's time. */
struct ble_client *peer_client(struct cli *cli);

/* peer_disconnect(), but not in the shell, which keeps the connection. */
void peer_close(struct cli *cli);
/* Disconnects and frees the client. */
void peer_disconnect(struct cli *cli);

/* fail_error() for a failed operation of the peripheral. If the connection was lost,
 * the message is about that, with the reason. */
int peer_fail(struct cli *cli, int error, const char *format, ...) PRINTF(3, 4);

/* CHARACTERISTIC or CHARACTERISTIC/DESCRIPTOR of the command line, parsed. */
struct target {
	const char *text;
	uint16_t handle; /* of any attribute; 0: uuid is used */
	struct ble_uuid uuid;
	bool of_descriptor; /* descriptor is valid */
	struct ble_uuid descriptor;
};

int target_parse(struct cli *cli, const char *text, struct target *ret_target);

/* Discovers and finds the characteristic. A handle may be the declaration's or the
 * value's. A status. */
int target_find(struct cli *cli, const struct target *target,
		const struct ble_characteristic **ret_characteristic);

/* An attribute to read or write. It is a copy, since the tree may change during
 * every call that waits. */
struct found {
	uint16_t handle;
	bool known; /* uuid is valid */
	struct ble_uuid uuid;
	uint8_t properties; /* of the characteristic, if it is a value; or 0 */
};

/* Finds the attribute. For a handle nothing is discovered. A status. */
int target_attribute(struct cli *cli, const struct target *target,
		     struct found *ret_found);

/* Parses a UUID or a standard name of any kind. A status. */
int type_parse(struct cli *cli, const char *text, struct ble_uuid *ret_uuid);

/* Prints a value. */
void show_value(struct cli *cli, const struct found *found, struct ble_bytes value,
		enum value_format format);

/* Reads a value, however long, and prints it. A status. */
int read_and_show(struct cli *cli, const struct target *target,
		  const struct found *found, enum value_format format);

/* Prints "2a37 Heart Rate Measurement", or the UUID alone if it has no name. */
void put_uuid(const struct ble_uuid *uuid);

#endif
