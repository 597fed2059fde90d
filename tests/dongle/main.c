/* SPDX-License-Identifier: MIT */
/* The program blewire-dongle-emulator: a BLED112 on a socket, a pty or a tty. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgapi/frame.h"
#include "tests/dongle/place.h"

#define NAME "blewire-dongle-emulator"

enum { LOCAL_REASON = 0x0216 };

static const char usage[] =
	"usage: " NAME " [OPTION...] PLACE\n"
	"\n"
	"A Bluegiga BLED112 dongle in software, with simulated peripherals around it.\n"
	"\n"
	"PLACE  pty         a pseudo terminal; its name is printed\n"
	"       pty:LINK    the same, with a symbolic link LINK to it\n"
	"       a tty       /dev/ttyGS0: the dongle's end of a USB gadget\n"
	"       other path  a stream socket, created there\n"
	"\n"
	"  -p, --peripherals FILE  the peripherals, as in blewire's -a sim:FILE\n"
	"                          (default: those of -a sim)\n"
	"  -n, --links N           connections that the image has, 1 to 8 (8)\n"
	"  -a, --address ADDRESS   the dongle's address (00:07:80:C0:FF:EE)\n"
	"  -i, --info A.B.C.BUILD  the firmware's version (1.3.2.122)\n"
	"  -m, --manual-confirm    the host confirms indications\n"
	"  -b, --boot-event        send boot at power on, as UART modules do\n"
	"  -r, --reset-ms MS       time until it is back after a reset (700)\n"
	"  -q, --tx-buffers N      PDUs queued for each link, 1 to 31 (6)\n"
	"  -e, --air-ms MS         time between connection events (as negotiated)\n"
	"  -l, --local-reason N    reason of a disconnect by the host: 0 or 0x0216 (0)\n"
	"  -s, --seed N            split messages and delay commands at random; the\n"
	"                          same N gives the same run (0: neither)\n"
	"  -x, --script RULES      faults, separated by semicolons\n"
	"  -f, --script-file FILE  faults, one rule a line\n"
	"  -w, --power COMMAND     shell command, run with the word \"off\" when the\n"
	"                          dongle goes away and \"on\" before it is back\n"
	"  -t, --trace             print every message\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"\n"
	"RULES  KIND NAME [WHICH] ACTION [ARGUMENT]: KIND is cmd, rsp or evt; NAME is\n"
	"       a message as --trace prints it, or *; WHICH is 3, 3-5 or 3-\n"
	"       cmd: silence, result CODE, hang, fail [MS], delay MS, unplug [MS]\n"
	"       rsp, evt: lose, twice, delay MS, half [N], before HEX, after HEX,\n"
	"       inside [N] HEX, wrong, unplug [MS]\n"
	"       \"cmd attclient_read_by_handle 2 unplug 2000; rsp gap_discover lose\"\n"
	"\n"
	"SIGUSR1 unplugs the dongle, or plugs it in again. SIGTERM and SIGINT end the\n"
	"program. Exit status: 0 ended by a signal, 1 failed, 2 wrong arguments.\n";

static struct ble_loop *loop;
static volatile sig_atomic_t ended, toggled;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		toggled = 1;
	else
		ended = 1;
	ble_loop_interrupt(loop);
}

/* -- Trace ----------------------------------------------------------------- */

static void print_noise(struct ble_bytes octets)
{
	printf("noise");
	for (size_t i = 0; i < octets.len; i++)
		printf(" %02x", octets.data[i]);
	putchar('\n');
}

static void trace(void *user, bool from_host, struct ble_bytes octets)
{
	const uint8_t *p = octets.data;
	enum bgapi_kind kind = from_host ? BGAPI_COMMAND : BGAPI_RESPONSE;
	char text[BGAPI_TRACE];
	struct bgapi_frame frame;
	uint64_t ms = loop_now(loop) / 1000000;
	size_t len = octets.len - BGAPI_HEADER;

	(void)user;
	printf("%" PRIu64 ".%03u %c ", ms / 1000, (unsigned int)(ms % 1000),
	       from_host ? '>' : '<');
	if (octets.len >= BGAPI_HEADER && p[0] & 0x80)
		kind = BGAPI_EVENT;
	frame.payload = (struct ble_bytes){ p + BGAPI_HEADER, len };
	if (octets.len >= BGAPI_HEADER && ((size_t)(p[0] & 7) << 8 | p[1]) == len &&
	    bgapi_identify(kind, p[2], p[3], p + BGAPI_HEADER, len, len,
			   &frame.message) == BGAPI_FITS)
		puts(bgapi_trace(&frame, text));
	else
		print_noise(octets);
	fflush(stdout);
}

/* -- Options --------------------------------------------------------------- */

struct options {
	struct dongle_config config;
	const char *peripherals, *script, *script_file, *power, *place;
};

static unsigned long number(const char *option, const char *text, unsigned long min,
			    unsigned long max)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || n < min || n > max) {
		fprintf(stderr, NAME ": --%s: \"%s\" is not a number from %lu to %lu\n", option,
			text, min, max);
		exit(2);
	}
	return n;
}

static bool read_info(const char *text, struct dongle_info *info)
{
	unsigned int n[4];
	char more;

	if (sscanf(text, "%5u.%5u.%5u.%5u%c", &n[0], &n[1], &n[2], &n[3], &more) != 4)
		return false;
	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		if (n[i] > UINT16_MAX)
			return false;
	info->major = (uint16_t)n[0];
	info->minor = (uint16_t)n[1];
	info->patch = (uint16_t)n[2];
	info->build = (uint16_t)n[3];
	return true;
}

static const struct option list[] = {
	{ "peripherals", 1, NULL, 'p' }, { "links", 1, NULL, 'n' },
	{ "address", 1, NULL, 'a' },	 { "info", 1, NULL, 'i' },
	{ "manual-confirm", 0, NULL, 'm' }, { "boot-event", 0, NULL, 'b' },
	{ "reset-ms", 1, NULL, 'r' },	 { "tx-buffers", 1, NULL, 'q' },
	{ "air-ms", 1, NULL, 'e' },	 { "local-reason", 1, NULL, 'l' },
	{ "seed", 1, NULL, 's' },	 { "script", 1, NULL, 'x' },
	{ "script-file", 1, NULL, 'f' }, { "power", 1, NULL, 'w' },
	{ "trace", 0, NULL, 't' },	 { "help", 0, NULL, 'h' },
	{ "version", 0, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void read_config(int option, struct dongle_config *config)
{
	enum { HOUR_MS = 3600000 };

	switch (option) {
	case 'n':
		config->links = (unsigned int)number("links", optarg, 1, DONGLE_LINKS_MAX);
		break;
	case 'm':
		config->manual_confirm = true;
		break;
	case 'b':
		config->boot_event = true;
		break;
	case 'r':
		config->reset_ms = (unsigned int)number("reset-ms", optarg, 1, HOUR_MS);
		break;
	case 'q':
		config->tx_buffers = (unsigned int)number("tx-buffers", optarg, 1, 31);
		break;
	case 'e':
		config->air_ms = (unsigned int)number("air-ms", optarg, 0, HOUR_MS);
		break;
	case 's':
		config->seed = (uint32_t)number("seed", optarg, 0, UINT32_MAX);
		break;
	case 't':
		config->trace = trace;
		break;
	default:
		break;
	}
}

static int usage_error(const char *what, const char *word)
{
	fprintf(stderr, NAME ": %s%s; \"" NAME " --help\" shows the options\n", what, word);
	return 2;
}

/* Reports an unknown option, or one without its argument. */
static int option_error(char **argv, int option)
{
	char letter[] = { '-', (char)optopt, '\0' };
	const char *word = optopt ? letter : argv[optind - 1];

	for (const struct option *o = list; option == ':' && o->name; o++)
		if (o->val == optopt && !strncmp(argv[optind - 1], "--", 2))
			word = argv[optind - 1];
	return usage_error(option == ':' ? "an argument is missing behind "
					 : "unknown option ", word);
}

/* The exit status, which is 1 if something that was printed got lost. */
static int close_output(int status)
{
	if (status || (!fflush(stdout) && !ferror(stdout)))
		return status;
	fprintf(stderr, NAME ": standard output: %s\n", strerror(errno));
	return 1;
}

/* -1: go on; else the exit status. */
static int read_place(const char *place, struct options *o)
{
	if (!*place)
		return usage_error("give one PLACE", "");
	if (!strcmp(place, "pty:"))
		return usage_error("the name of the link is missing behind ", place);
	o->place = place;
	return -1;
}

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
	int option;

	dongle_config_init(&o->config);
	while ((option = getopt_long(argc, argv, ":p:n:a:i:mbr:q:e:l:s:x:f:w:thV", list,
				     NULL)) != -1) {
		switch (option) {
		case 'p':
			o->peripherals = optarg;
			break;
		case 'a':
			if (ble_address_parse(optarg, &o->config.address))
				return usage_error("--address: not an address: ", optarg);
			break;
		case 'i':
			if (!read_info(optarg, &o->config.info))
				return usage_error("--info: not like 1.3.2.122: ", optarg);
			break;
		case 'l':
			o->config.local_reason =
				(uint16_t)number("local-reason", optarg, 0, LOCAL_REASON);
			if (o->config.local_reason && o->config.local_reason != LOCAL_REASON)
				return usage_error("--local-reason: not 0 or 0x0216: ", optarg);
			break;
		case 'x':
			o->script = optarg;
			break;
		case 'f':
			o->script_file = optarg;
			break;
		case 'w':
			o->power = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return close_output(0);
		case 'V':
			puts(NAME " " BLE_VERSION);
			return close_output(0);
		case '?':
		case ':':
			return option_error(argv, option);
		default:
			read_config(option, &o->config);
			break;
		}
	}
	if (optind != argc - 1)
		return usage_error("give one PLACE", "");
	return read_place(argv[optind], o);
}

/* -- Running --------------------------------------------------------------- */

static int add_script(struct dongle *dongle, const char *text)
{
	const char *wrong = NULL;
	int error = dongle_script(dongle, text, &wrong);

	if (error == -EINVAL)
		fprintf(stderr, NAME ": not a rule: %.*s\n", (int)strcspn(wrong, ";\n"),
			wrong);
	else if (error)
		fprintf(stderr, NAME ": %s\n", strerror(-error));
	return error;
}

static int add_script_file(struct dongle *dongle, const char *name)
{
	FILE *file = fopen(name, "r");
	char *text = NULL;
	size_t size = 0;
	/* All of it: a text has no NUL. */
	ssize_t len = file ? getdelim(&text, &size, '\0', file) : -1;
	int error = -EIO;

	if (!file || ferror(file))
		fprintf(stderr, NAME ": %s: %s\n", name, strerror(errno));
	else if (len > 0 && !text[len - 1])
		fprintf(stderr, NAME ": %s: not a text\n", name);
	else
		error = len > 0 ? add_script(dongle, text) : 0;
	if (file)
		fclose(file);
	free(text);
	return error;
}

static int fill(struct sim_model *model, const char *peripherals)
{
	int error;

	if (!peripherals)
		return sim_builtin(model);
#ifdef HAVE_JSON
	error = sim_load(loop, peripherals, model);
	if (error)
		fprintf(stderr, NAME ": %s\n", ble_error_text(loop, error));
#else
	error = -EOPNOTSUPP;
	fprintf(stderr, NAME ": --peripherals needs json-c, which this build is without\n");
#endif
	return error;
}

static void run(struct dongle *dongle)
{
	while (!ended) {
		int error = ble_loop_dispatch(loop, -1);

		if (error && error != -EINTR)
			break;
		if (!toggled)
			continue;
		toggled = 0;
		if (dongle_is_there(dongle))
			dongle_unplug(dongle, DONGLE_FOR_EVER);
		else
			dongle_replug(dongle);
	}
}

static int play(const struct options *o, struct sim_model *model)
{
	struct dongle *dongle = NULL;
	struct place *place = NULL;
	int error = dongle_new(loop, model, &o->config, &dongle);

	if (error)
		fprintf(stderr, NAME ": %s\n", strerror(-error));
	if (!error && o->script_file)
		error = add_script_file(dongle, o->script_file);
	if (!error && o->script)
		error = add_script(dongle, o->script);
	if (!error)
		error = place_open(loop, dongle, o->place, o->power, &place);
	if (!error) {
		run(dongle);
		place_free(place);
	}
	dongle_free(dongle);
	return error;
}

static void on_signals(void (*handler)(int number))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

int main(int argc, char **argv)
{
	struct options options = { .place = NULL };
	struct sim_model model;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (ble_loop_new(&loop)) {
		fputs(NAME ": cannot make an event loop\n", stderr);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	on_signals(on_signal);
	sim_model_init(&model);
	status = fill(&model, options.peripherals) || play(&options, &model);
	sim_model_release(&model);
	on_signals(SIG_IGN); /* the handler has no loop any more */
	ble_loop_unref(loop);
	return close_output(status);
}
