/* SPDX-License-Identifier: MIT */
/* Uses plain ECMA-48 sequences, which every terminal knows. On the alternate screen, so
 * that the terminal shows its previous contents afterwards. */
#include "cli/table.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	MAX_ROWS = 1000, /* then the row not heard for the longest is replaced */
	WIDTH_ADDRESS = 24,
	WIDTH_FIXED = WIDTH_ADDRESS + 2 + 4 + 2 + 4 + 2,
	WIDTH_NAME_MIN = 8,
	COMPANY_COLUMNS = 40,
};

/* Alternate screen, no cursor, no wrapping; and back. */
#define SCREEN_ENTER "\033[?1049h\033[?25l\033[?7l"
#define SCREEN_LEAVE "\033[?7h\033[?25h\033[?1049l"

struct row {
	struct ble_address address;
	int8_t rssi;
	uint64_t heard; /* now_ns() */
	char name[128], what[160]; /* escaped */
};

struct table {
	const char *title;
	bool by_rssi;
	uint64_t opened;
	unsigned long reports;
	size_t n, room;
	struct row *rows; /* in the order in which they were first seen */
	const struct row **sorted; /* as large */
};

static volatile sig_atomic_t stop_asked;

static void on_stop(int number)
{
	(void)number;
	stop_asked = 1;
}

static void screen(const char *sequence)
{
	put("%s", sequence);
	fflush(stdout);
}

int table_open(const char *title, bool by_rssi, struct table **ret_table)
{
	/* A write to the terminal goes on; waiting ends all the same. */
	struct sigaction action = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->title = title;
	table->by_rssi = by_rssi;
	table->opened = now_ns();
	sigemptyset(&action.sa_mask);
	sigaction(SIGTSTP, &action, NULL);
	screen(SCREEN_ENTER);
	*ret_table = table;
	return 0;
}

static struct row *row_oldest(struct table *table)
{
	size_t oldest = 0;

	for (size_t i = 1; i < table->n; i++)
		if (table->rows[i].heard < table->rows[oldest].heard)
			oldest = i;
	memmove(&table->rows[oldest], &table->rows[oldest + 1],
		(table->n - oldest - 1) * sizeof(*table->rows));
	return &table->rows[table->n - 1];
}

static struct row *row_new(struct table *table)
{
	size_t room = table->room ? 2 * table->room : 32;
	const struct row **sorted;
	struct row *rows;

	if (table->n == MAX_ROWS)
		return row_oldest(table);
	if (table->n < table->room)
		return &table->rows[table->n++];
	rows = realloc(table->rows, room * sizeof(*rows));
	if (!rows)
		return NULL;
	table->rows = rows;
	sorted = realloc(table->sorted, room * sizeof(*sorted));
	if (!sorted)
		return NULL;
	table->sorted = sorted;
	table->room = room;
	return &table->rows[table->n++];
}

static struct row *row_of(struct table *table, const struct ble_address *address)
{
	for (size_t i = 0; i < table->n; i++)
		if (ble_address_equal(&table->rows[i].address, address))
			return &table->rows[i];
	return row_new(table);
}

static void append(char *text, size_t size, const char *separator, const char *more)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", len ? separator : "", more);
}

/* A company's name, truncated: some have 70 letters and more. */
static const char *company_name(uint16_t company, char text[BLE_NAME_TEXT])
{
	int columns;
	size_t len;

	if (!ble_company_name(company, text))
		snprintf(text, BLE_NAME_TEXT, "company %04x", company);
	len = text_fit(text, COMPANY_COLUMNS, &columns);
	if (text[len]) {
		len = text_fit(text, COMPANY_COLUMNS - 3, &columns);
		snprintf(text + len, BLE_NAME_TEXT - len, "...");
	}
	return text;
}

void describe(const struct ble_advertisement *adv, char *out, size_t size)
{
	char text[400] = "", known[BLE_NAME_TEXT], number[BLE_UUID_TEXT];
	struct ble_bytes data;
	struct ble_uuid uuid;
	uint16_t company;
	size_t cursor = 0;
	const char *name;

	while (ble_advertisement_service(adv, &cursor, &uuid)) {
		name = ble_uuid_name(&uuid, known);
		append(text, sizeof(text), ", ",
		       name ? name : ble_uuid_text(&uuid, number));
	}
	cursor = 0;
	while (ble_advertisement_manufacturer(adv, &cursor, &company, &data))
		append(text, sizeof(text), "; ", company_name(company, known));
	text_escape(out, size, text_bytes(text));
}

void table_add(struct table *table, const struct ble_advertisement *adv)
{
	struct row *row = row_of(table, &adv->address);
	char name[249];
	size_t len;

	table->reports++;
	if (!row)
		return; /* out of memory: existing rows are kept */
	row->address = adv->address;
	row->rssi = adv->rssi;
	row->heard = now_ns();
	len = ble_advertisement_name(adv, name, sizeof(name));
	text_escape(row->name, sizeof(row->name),
		    (struct ble_bytes){ (const uint8_t *)name, len });
	describe(adv, row->what, sizeof(row->what));
}

/* Text truncated or padded to exactly this many columns. */
static void put_column(FILE *out, const char *text, int columns)
{
	int used;
	size_t len = text_fit(text, columns, &used);

	fprintf(out, "%.*s%*s", (int)len, text, columns - used, "");
}

static void put_row(FILE *out, const struct row *row, int columns, int name_width)
{
	char address[BLE_ADDRESS_TEXT], line[64], rssi[8];
	uint64_t age = (now_ns() - row->heard) / 1000000000;
	int used;

	if (row->rssi == BLE_NO_RSSI)
		snprintf(rssi, sizeof(rssi), "?");
	else
		snprintf(rssi, sizeof(rssi), "%d", row->rssi);
	ble_address_text(&row->address, address);
	snprintf(line, sizeof(line), "%s/%-*s  %4s  %3us  ", address,
		 WIDTH_ADDRESS - (int)strlen(address) - 1,
		 ble_address_type_text(&row->address), rssi,
		 age > 999 ? 999 : (unsigned int)age);
	put_column(out, line, columns < WIDTH_FIXED ? columns : WIDTH_FIXED);
	if (columns <= WIDTH_FIXED)
		return;
	put_column(out, row->name, name_width);
	columns -= WIDTH_FIXED + name_width + 2;
	if (columns > 0)
		fprintf(out, "  %.*s", (int)text_fit(row->what, columns, &used), row->what);
}

static int by_rssi(const void *a, const void *b)
{
	const struct row *const *left = a, *const *right = b;
	int l = (*left)->rssi == BLE_NO_RSSI ? -128 : (*left)->rssi;
	int r = (*right)->rssi == BLE_NO_RSSI ? -128 : (*right)->rssi;

	if (l != r)
		return r - l;
	return *left < *right ? -1 : *left > *right; /* first seen */
}

/* The heading and up to max rows. */
static void put_rows(struct table *table, FILE *out, int columns, size_t max,
		     const char *end)
{
	int widest = WIDTH_NAME_MIN, room = columns - WIDTH_FIXED, used;
	char heading[80];

	for (size_t i = 0; i < table->n; i++) {
		text_fit(table->rows[i].name, room, &used);
		widest = used > widest ? used : widest;
		table->sorted[i] = &table->rows[i];
	}
	/* A long name may take half of the remaining columns at most. */
	if (widest > room / 2)
		widest = room / 2 > WIDTH_NAME_MIN ? room / 2 : WIDTH_NAME_MIN;
	if (widest > room)
		widest = room > 0 ? room : 0;
	if (table->by_rssi && table->n)
		qsort(table->sorted, table->n, sizeof(*table->sorted), by_rssi);
	snprintf(heading, sizeof(heading), "%-*s  RSSI   AGE  %-*.*s  SERVICES; MAKER",
		 WIDTH_ADDRESS, "ADDRESS", widest < 40 ? widest : 40,
		 widest < 40 ? widest : 40, "NAME");
	fprintf(out, "%.*s%s", (int)text_fit(heading, columns, &used), heading, end);
	for (size_t i = 0; i < table->n && i < max; i++) {
		put_row(out, table->sorted[i], columns, widest);
		fputs(end, out);
	}
}

static void terminal_size(int *ret_columns, int *ret_lines)
{
	struct winsize size;

	*ret_columns = 80;
	*ret_lines = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
		*ret_columns = size.ws_col;
		*ret_lines = size.ws_row;
	}
}

/* Prints the text in one write, to avoid flicker. */
static void print_whole(FILE *memory, char **text, const size_t *len)
{
	if (fclose(memory) == 0) {
		put("%.*s", (int)*len, *text);
		fflush(stdout);
	}
	free(*text);
}

/* Ctrl-Z: restores the terminal while the program is stopped. */
static void stop(void)
{
	stop_asked = 0;
	screen(SCREEN_LEAVE);
	raise(SIGSTOP);
	screen(SCREEN_ENTER);
}

void table_draw(struct table *table)
{
	char *text = NULL, title[200], devices[TEXT_COUNT], reports[TEXT_COUNT];
	size_t len = 0, max;
	FILE *memory;
	int columns, lines, used;

	if (stop_asked)
		stop();
	memory = open_memstream(&text, &len);
	if (!memory)
		return; /* out of memory: the old text is kept */
	terminal_size(&columns, &lines);
	snprintf(title, sizeof(title), "%s: %s, %s, %llu s. Ctrl-C ends it.", table->title,
		 text_count(devices, table->n, "device"),
		 text_count(reports, table->reports, "report"),
		 (unsigned long long)((now_ns() - table->opened) / 1000000000));
	fprintf(memory, "\033[H%.*s\033[K\n", (int)text_fit(title, columns, &used), title);
	/* Less title, heading and the line of the cursor */
	max = lines > 4 ? (size_t)lines - 3 : 1;
	put_rows(table, memory, columns, max, "\033[K\n");
	if (table->n > max)
		fprintf(memory, "and %zu more", table->n - max);
	fputs("\033[J", memory);
	print_whole(memory, &text, &len);
}

void table_close(struct table *table)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory;
	int columns, lines;

	if (!table)
		return;
	screen(SCREEN_LEAVE);
	signal(SIGTSTP, SIG_DFL);
	terminal_size(&columns, &lines);
	memory = table->n ? open_memstream(&text, &len) : NULL;
	if (memory) {
		put_rows(table, memory, columns, SIZE_MAX, "\n");
		print_whole(memory, &text, &len);
	}
	free(table->rows);
	free(table->sorted);
	free(table);
}
