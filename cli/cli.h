/* SPDX-License-Identifier: MIT */
/*
 * What the files of the program share. The program is a user of the library
 * like any other: of the project it includes blewire.h and nothing else.
 *
 * A command is one file that fills in a struct command and is named in the
 * table in main.c; usage, help, completion and dispatch derive from there.
 * Functions whose result is called a status return an exit status of the table
 * in exit.c and have told the user already where it is not 0.
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

/* The peripheral that a command talks to; in the shell it stays from connect to
 * disconnect. */
struct peer {
	struct ble_client *client; /* NULL: not connected */
	struct ble_address address;
	char name[BLE_ADDRESS_TEXT + 8]; /* "AA:BB:CC:DD:EE:FF/random" */
	struct waiting *waiting; /* ended by the loss of the connection; or NULL */
	bool discovered;
	unsigned int discovery_requests;
	bool away; /* in the shell: it was lost, and can be had again */
	bool lost;
	uint8_t reason;
	char why[200]; /* it was lost, where there is no reason; may be empty */
};

struct cli {
	struct ble_loop *loop;
	struct ble_adapter *adapter; /* NULL until adapter_open() */
	struct peer peer;
	struct shell *shell; /* whose command this is; NULL: the program's own */
	const struct command *command; /* NULL before it is known */
	/* The options that go with every command */
	const char *adapter_name; /* NULL: the first one */
	const char *cache_folder; /* NULL: the user's, if cache is set */
	uint64_t timeout_ms;      /* of each operation; 0: the library's */
	bool cache, json, verbose, help, version;
	bool gone; /* the adapter was taken away; a shell opens it again */
};

/* -- Options and commands (options.c, main.c) ------------------------------ */

/* One option: the whole of what is known about it. */
struct cli_option {
	char letter;       /* 0: none */
	const char *name;
	const char *value; /* what help calls its value; NULL: takes none */
	const char *help;
	/* Stores text (NULL where there is no value) at field. 0 or -EINVAL;
	 * then wants says what would have been right. */
	int (*set)(void *field, const char *text);
	size_t field; /* offset in the command's options, or in struct cli */
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

enum { MANY = 1000 };

struct command {
	const char *name;
	const char *arguments; /* as help shows them */
	bool takes_address;    /* as the first of them: NULL in the shell */
	const char *summary;
	const char *details; /* lines for its own help; NULL: none */
	int n_arguments;   /* at least */
	int n_more;        /* so many more may follow */
	const struct cli_option *options;
	size_t n_options;
	size_t options_size; /* of the struct that the options fill, from 0 on */
	/* Returns a status. A NULL stands behind the last of the arguments. */
	int (*run)(struct cli *cli, const void *options, char **arguments);
};

extern const struct command adapters_command, scan_command, info_command,
	read_command, write_command, notify_command, rssi_command, params_command,
	shell_command;

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Tables of commands end with a NULL. */
const struct command *command_find(const struct command *const *commands,
				   const char *name);

/* Reads the options in front of the command, which is argv[*ret_first]. A
 * status. */
int command_line(struct cli *cli, int argc, char **argv, int *ret_first);

/* Reads the options and arguments of cli->command, argv[0] being its name, and
 * has it run, or shows its help. A status. */
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

/* What was being done when the library returned an error. */
enum step { STEP_ADAPTER, STEP_SCAN, STEP_CONNECT, STEP_PEER };

/* Says "blewire: " and the sentence on stderr, in one line and escaped, with
 * --json also an error object on stdout, and returns status. */
int fail(struct cli *cli, int status, const char *format, ...) PRINTF(3, 4);

/* The same for an error of the library: its own sentence, or where it has none
 * what was tried, its general words and a hint. Silent where a signal or a
 * closed output ended things. */
int fail_error(struct cli *cli, enum step step, int error, const char *format,
	       ...) PRINTF(4, 5);

/* What stands in front of a command here: "blewire ", in the shell nothing. */
const char *program(const struct cli *cli);

/* What lists what the peripheral has: "blewire info ADDRESS", in the shell "info". */
enum { INFO_HINT = 64 };
const char *info_hint(const struct cli *cli, char text[INFO_HINT]);

/* A line on stderr. */
void tell(const char *format, ...) PRINTF(1, 2);

/* The same with --verbose. */
void say(const struct cli *cli, const char *format, ...) PRINTF(2, 3);

/* -- Signals and waiting (wait.c) ------------------------------------------- */

int signals_catch(struct ble_loop *loop); /* 0 or -errno */
int signals_caught(void);                 /* the first one's number, or 0 */
/* From now on signals do again what they do by default; the loop that was given
 * to signals_catch() is no longer needed. */
void signals_release(void);
/* Ends as the caught signal would have ended the program, if there is one. */
void signals_finish(void);

/* Of a Ctrl-C that ended a command of the shell. */
void signals_forget(void);

uint64_t now_ns(void); /* of a clock that never goes back */

struct waiting {
	bool done;         /* set by a callback to end it */
	uint64_t limit_ms; /* 0: none */
	uint64_t tick_ms;  /* 0: none */
	void (*tick)(void *user);
	void *user;
};

/* Runs the loop until fd can be read. 0; -EINTR: a signal; or as below. */
int wait_readable(struct cli *cli, int fd);

/* Runs the loop. 0: done was set; -ETIMEDOUT: the limit was reached; -EINTR: a
 * signal; or why the output cannot be written (-EPIPE: nobody reads it). */
int wait_for(struct cli *cli, struct waiting *waiting);

/* -- Output (output.c) ------------------------------------------------------- */

void output_open(void);
/* 0, or the -errno of the first write that failed. */
int output_error(void);
void output_fail(int error); /* as if a write had failed with it */
bool output_terminal(void);
/* Text that is safe already, to stdout. */
void put(const char *format, ...) PRINTF(1, 2);
/* Bytes that came from somewhere, escaped. */
void put_escaped(struct ble_bytes text);
void put_hex(struct ble_bytes bytes);
void put_clock(void); /* the time of day, "12:34:56.789" */
/* While a prompt stands on the terminal: hide is called before the first output,
 * and show by output_settle() after it. Both NULL: no more. */
void output_guard(void (*hide)(void *user), void (*show)(void *user), void *user);
void output_touch(void); /* before output that goes another way than put() */
void output_settle(void);

/* Flushes and closes stdout; output_error() then says whether all was written. */
void output_close(void);

/* -- Privileges (privileges.c) ------------------------------------------------ */

/* The adapter is open: from now on this process has no capability that it does
 * not need, and gets none. */
void privileges_drop(struct cli *cli);

/* -- Text (text.c) ------------------------------------------------------------ */

/* Whether all of it is UTF-8 that may be shown as it is. */
bool text_printable(struct ble_bytes text);

/* Writes text with whatever is unsafe, or cannot be shown in this locale, as
 * \xNN, and a backslash as two. Always ended; cut before what does not fit.
 * Returns the length. */
size_t text_escape(char *out, size_t size, struct ble_bytes text);

/* How many bytes of (escaped) text stand in so many columns, and how many
 * columns these take. */
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

/* Walks a value as integers: start with *at = 0. False when no whole integer
 * is left. */
bool value_integer(struct ble_bytes value, enum value_format format, size_t *at,
		   long long *ret_number);

/* Reads "hex:0102", "text:hello", "u16:1,2"; format where there is no such
 * prefix. 0, or -EINVAL with a sentence in why. */
int value_parse(const char *text, enum value_format format,
		uint8_t value[VALUE_MAX], size_t *ret_len, char why[200]);

void put_value(struct ble_bytes value, enum value_format format);

/* -- The peripheral and its characteristics (peer.c, find.c) ------------------- */

/* The adapter that was asked for, opened once. A status. */
int adapter_open(struct cli *cli);

/* Without -a there is nothing to go on with: error, or 0 where none was found.
 * Points to the simulator; a status. */
int no_adapter(struct cli *cli, int error);

/* One that a user wrote. A status; the failure is told. */
int address_parse(struct cli *cli, const char *text, struct ble_address *ret_address);

/* Statuses; peer_close() is due after all of them. */
int peer_parse(struct cli *cli, const char *address);
int peer_connect(struct cli *cli);
int peer_discover(struct cli *cli); /* unless it was done already */
void peer_close(struct cli *cli);   /* in the shell it stays connected */
void peer_drop(struct cli *cli);    /* there, too, it does not */

/* fail_error() for what was asked of the peripheral; where the connection was
 * lost it tells of that, with the reason. */
int peer_fail(struct cli *cli, int error, const char *format, ...) PRINTF(3, 4);

/* What CHARACTERISTIC or CHARACTERISTIC/DESCRIPTOR on the command line means. */
struct target {
	const char *text;
	uint16_t handle; /* of any attribute; 0: by UUID */
	struct ble_uuid uuid;
	bool of_descriptor;
	struct ble_uuid descriptor;
};

int target_parse(struct cli *cli, const char *text, struct target *ret_target);

/* Discovers and finds the characteristic. A handle may be that of the
 * declaration or of the value. A status. */
int target_find(struct cli *cli, const struct target *target,
		const struct ble_characteristic **ret_characteristic);

/* An attribute to read or write. What the tree says of it is copied, as the tree
 * may change during every call that waits. */
struct found {
	uint16_t handle;
	bool known; /* its UUID is */
	struct ble_uuid uuid;
	uint8_t properties; /* of the characteristic whose value it is, or 0 */
};

/* Takes a handle as it is, without looking; discovers for all else. A status. */
int target_attribute(struct cli *cli, const struct target *target,
		     struct found *ret_found);

/* A UUID or a standard name of whatever kind. A status. */
int type_parse(struct cli *cli, const char *text, struct ble_uuid *ret_uuid);

/* Prints one value that was read. */
void show_value(struct cli *cli, const struct found *found, struct ble_bytes value,
		enum value_format format);

/* Reads a value, however long, and prints it. A status. */
int read_and_show(struct cli *cli, const struct target *target,
		  const struct found *found, enum value_format format);

/* "2a37 Heart Rate Measurement", or the UUID alone, to stdout. */
void put_uuid(const struct ble_uuid *uuid);

#endif
