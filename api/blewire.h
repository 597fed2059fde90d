/* SPDX-License-Identifier: MIT */
/*
 * blewire - Bluetooth LE for C, straight on the wire
 *
 * The library's only header. From top to bottom: values (bytes, UUIDs, addresses),
 * the loop, timers, errors, adapters, scanning, the client.
 *
 * Threads   One thread a loop. Every object belongs to the loop that it was
 *           made from, and only the thread that dispatches this loop may touch
 *           it. Two calls may be made from any thread: ble_loop_interrupt() and
 *           ble_loop_post(), which has the loop's thread call a function.
 * Fork      A child of fork() has a copy of every object, but shares sockets,
 *           dongles and timers with its parent. In the child, objects only close
 *           their descriptors and free their memory: unref and free them or leave
 *           them, the parent's are not disturbed. ble_loop_dispatch(),
 *           ble_loop_fd(), ble_loop_post() and _sync calls return -ECHILD, in
 *           callbacks, too. A child that wants to use Bluetooth makes a loop and
 *           an adapter of its own. A child that calls exec or _exit() has nothing
 *           to do. A callback may call fork(). If it returns in the child,
 *           ble_loop_dispatch() returns -ECHILD there without running what is
 *           left, and so does a _sync call that still waits.
 *           vfork() and clone() are not noticed.
 *           Other calls that need the kernel or a dongle fail in the child, mostly
 *           with -ECHILD, and a write command over a kernel adapter with -ENOTCONN,
 *           or they return 0 and never call back. Do not call ble_loop_post() from
 *           your own pthread_atfork() handlers: the library's lock may be held.
 * Callbacks run inside ble_loop_dispatch() and inside the calls that run the loop
 *           themselves (their names end in _sync), never inside any other call.
 *           A callback may call anything: it may cancel, disconnect, unref and
 *           free the object that it came from. It may not run the loop: there,
 *           ble_loop_dispatch() and _sync calls return -EDEADLK. If a callback
 *           drops the last reference to a client, a _sync call that waits for
 *           this client returns -ECANCELED. Every callback may be NULL, unless
 *           its declaration says otherwise; the call works the same without it.
 *           A C++ exception must not leave a callback: the effect is undefined,
 *           usually std::terminate().
 * Errors    One int, never positive, so that "< 0" catches every failure: 0,
 *           -errno, or BLE_ERROR_ATT(code) for an ATT error code that the peer
 *           sent (Core Specification, Vol 3, Part F, 3.4.1.1). Results come
 *           back through the last arguments, named ret_..., which are not
 *           changed by a failure. ble_error_text() has a sentence for each error.
 * Lifetime  Loops, adapters, scanners, devices and clients are counted: _ref adds
 *           a reference, _unref drops one and returns NULL. The last _unref ends
 *           what is under way, without callbacks. Objects with one owner end
 *           with _free. Calls under way end with ble_op_cancel(). All of these
 *           take NULL and then do nothing. Everything else is borrowed; its
 *           declaration says how long it is valid.
 * Structs   that a caller fills in end with reserved room, which must be zero, as
 *           an initializer leaves it. If it is not, calls return -EINVAL, and
 *           calls without an error find nothing. Such a struct keeps its size
 *           when a member is added. Structs that the library gives by pointer
 *           may get members at their end in a later version: do not copy them
 *           as a whole, and do not rely on their size. ble_bytes, ble_uuid,
 *           ble_address, ble_ad and ble_format never change. In C++, initialize
 *           with `struct ble_scan_params params = {};`: memset() on such a struct
 *           gives a warning (-Wclass-memaccess).
 * Times     are int, in milliseconds, if nothing else is said. Arguments of calls
 *           follow poll(): 0 is at once, a negative time is no limit. In a
 *           struct, 0 is the default, BLE_FOREVER is no limit, and any other
 *           negative time is refused with -EINVAL.
 * Memory    A failed allocation is an error, -ENOMEM. The library never aborts,
 *           prints nothing, installs no signal handler and starts no thread.
 */
#ifndef BLEWIRE_H
#define BLEWIRE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default) /* the library is built hidden */
#endif

#define BLE_FOREVER (-1) /* no time limit */

/* C++ compilers warn of members that an initializer leaves out, unless they have
 * an initializer of their own. With these, `struct ble_scan_params params = {};` is
 * zero. memset() warns, as the struct is then not trivial (-Wclass-memaccess). */
#if defined(__cplusplus) && __cplusplus >= 201402L
#define BLE_ZERO = {}
#else
#define BLE_ZERO
#endif

/* Not every system defines this error. */
#ifndef ENOTUNIQ
#define ENOTUNIQ 1076
#endif

/* -- Bytes ---------------------------------------------------------------- */

/* Borrowed bytes. data may be NULL if len is 0. */
struct ble_bytes {
	const uint8_t *data;
	size_t len;
};

/* -- Text -------------------------------------------------------------------- */

/* Writes text so that it can be shown on a terminal: names come from
 * strangers. Escaped are bytes that are not UTF-8, control characters, and
 * characters that are invisible or change the direction of text: each of their
 * bytes as a backslash, an x and two hexadecimal digits. A backslash becomes
 * two. escaped ends with a NUL and is cut before a character that does not fit
 * into size bytes; 4 times the length plus 1 is always enough. Returns
 * escaped. */
char *ble_text_escape(const char *text, char *escaped, size_t size);

/* Decodes the first character of text, which must not be empty. Returns its
 * code point, or -1 for a byte that is not UTF-8; ret_len is the number of
 * bytes it takes. */
int32_t ble_text_decode(struct ble_bytes text, size_t *ret_len);

/* Whether ble_text_escape() escapes this code point; true for -1. The
 * backslash is not one of them. */
bool ble_text_unsafe(int32_t character);

/* -- UUIDs (Vol 3, Part B, 2.5.1) ----------------------------------------- */

/* Always 128 bits, in the order in which a UUID is printed: octet 0 first.
 * Compare with ble_uuid_equal(). */
struct ble_uuid {
	uint8_t octet[16];
};

#define BLE_UUID_TEXT 37 /* size of the longest text form, its NUL included */

/* The UUID of an assigned 16-bit or 32-bit number: 0x180d, 0x12345678. */
struct ble_uuid ble_uuid16(uint16_t value);
struct ble_uuid ble_uuid32(uint32_t value);

/* Whether both are the same UUID. */
bool ble_uuid_equal(const struct ble_uuid *a, const struct ble_uuid *b);

/* The 16-bit number of a UUID that has one, otherwise 0. */
uint16_t ble_uuid_short(const struct ble_uuid *uuid);

/* Reads "180d", "0x180D", "0000180d" and the 128-bit form, in upper or lower
 * case. -EINVAL for anything else. */
int ble_uuid_parse(const char *text, struct ble_uuid *ret_uuid);

/* Writes the shortest form, in lower case: "180d", "12345678" or the 128-bit
 * form. Returns text. */
char *ble_uuid_text(const struct ble_uuid *uuid, char text[BLE_UUID_TEXT]);

#define BLE_NAME_TEXT 128 /* size of the longest assigned name, its NUL included */

/* Writes the name that the Assigned Numbers give to a service, characteristic,
 * descriptor or declaration, and returns it. NULL if there is none, or if the
 * library was built without names. */
char *ble_uuid_name(const struct ble_uuid *uuid, char name[BLE_NAME_TEXT]);

/* Finds a UUID by its name. Upper and lower case, spaces and underscores make
 * no difference: "Heart Rate Measurement", "heart_rate_measurement",
 * "heartratemeasurement". -ENOENT: nothing has this name. -ENOTUNIQ: several
 * have it, for example "Device Time", a service and a characteristic. */
int ble_uuid_from_name(const char *name, struct ble_uuid *ret_uuid);

/* Writes the name of a company identifier and returns it. NULL if it is not
 * assigned, or if the library was built without company names. */
char *ble_company_name(uint16_t company, char name[BLE_NAME_TEXT]);

/* -- Addresses (Vol 6, Part B, 1.3) --------------------------------------- */

enum ble_address_type {
	BLE_ADDRESS_PUBLIC = 0,
	BLE_ADDRESS_RANDOM = 1,
	BLE_ADDRESS_UNKNOWN = 255, /* a connect tries to find it out */
};

struct ble_address {
	uint8_t octet[6]; /* as on the air: the one printed last is the first */
	uint8_t type;     /* enum ble_address_type */
};

#define BLE_ADDRESS_TEXT 32 /* size of the longest text form, its NUL included */

/* Whether octets and type are the same. BLE_ADDRESS_UNKNOWN is equal only to
 * itself. */
bool ble_address_equal(const struct ble_address *a, const struct ble_address *b);

/* Reads "AA:BB:CC:DD:EE:FF", also with "/public" or "/random" behind it;
 * without one, the type is BLE_ADDRESS_UNKNOWN. -EINVAL for anything else. */
int ble_address_parse(const char *text, struct ble_address *ret_address);

/* Writes "AA:BB:CC:DD:EE:FF", without the type, and returns text. */
char *ble_address_text(const struct ble_address *address,
		       char text[BLE_ADDRESS_TEXT]);

/* "public", "random" or "unknown". Static. */
const char *ble_address_type_text(const struct ble_address *address);

/* -- The loop -------------------------------------------------------------- */

/* Waits for events and runs callbacks: one thread, any number of adapters. */
struct ble_loop;

/* 0 or -errno. Adapters and timers keep a reference to their loop. */
int ble_loop_new(struct ble_loop **ret_loop);
struct ble_loop *ble_loop_ref(struct ble_loop *loop);
struct ble_loop *ble_loop_unref(struct ble_loop *loop);

/* A descriptor that is readable when there is something to dispatch, timers
 * included. In an event loop of your own, poll it for POLLIN and then call
 * ble_loop_dispatch(loop, 0). -EOPNOTSUPP on systems that have no such
 * descriptor: call ble_loop_dispatch() with a timeout there. */
int ble_loop_fd(const struct ble_loop *loop);

/* Waits until something happens, timeout_ms at most, and runs the callbacks of
 * what did. Returns 0, or -EINTR after ble_loop_interrupt(), or -EDEADLK inside
 * a callback, or -ECHILD (see Fork), or another -errno: the wait failed. A signal
 * ends the wait early, with 0. */
int ble_loop_dispatch(struct ble_loop *loop, int timeout_ms);

/* Makes the current dispatch or _sync call return -EINTR, or the next one if
 * there is none. May be called from a signal handler and from another
 * thread. */
void ble_loop_interrupt(struct ble_loop *loop);

/* Has the next dispatch or _sync call of the loop call func(user), once. May be called
 * from any thread and from callbacks, but not from signal handlers and not from
 * handlers of pthread_atfork(): it takes a lock and allocates memory. A dispatch
 * that waits stops waiting. The functions of one thread run in the order of their posts; what a posted function posts
 * runs in the dispatch after that. func must not be NULL; it is a callback, with
 * the rules for callbacks.
 * 0, -ENOMEM, -ECHILD (see Fork), or -ECANCELED: the last reference to the loop
 * was dropped, perhaps by another thread a moment ago. Functions that did not run
 * before that never run. If a new loop has the same address, it counts as the
 * loop. */
int ble_loop_post(struct ble_loop *loop, void (*func)(void *user), void *user);

/* -- Timers ---------------------------------------------------------------- */

/* Fires once or repeatedly. Keeps a reference to its loop. */
struct ble_timer;

/* The timer fired. Not NULL. */
typedef void (*ble_timer_func)(void *user);

/* The timer is not started yet. 0 or -errno. */
int ble_timer_new(struct ble_loop *loop, ble_timer_func fire, void *user,
		  struct ble_timer **ret_timer);

/* Stops and frees it. Returns NULL. */
struct ble_timer *ble_timer_free(struct ble_timer *timer);

/* Fires after ms, then every every_ms, counted from the time at which it was
 * due, so that it does not drift. Periods that a slow callback missed are
 * skipped. every_ms 0 or negative: it fires once. A running timer is started
 * anew. A negative ms stops the timer. */
void ble_timer_start(struct ble_timer *timer, int ms, int every_ms);

/* It does not fire until it is started again. Does nothing if it does not
 * run, or is NULL. */
void ble_timer_stop(struct ble_timer *timer);

/* -- Errors ---------------------------------------------------------------- */

/* The error for an ATT error code, 1 to 255: below every -errno. */
#define BLE_ERROR_ATT(code) (-4096 - (code))

/* The ATT error code of an error; 0 for success and every -errno. */
uint8_t ble_error_att(int error);

/* A sentence for any error. Static. */
const char *ble_strerror(int error);

/* As ble_strerror(), with all that is known if error is the latest failure on
 * this loop: what was tried, the controller's reason, what to do next. One
 * line. Valid until the next call into the library. */
const char *ble_error_text(const struct ble_loop *loop, int error);

/* The words for an error code of the controller (Vol 1, Part F), for example
 * of a disconnect: 0x08 is "connection timeout". Static. */
const char *ble_hci_text(uint8_t code);

/* -- Operations ------------------------------------------------------------ */

/*
 * An asynchronous call that returned 0 calls its callback exactly once, unless it
 * is cancelled, or its declaration says otherwise. One that returned an error
 * never does. ret_op may be NULL. Otherwise it gets a pointer to the operation,
 * which is valid until the callback runs or the operation is cancelled.
 */
struct ble_op;

/* Its callback is not called, and the pointer is no longer valid. A request
 * that was already sent may still take effect at the peer. May be called from
 * any callback. */
void ble_op_cancel(struct ble_op *op);

/*
 * Sets the time that the operation has from now on. Then it ends with -ETIMEDOUT.
 * BLE_FOREVER: no limit. Without this call, and without ble_client_set_timeout(), no
 * peer can make a call of a client last longer than
 *
 *	20 s	a connect, see struct ble_connect_params
 *	30 s	one request (the transaction timeout; it ends the connection)
 *	5 min	all requests of one call: a discovery, a long value, several values;
 *		for a resubscribe, 30 s for each characteristic
 *
 * counted from the call's first request: calls wait for those before them. A
 * discovery after Database Out Of Sync or Service Changed has 5 minutes of its own.
 * A response that comes later is discarded; the next request waits
 * for it, or for the end of the 30 s transaction timeout (Vol 3, Part F,
 * 3.3.3), which ends the connection. NULL is allowed and does nothing.
 */
void ble_op_set_timeout(struct ble_op *op, int ms);

/* The callback of a call that has no result but its error. May be NULL. */
typedef void (*ble_done_func)(void *user, int error);

/* The callback of a read. value is valid during the callback, and empty if
 * there is an error. May be NULL. */
typedef void (*ble_value_func)(void *user, int error, struct ble_bytes value);

/* One attribute of several that are read. value is valid during the callback.
 * May be NULL. */
typedef void (*ble_attribute_func)(void *user, uint16_t handle,
				   struct ble_bytes value);

/* -- Adapters -------------------------------------------------------------- */

/* A Bluetooth controller: a kernel adapter, a dongle, or the simulator. */
struct ble_adapter;

struct ble_adapter_info { /* of an adapter, opened or not */
	const char *name;    /* "hci0": what ble_adapter_open() takes */
	const char *backend; /* "hci", "bgapi", "sim" */
	/* Of type BLE_ADDRESS_UNKNOWN if it is not known, as of a dongle that
	 * is not open. */
	struct ble_address address;
	bool powered;
	bool low_energy; /* the controller supports LE, whether enabled or not */
	bool extended;   /* scans with the extended HCI commands */
};

/* Calls found for each adapter: first those of the kernel, by number, then the
 * dongles, which are not opened for this. Does not list the simulator. A
 * dongle in its bootloader is neither powered nor low_energy. found is not
 * NULL; unlike other callbacks it is called inside this call, and info is
 * valid during it. Returns 0 or -errno. */
int ble_adapter_list(struct ble_loop *loop,
		     void (*found)(void *user, const struct ble_adapter_info *info),
		     void *user);

/* Tells which adapters come and go. */
struct ble_adapter_watch;

enum ble_adapter_change { BLE_ADAPTER_ARRIVED = 0, BLE_ADAPTER_LEFT = 1 };

/* info is as ble_adapter_list() gives it, or was, and valid during the callback; its
 * extended is not set. The address of one that left at once may be unknown. Ignore a change
 * that you do not know: a later version may tell others. Not NULL. */
typedef void (*ble_adapter_func)(void *user, enum ble_adapter_change change,
				 const struct ble_adapter_info *info);

/* Calls changed, from dispatch, for each adapter that arrives or leaves from now on: kernel
 * adapters at once, dongles within a second (their ports are listed once a second, as long
 * as there is a watch). One that another program takes for itself alone leaves, too. For
 * those that are there already, call ble_adapter_list() after this; one that arrives
 * meanwhile is then told twice. An adapter that is open and leaves ends what it does in
 * its own callbacks, before or after changed; once it arrives again, ble_adapter_reopen()
 * can open it, and changed may call that. Needs no permission. Errors as
 * ble_adapter_list() returns. */
int ble_adapter_watch_new(struct ble_loop *loop, ble_adapter_func changed, void *user,
			  struct ble_adapter_watch **ret_watch);

/* In its callback, too. Returns NULL. */
struct ble_adapter_watch *ble_adapter_watch_free(struct ble_adapter_watch *watch);

/*
 * Opens an adapter by name: "hci0" or its address; a dongle (see below);
 * "sim", the built-in simulated peripherals; "sim:FILE", those of a file. NULL
 * is the first kernel adapter or, if there is none, the first dongle. Does not
 * change the state of a kernel adapter: if power or LE is off, the first scan
 * or connect switches it on, and nothing switches it off again. -ENODEV: there
 * is no such adapter.
 *
 * A dongle: "bled112" is the first one that no other program uses.
 * "bled112:1-1.2" is the one at this USB bus and port, the name that
 * ble_adapter_list() gives. Behind the colon, a USB serial number (all BLED112
 * have the same) or the name of a port work, too. A port: "/dev/ttyACM0" or
 * any path that starts with / or . (also of a socket that serves a dongle),
 * "ttyACM0", "COM3". Opening a dongle ends what an earlier program left
 * running in it. It blocks for about 100 ms, or up to 3 s if nothing answers, and
 * locks the port: -EBUSY for other programs. Other errors: -EACCES;
 * -ETIMEDOUT, no answer; -ENOTTY.
 */
int ble_adapter_open(struct ble_loop *loop, const char *name,
		     struct ble_adapter **ret_adapter);

/* Scanners, devices and clients keep a reference. The last _unref closes the
 * adapter. */
struct ble_adapter *ble_adapter_ref(struct ble_adapter *adapter);
struct ble_adapter *ble_adapter_unref(struct ble_adapter *adapter);

/* The loop it was opened on. Valid as long as the adapter. */
struct ble_loop *ble_adapter_loop(const struct ble_adapter *adapter);

/* Opens it again in its place, if it is gone: a kernel's adapter that was pulled out, or
 * that another program had removed, by its address, as its number may have changed; a
 * dongle by the USB place or port that it was opened at. The scanners, devices and
 * clients of this adapter work again; scans and connections are to be started again.
 * Unlike ble_adapter_open() this does not wait for a dongle: it is initialised from
 * dispatch, in about 100 ms, and scans and connects that are started meanwhile wait for
 * that; if it fails, they end with -ENODEV, and the dongle is gone again. -EALREADY: it is
 * not gone. -ENODEV: it is not back. Other errors as ble_adapter_open() gives. A keeper
 * (see struct ble_keeper) calls this by itself. */
int ble_adapter_reopen(struct ble_adapter *adapter);

/* Valid as long as the adapter; each call brings it up to date. */
const struct ble_adapter_info *ble_adapter_info(const struct ble_adapter *adapter);

/* Resets the controller, for one that hangs. No other call does that. Connections
 * end with -ENOTCONN, connects with -ENETRESET (one that searches for an address type
 * goes on), scans with -ENETRESET through their ended callback; then done comes. Other
 * programs that use the adapter lose their connections and scans, too. What is started
 * meanwhile waits until the reset is done. done's -EPERM: nothing was ended, as this
 * program lacks the permission (CAP_NET_ADMIN for kernel adapters). A dongle is away for
 * about 1 s; -ENODEV if it is not back within 6 s, or does not answer then. Nothing
 * blocks meanwhile. -EALREADY: a reset is under way. -EOPNOTSUPP: the backend cannot. */
int ble_adapter_reset(struct ble_adapter *adapter, ble_done_func done, void *user);
int ble_adapter_reset_sync(struct ble_adapter *adapter);

/* Keeps the service trees that ble_client_discover() finds on later
 * connections in files. folder is created if it is missing. NULL: the user's
 * cache folder ($XDG_CACHE_HOME/blewire, or ~/.cache/blewire). "": no cache,
 * the default. Only trees of peers with a Database Hash (Vol 3, Part G, 7.3)
 * and a public or static random address are kept. On a later connection one
 * request reads the hash; while it is the same, the discovery needs no other
 * request. Programs may share a folder. Damaged files are replaced. A file that
 * belongs neither to this user nor to root, or that others can write to, is not
 * read; a symbolic link is not followed. Beyond 1024 files, the least recently
 * used are removed. A new tree is written to the file before the discovery's
 * done. -ENOENT: neither variable has an absolute path. -ENOTDIR: folder is a file.
 * -EOPNOTSUPP: not on this system. Later failures end no discovery; see
 * ble_adapter_cache_failure(). */
int ble_adapter_set_cache(struct ble_adapter *adapter, const char *folder);

/* One line about the first file of the cache that could not be written, or else the
 * first that was not read, with the reason: there is a folder in the file's place, it
 * belongs to another user, the disk is full. NULL: nothing failed since
 * ble_adapter_set_cache(), and valid until the next one. After a file could not be
 * written, this adapter writes none until then; it still reads. A folder in a file's
 * place concerns this one file only. */
const char *ble_adapter_cache_failure(const struct ble_adapter *adapter);

/* For how many milliseconds, in all, a scan of this adapter was wanted but did not
 * run, because the controller made a connection, or another program scanned otherwise.
 * A kernel's adapter scans while it waits for a peer to connect to; a dongle cannot,
 * and takes turns: at most 4 s for a connect that is pending, then 2 s for the scan. */
uint64_t ble_adapter_scan_paused_ms(const struct ble_adapter *adapter);

/* -- Advertisements --------------------------------------------------------- */

enum ble_event {           /* the type of an advertising report, as bits */
	BLE_EVENT_CONNECTABLE = 1,
	BLE_EVENT_SCANNABLE = 2,
	BLE_EVENT_DIRECTED = 4,
	BLE_EVENT_SCAN_RESPONSE = 8,
	BLE_EVENT_LEGACY = 16,
	BLE_EVENT_TRUNCATED = 32, /* the controller discarded the rest of the data */
};

#define BLE_NO_RSSI 127     /* not available (Vol 4, Part E, 7.7.65.2) */
#define BLE_NO_TX_POWER 127
#define BLE_NO_SID 255

/* An advertising report. Borrowed: valid during the callback. */
struct ble_advertisement {
	struct ble_address address BLE_ZERO;
	uint8_t event BLE_ZERO;         /* enum ble_event, or'ed */
	int8_t rssi BLE_ZERO;           /* dBm, or BLE_NO_RSSI */
	int8_t tx_power BLE_ZERO;       /* dBm in the header, or BLE_NO_TX_POWER */
	uint8_t primary_phy BLE_ZERO;   /* 1: LE 1M, 2: LE 2M, 3: LE Coded */
	uint8_t secondary_phy BLE_ZERO; /* the same; 0: none */
	uint8_t sid BLE_ZERO;           /* 0 to 15, or BLE_NO_SID */
	uint16_t periodic BLE_ZERO;     /* interval in 1.25 ms; 0: none */
	uint64_t time BLE_ZERO;         /* of arrival, ns since 1970 */
	struct ble_bytes data BLE_ZERO; /* AD structures of this report */
	/* The latest advertising data and the latest scan response of this
	 * device, this report included. Either may be empty. */
	struct ble_bytes advertised BLE_ZERO, scan_response BLE_ZERO;
	uint64_t reserved[3] BLE_ZERO;  /* must be zero */
};

/* Types of AD structures that the calls below read. */
enum ble_ad_type {
	BLE_AD_FLAGS = 0x01,
	BLE_AD_SERVICES_16_SOME = 0x02, /* an incomplete list */
	BLE_AD_SERVICES_16 = 0x03,
	BLE_AD_SERVICES_32_SOME = 0x04,
	BLE_AD_SERVICES_32 = 0x05,
	BLE_AD_SERVICES_128_SOME = 0x06,
	BLE_AD_SERVICES_128 = 0x07,
	BLE_AD_SHORT_NAME = 0x08,
	BLE_AD_NAME = 0x09,
	BLE_AD_TX_POWER = 0x0a,
	BLE_AD_SOLICITED_16 = 0x14,
	BLE_AD_SOLICITED_128 = 0x15,
	BLE_AD_SERVICE_DATA_16 = 0x16,
	BLE_AD_APPEARANCE = 0x19,
	BLE_AD_SOLICITED_32 = 0x1f,
	BLE_AD_SERVICE_DATA_32 = 0x20,
	BLE_AD_SERVICE_DATA_128 = 0x21,
	BLE_AD_MANUFACTURER = 0xff,
};

/* Writes the name that the Assigned Numbers give to a type and returns it;
 * NULL if there is none. */
char *ble_ad_name(uint8_t type, char name[BLE_NAME_TEXT]);

/* One AD structure (Core Specification Supplement, Part A). */
struct ble_ad {
	uint8_t type; /* one of enum ble_ad_type, or another */
	struct ble_bytes value;
};

/* Takes the next AD structure off rest. False at the end of the data, at a
 * length of zero (early termination), and at a length beyond the data. */
bool ble_ad_next(struct ble_bytes *rest, struct ble_ad *ret_ad);

/* Walks the UUIDs of a list of services or solicited services, or gives the
 * one of service data. Start with *cursor = 0. */
bool ble_ad_uuid(const struct ble_ad *ad, size_t *cursor,
		 struct ble_uuid *ret_uuid);

/*
 * Fields. All calls look in advertised, then in scan_response. Walks start with
 * *cursor = 0 and give everything in the order in which it was sent. Calls that
 * give one value ignore structures that are too short for it, and give the last
 * one if there are several.
 */

/* All AD structures. */
bool ble_advertisement_ad(const struct ble_advertisement *adv, size_t *cursor,
			  struct ble_ad *ret_ad);

/* The services that the device offers; those that it solicits from a
 * central. */
bool ble_advertisement_service(const struct ble_advertisement *adv,
			       size_t *cursor, struct ble_uuid *ret_uuid);
bool ble_advertisement_solicited(const struct ble_advertisement *adv,
				 size_t *cursor, struct ble_uuid *ret_uuid);

/* Manufacturer data and service data. ret_data is valid as long as adv. */
bool ble_advertisement_manufacturer(const struct ble_advertisement *adv,
				    size_t *cursor, uint16_t *ret_company,
				    struct ble_bytes *ret_data);
bool ble_advertisement_service_data(const struct ble_advertisement *adv,
				    size_t *cursor, struct ble_uuid *ret_uuid,
				    struct ble_bytes *ret_data);

/* The complete name, or else the shortened one, as it was sent, control
 * characters included: call ble_text_escape() before showing it. Ends with a
 * NUL, and is cut to size between characters. Returns its length; 0 if there
 * is none. */
size_t ble_advertisement_name(const struct ble_advertisement *adv, char *name,
			      size_t size);

/* Whether a list of services or service data contains this UUID. */
bool ble_advertisement_has_service(const struct ble_advertisement *adv,
				   const struct ble_uuid *uuid);

/* The value of this AD type; the manufacturer data of this company; the
 * service data of this UUID. */
bool ble_advertisement_field(const struct ble_advertisement *adv, uint8_t type,
			     struct ble_bytes *ret_value);
bool ble_advertisement_manufacturer_of(const struct ble_advertisement *adv,
				       uint16_t company,
				       struct ble_bytes *ret_data);
bool ble_advertisement_service_data_of(const struct ble_advertisement *adv,
				       const struct ble_uuid *uuid,
				       struct ble_bytes *ret_data);

/* In dBm, from the AD structures, or else from the header, or
 * BLE_NO_TX_POWER. */
int ble_advertisement_tx_power(const struct ble_advertisement *adv);

enum ble_flag { /* Supplement, Part A, 1.3; the other bits concern BR/EDR */
	BLE_FLAG_LIMITED = 1, /* discoverable for a short time */
	BLE_FLAG_GENERAL = 2, /* discoverable */
	BLE_FLAG_LE_ONLY = 4,
};

/* enum ble_flag, or'ed; 0 if none were sent. */
uint8_t ble_advertisement_flags(const struct ble_advertisement *adv);

/* The appearance (Supplement, Part A, 1.12); 0 if none was sent. */
uint16_t ble_advertisement_appearance(const struct ble_advertisement *adv);

/* Write the name of an appearance and return it: of its category ("Watch"),
 * and of its subcategory ("Sports Watch") or, if it has none, of its category.
 * NULL if the category is not assigned. */
char *ble_appearance_category(uint16_t appearance, char name[BLE_NAME_TEXT]);
char *ble_appearance_name(uint16_t appearance, char name[BLE_NAME_TEXT]);

/* -- Devices ---------------------------------------------------------------- */

/* What a scanner knows about one advertiser. */
struct ble_device;

/* A device outlives its scanner while it is referenced. It keeps a reference
 * to its adapter. */
struct ble_device *ble_device_ref(struct ble_device *device);
struct ble_device *ble_device_unref(struct ble_device *device);

/* Valid as long as the device. */
const struct ble_address *ble_device_address(const struct ble_device *device);

/* The latest name: the complete one, or else the shortened one. It stays when
 * later reports have none. "" if there is none. Valid until the callback
 * returns, or, outside callbacks, until the next dispatch. */
const char *ble_device_name(const struct ble_device *device);

/* Of the latest report, in dBm, or BLE_NO_RSSI. */
int ble_device_rssi(const struct ble_device *device);

/* The latest report, with the data of earlier ones merged. Valid as long as
 * the name. */
const struct ble_advertisement *
ble_device_advertisement(const struct ble_device *device);

/* Whether the latest advertisement was connectable. Scan responses do not
 * say. */
bool ble_device_connectable(const struct ble_device *device);

/* The adapter that received it. Valid as long as the device. */
struct ble_adapter *ble_device_adapter(const struct ble_device *device);

/* -- Scanning ---------------------------------------------------------------- */

/* A scan that can be started repeatedly, with filters and callbacks. */
struct ble_scanner;

/* A report passed the filters. device and adv are borrowed; ble_device_ref()
 * keeps the device. May be NULL if the devices are walked later. */
typedef void (*ble_seen_func)(void *user, struct ble_device *device,
			      const struct ble_advertisement *adv);

/* A filter: whether this report passes. */
typedef bool (*ble_accept_func)(void *user, struct ble_device *device,
				const struct ble_advertisement *adv);

/* All zero: an active scan without filters. */
struct ble_scan_params {
	bool passive BLE_ZERO; /* send no scan requests */
	uint16_t interval_ms BLE_ZERO; /* 3 to 10240; 0: 60 */
	uint16_t window_ms BLE_ZERO; /* 3 to interval_ms; 0: half of it, which leaves
					radio time for connections and Wi-Fi */
	/* Filters. A device passes if it meets all of them, judged by all that is
	 * known about it so far: a name from a scan response counts for later
	 * reports, too. */
	const char *name BLE_ZERO; /* contained in the device's name; NULL: any */
	bool whole_name BLE_ZERO;  /* name is the device's whole name */
	/* One of these is in a list of services or in service data. */
	const struct ble_uuid *services BLE_ZERO;
	size_t n_services BLE_ZERO; /* 0: any */
	/* One of these is its address; BLE_ADDRESS_UNKNOWN matches both types. */
	const struct ble_address *addresses BLE_ZERO;
	size_t n_addresses BLE_ZERO; /* 0: any */
	int8_t min_rssi BLE_ZERO;    /* dBm; 0: any */
	/* Leave out reports with the same data as the device's last one of the
	 * same kind (advertisement or scan response). */
	bool changes_only BLE_ZERO;
	/* Asked last. May call anything. NULL: all pass. */
	ble_accept_func accept BLE_ZERO;
	void *accept_user BLE_ZERO;
	/* How many devices that passed ble_scanner_next_device() can walk. Beyond that
	 * the one not heard for longest is dropped. Besides them up to 4096
	 * devices are kept for merging their reports. */
	unsigned int keep BLE_ZERO;
	uint64_t reserved[5] BLE_ZERO; /* must be zero */
};

/* The scan ended by an error, for example -ENODEV: the adapter is gone. It may
 * be started again when the cause is removed. May be NULL. */
typedef void (*ble_scan_ended_func)(void *user, int error);

/* Several scanners may run on one adapter. seen is called for each report that
 * passes the filters. If a connect interrupts the scan, it continues
 * afterwards. 0 or -errno. */
int ble_scanner_new(struct ble_adapter *adapter, ble_seen_func seen,
		    ble_scan_ended_func ended, void *user,
		    struct ble_scanner **ret_scanner);
struct ble_scanner *ble_scanner_ref(struct ble_scanner *scanner);
struct ble_scanner *ble_scanner_unref(struct ble_scanner *scanner);

/* params is copied; NULL is all zero. Forgets the devices of an earlier scan.
 * -EALREADY: it runs. -EPERM: CAP_NET_RAW is missing. -ENODEV: the adapter is
 * gone. -EINVAL: interval or window out of range, or a number of services or
 * addresses without them. Later errors come through ended: -ENODEV; with
 * kernel adapters -ERFKILL, blocked; -ENETDOWN, powered off meanwhile; -EPERM,
 * off, and powering on takes CAP_NET_ADMIN. */
int ble_scanner_start(struct ble_scanner *scanner,
		      const struct ble_scan_params *params);

/* No callback of this scanner comes afterwards. Does nothing if it does not
 * run, or is NULL. */
void ble_scanner_stop(struct ble_scanner *scanner);

/* An additional callback of a scanner. */
struct ble_listener;

/* Adds a callback, which is called after the earlier ones. May be added and freed at
 * any time, in callbacks, too: if added there it gets the next report, if freed
 * there none. Valid until ble_listener_free() or the scanner's last _unref. 0 or
 * -errno. */
int ble_scanner_listen(struct ble_scanner *scanner, ble_seen_func seen,
		       void *user, struct ble_listener **ret_listener);
void ble_listener_free(struct ble_listener *listener);

/* Walks the devices that passed, at most params.keep of them: NULL gives the
 * first, the one not heard for longest, and each device gives the next; NULL
 * at the end. The order stays until the next dispatch or start, also after a
 * stop. */
struct ble_device *ble_scanner_next_device(const struct ble_scanner *scanner,
					   const struct ble_device *previous);

/* Scans for ms and gives the stopped scanner, whose devices can be walked;
 * params.keep 0 means 4096 here. It is the only _sync call without an
 * asynchronous one: use a scanner with keep, and a timer that stops it. */
int ble_adapter_scan_sync(struct ble_adapter *adapter,
			  const struct ble_scan_params *params, int ms,
			  struct ble_scanner **ret_scanner);

/* device is borrowed, and NULL if there is an error. May be NULL. */
typedef void (*ble_found_func)(void *user, int error, struct ble_device *device);

/* Scans until a device passes params. -ETIMEDOUT after timeout_ms. Keeps a
 * reference to the adapter meanwhile. The device that _sync gives has a
 * reference: drop it with ble_device_unref(). Other errors are those of
 * ble_scanner_start(). */
int ble_adapter_find(struct ble_adapter *adapter,
		     const struct ble_scan_params *params, int timeout_ms,
		     ble_found_func done, void *user, struct ble_op **ret_op);
int ble_adapter_find_sync(struct ble_adapter *adapter,
			  const struct ble_scan_params *params, int timeout_ms,
			  struct ble_device **ret_device);

/* -- The service tree (Vol 3, Part G) ---------------------------------------- */

enum ble_property {       /* characteristic properties, 3.3.1.1 */
	BLE_BROADCAST = 0x01,
	BLE_READ = 0x02,
	BLE_WRITE_COMMAND = 0x04, /* Write Without Response */
	BLE_WRITE = 0x08,
	BLE_NOTIFY = 0x10,
	BLE_INDICATE = 0x20,
	BLE_SIGNED_WRITE = 0x40,
	BLE_EXTENDED_PROPERTIES = 0x80,
};

enum ble_extended_property { /* 3.3.3.1 */
	BLE_RELIABLE_WRITE = 0x0001,
	BLE_WRITABLE_AUXILIARIES = 0x0002, /* the user description */
};

/* The presentation format of a value (3.3.3.5): the assigned numbers name its
 * types, units and name spaces. */
struct ble_format {
	uint8_t format;   /* the type; 0: nothing is known */
	int8_t exponent;  /* of 10, for whole numbers */
	uint16_t unit;    /* a 16-bit UUID */
	uint8_t name_space;
	uint16_t description;
};

/* "read", "write-without-response", ... for one bit. Static. */
const char *ble_property_text(enum ble_property property);

/*
 * What a discovery found. The tree is the client's; ble_client_services() tells how
 * long it is valid. Its elements are read through pointers that the calls below
 * return. Only the library makes elements: a later version may add members at
 * their end, so do not index from a pointer to one, and do not rely on its size.
 */
struct ble_services;

struct ble_service { /* 3.1 */
	uint16_t handle; /* of the declaration */
	uint16_t end;    /* last handle of the group */
	bool primary;
	uint16_t n_characteristics;
	struct ble_uuid uuid;
	const struct ble_services *tree; /* that it belongs to */
};

struct ble_characteristic { /* 3.3 */
	uint16_t handle;       /* of the declaration */
	uint16_t value_handle; /* of the value: what read and write take */
	uint16_t end;          /* last handle that belongs to it */
	uint8_t properties;    /* enum ble_property, or'ed */
	uint16_t n_descriptors;
	struct ble_uuid uuid;
	const struct ble_service *service;
	/* From the descriptors, set by ble_client_describe(): */
	uint16_t extended; /* enum ble_extended_property, or'ed */
	struct ble_format format;
	const char *description; /* for people, as the peer sent it: UTF-8 if it
				    follows the specification. NULL: none */
};

struct ble_descriptor { /* 3.3.3 */
	uint16_t handle;
	struct ble_uuid uuid;
	const struct ble_characteristic *characteristic;
};

struct ble_include { /* an included service, 3.2 */
	uint16_t handle;
	uint16_t start, end; /* the included service's handles */
	struct ble_uuid uuid; /* all 0 if it is known to the included service
				 only, and this was not discovered */
	const struct ble_service *service; /* the one that includes it */
};

/*
 * Walking. Each call returns the element behind previous, in the order of the
 * handles; the first one if previous is NULL; NULL behind the last one:
 *
 *	while ((service = ble_services_next(tree, service)))
 *		while ((c = ble_service_next_characteristic(service, c)))
 *
 * with both pointers NULL at first. previous must be of the same tree, service or
 * characteristic, and still valid.
 */
const struct ble_service *ble_services_next(const struct ble_services *tree,
					    const struct ble_service *previous);
const struct ble_characteristic *
ble_service_next_characteristic(const struct ble_service *service,
				const struct ble_characteristic *previous);
const struct ble_descriptor *
ble_characteristic_next_descriptor(const struct ble_characteristic *characteristic,
				   const struct ble_descriptor *previous);

/* The same over all services. */
const struct ble_characteristic *
ble_services_next_characteristic(const struct ble_services *tree,
				 const struct ble_characteristic *previous);
const struct ble_descriptor *
ble_services_next_descriptor(const struct ble_services *tree,
			     const struct ble_descriptor *previous);
const struct ble_include *
ble_services_next_include(const struct ble_services *tree,
			  const struct ble_include *previous);

/* How many there are in the whole tree. */
size_t ble_services_count(const struct ble_services *tree);
size_t ble_services_count_characteristics(const struct ble_services *tree);
size_t ble_services_count_descriptors(const struct ble_services *tree);
size_t ble_services_count_includes(const struct ble_services *tree);

/* Changes whenever the tree is replaced. Pointers to elements are valid as long
 * as this number is the same. */
unsigned int ble_services_generation(const struct ble_services *tree);

/* By handle: NULL if there is none. A characteristic is found by the handle of its
 * declaration and by that of its value. Takes 16 steps at most. */
const struct ble_service *ble_services_service(const struct ble_services *tree,
					       uint16_t handle);
const struct ble_characteristic *
ble_services_characteristic(const struct ble_services *tree, uint16_t handle);
const struct ble_descriptor *
ble_services_descriptor(const struct ble_services *tree, uint16_t handle);

/* By UUID: the only characteristic, the only service with it. -ENOENT if there is
 * none. -ENOTUNIQ if there are several: ble_error_text() names their handles, so
 * that one of them can be chosen. */
int ble_services_find_characteristic(const struct ble_services *tree,
				     const struct ble_uuid *uuid,
				     const struct ble_characteristic **ret_characteristic);
int ble_services_find_service(const struct ble_services *tree,
			      const struct ble_uuid *uuid,
			      const struct ble_service **ret_service);

/* By UUID: the first characteristic of a service, the first descriptor of a
 * characteristic. NULL if there is none. */
const struct ble_characteristic *
ble_service_find_characteristic(const struct ble_service *service, const struct ble_uuid *uuid);
const struct ble_descriptor *
ble_characteristic_find_descriptor(const struct ble_characteristic *characteristic,
			const struct ble_uuid *uuid);

/* -- The client --------------------------------------------------------------- */

/*
 * A peripheral, connected or not.
 *
 * Clients of one adapter that have the same peer share its connection. Each has its own
 * calls, subscriptions and callbacks. The queue of requests, the MTU, the link parameters
 * and the tree of services belong to the connection. A client that disconnects, or that
 * is freed, leaves the connection: its calls end, the peer is unsubscribed from what only
 * this client had subscribed to, and the other clients go on. The last client that leaves
 * ends the connection. When it is lost, and when the services change, each client is told.
 */
struct ble_client;

/* Does not connect yet. A client keeps a reference to its adapter, not to the
 * device. 0 or -errno. The last _unref disconnects. */
int ble_client_new(struct ble_adapter *adapter,
		   const struct ble_address *address,
		   struct ble_client **ret_client);
int ble_client_new_for_device(const struct ble_device *device,
			      struct ble_client **ret_client);
struct ble_client *ble_client_ref(struct ble_client *client);
struct ble_client *ble_client_unref(struct ble_client *client);

/* The adapter it was made for. Valid as long as the client. */
struct ble_adapter *ble_client_adapter(const struct ble_client *client);

/* If the type was unknown, a connect sets the one that was found: the adapter remembers
 * the types of peers that its scans heard; of others it is searched for by a scan. Valid
 * as long as the client. */
const struct ble_address *ble_client_address(const struct ble_client *client);

/* The connection ended. Called once for each successful connect, after all
 * calls under way ended with -ENOTCONN. reason is the controller's code (see
 * ble_hci_text()), or 0 if it is not known. asked: by this client's
 * ble_client_disconnect().
 * A callback may connect again from here on, but not from the calls that end
 * before it. */
typedef void (*ble_disconnected_func)(void *user, uint8_t reason, bool asked);

/* Replaces the previous callback. NULL: none, the default. */
void ble_client_on_disconnected(struct ble_client *client,
				ble_disconnected_func disconnected, void *user);

/* Connection parameters (Vol 6, Part B, 4.5). Short intervals give low latency, long
 * intervals and peripheral latency save power. All 0: the adapter's defaults. */
struct ble_link_params {
	uint16_t interval_min BLE_ZERO; /* connection interval, in 1.25 ms: 6 to 3200 */
	uint16_t interval_max BLE_ZERO;
	uint16_t latency BLE_ZERO; /* peripheral latency: connection events that the
				      peer may skip, 0 to 499 */
	uint16_t timeout BLE_ZERO; /* supervision timeout, in 10 ms: 10 to 3200, and
				      longer than 2 * (1 + latency) * interval_max */
	uint64_t reserved[2] BLE_ZERO; /* must be zero */
};

enum ble_link_preset {
	BLE_LINK_DEFAULT,     /* all 0 */
	BLE_LINK_LOW_LATENCY, /* 7.5 to 15 ms; supervision timeout 5 s */
	BLE_LINK_BALANCED,    /* 30 to 50 ms; 5 s */
	BLE_LINK_LOW_POWER,   /* 100 to 125 ms, latency 2; 6 s */
};

/* The parameters of a preset. */
#if defined(__clang__)
#pragma clang diagnostic push /* in C++ the struct has BLE_ZERO, and is the same */
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#endif
struct ble_link_params ble_link_preset(enum ble_link_preset preset);
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/* Of one connect. All zero: the defaults. */
struct ble_connect_params {
	/* Of the whole connect, counted from the call; retries are included.
	 * 0: 20,000. BLE_FOREVER: whenever the peer appears. */
	int timeout_ms BLE_ZERO;
	/* The largest ATT MTU, 23 to 517, whichever side asks for it. 0: 517. 23:
	 * this side does not ask. */
	uint16_t mtu BLE_ZERO;
	struct ble_link_params link BLE_ZERO;
	uint64_t reserved[4] BLE_ZERO; /* must be zero */
};

/* Connects and exchanges the MTU. params is copied; NULL is all zero. Any number of
 * clients may connect at the same time: a peer that is absent does not hold up the others.
 * A connection that fails to be established (0x3e) is retried until the time limit.
 *
 * If another client of the adapter is connected to the peer, this one joins its
 * connection; then mtu and link are not used. While another client connects to the peer,
 * this one waits, within its own time limit. If the other one succeeds, all that wait
 * join. If it fails, is cancelled or times out, the first one that waits makes the attempt
 * itself. After -ENODEV and -ENETRESET all end.
 *
 * -ETIMEDOUT: not connected in time. -EBUSY: another program of this machine, or
 * this one through another struct ble_adapter, has the connection to this peer.
 * -EISCONN: it is connected. -EALREADY: a connect is under way, or the callback of a
 * disconnect is still to come.
 * -EINVAL: a time, MTU or link parameter out of range. -EOPNOTSUPP: link
 * parameters, which the backend cannot set. -EPERM: a permission is missing;
 * with kernel adapters, link parameters take CAP_NET_RAW, and powering on
 * takes CAP_NET_ADMIN. -ENODEV: the adapter is gone. -ERFKILL, -ENETDOWN: the
 * kernel's adapter is blocked, was powered off meanwhile. If the controller or
 * the peer rejects the link parameters, the connect succeeds with others; see
 * ble_client_link(). */
int ble_client_connect(struct ble_client *client,
		       const struct ble_connect_params *params,
		       ble_done_func done, void *user, struct ble_op **ret_op);
int ble_client_connect_sync(struct ble_client *client,
			    const struct ble_connect_params *params);

/* Ends the connection, or the connect under way. A connection that other clients share
 * goes on for them. Calls under way end with -ENOTCONN in the next dispatch. Does nothing
 * without a connection. */
void ble_client_disconnect(struct ble_client *client);

/* Disconnects, and waits until the disconnected callback has run. */
int ble_client_disconnect_sync(struct ble_client *client);

/* Whether calls can be made. False after a loss was dispatched, and right
 * after ble_client_disconnect(). */
bool ble_client_connected(const struct ble_client *client);

/* The current ATT MTU; 0 without a connection. A notification or write command
 * carries at most 3 bytes less. */
uint16_t ble_client_mtu(const struct ble_client *client);

/* The longest value of a write command; 0 without a connection. */
uint16_t ble_client_max_write_command(const struct ble_client *client);

/* Sets the time that each later call on this client has, as
 * ble_op_set_timeout() does for one call. The default is the limits there. Does
 * not concern connects. */
void ble_client_set_timeout(struct ble_client *client, int ms);

/* The current connection parameters; interval_min and interval_max are the
 * same. -ENOTCONN. -ENODATA: not known; with kernel adapters without
 * CAP_NET_RAW, and if the link was up before this program connected. */
int ble_client_link(const struct ble_client *client,
		    struct ble_link_params *ret_link);

/* Requests other connection parameters. When done comes they are in use, as
 * the peer and both controllers agreed. -EINVAL: out of range. -EALREADY:
 * another update is under way. -EOPNOTSUPP: the backend cannot. -EPERM: as for
 * a connect. */
int ble_client_update_link(struct ble_client *client,
			   const struct ble_link_params *link,
			   ble_done_func done, void *user, struct ble_op **ret_op);
int ble_client_update_link_sync(struct ble_client *client,
				const struct ble_link_params *link);

/* The signal strength of the connection in dBm, 0 if there is an error;
 * BLE_NO_RSSI if the controller does not know it. May be NULL. */
typedef void (*ble_rssi_func)(void *user, int error, int rssi);

/* -EOPNOTSUPP: the backend cannot. */
int ble_client_read_rssi(struct ble_client *client, ble_rssi_func done, void *user,
			 struct ble_op **ret_op);
int ble_client_read_rssi_sync(struct ble_client *client, int *ret_rssi);

/* The number of ATT requests sent on this connection, by all its clients. With a dongle, the
 * procedures of its firmware are counted: a whole range is one. */
unsigned int ble_client_requests(const struct ble_client *client);

/* Discovers all services, also included and secondary ones, characteristics
 * and descriptors. */
int ble_client_discover(struct ble_client *client, ble_done_func done,
			void *user, struct ble_op **ret_op);
int ble_client_discover_sync(struct ble_client *client);

/* Discovers only the primary services with these UUIDs, in few requests.
 * -ENOENT if the peer has none of them. Services that they include are in the
 * tree by their handles only. On a connection that other clients share everything is
 * discovered, since they may use other services. */
int ble_client_discover_only(struct ble_client *client,
			     const struct ble_uuid *uuids, size_t n,
			     ble_done_func done, void *user,
			     struct ble_op **ret_op);
int ble_client_discover_only_sync(struct ble_client *client,
				  const struct ble_uuid *uuids, size_t n);

/* What the last discovery found, of any client of the connection; empty before the
 * first. Valid until the next discovery that succeeds, the next ble_client_connect(), or
 * the last _unref; the end of a connection does not change it. A client that left a
 * connection which others go on with sees their tree. While connected, the peer may
 * announce that its services changed: then any dispatch, _sync calls included,
 * may replace the tree, even several times before the changed callback. So
 * keep handles across a dispatch, and get pointers again. */
const struct ble_services *ble_client_services(const struct ble_client *client);

/*
 * Half a second after the discovery of the peer's Generic Attribute service, the
 * library writes Client Supported Features (robust caching) and subscribes to
 * Service Changed. When the peer indicates a change, or answers a request with
 * Database Out Of Sync (0x12), the library discovers everything again and calls
 * changed. error 0: there is a new tree, and the differences are between these
 * handles. Otherwise the discovery failed, and the tree is the earlier one.
 *
 * From the indication, or from the error, to the end of the discovery no request and
 * no write command with a handle of the tree is sent: the calls wait, and a write
 * command without done gives -EAGAIN until ble_client_on_writable(). Then a call is
 * sent if all its handles are still those of the same attributes; otherwise it ends
 * with BLE_ERROR_ATT(0x12), as it does if the discovery failed. The same holds for
 * calls that met 0x12, once; the second 0x12 is their result. A call about a handle
 * that is in no tree does not wait, or is sent as it is.
 *
 * Subscriptions between these handles are written again. If their characteristic has
 * another handle now, or after ble_client_discover(), they follow it if it is the only
 * one with its UUID; otherwise they become inactive, and a subscribe that is under way
 * ends with -ENOENT.
 */
typedef void (*ble_changed_func)(void *user, int error, uint16_t start,
				 uint16_t end);

/* Replaces the previous callback. NULL: none, the default; all else is done as
 * well. */
void ble_client_on_changed(struct ble_client *client, ble_changed_func changed,
			   void *user);

/* Reads the descriptors that describe characteristics: extended properties,
 * user description, presentation format. What cannot be read stays unknown.
 * Replaces what an earlier call read. */
int ble_client_describe(struct ble_client *client, ble_done_func done,
			void *user, struct ble_op **ret_op);
int ble_client_describe_sync(struct ble_client *client);

/*
 * A handle is that of a characteristic's value or of a descriptor. The calls of all
 * clients of one connection are sent in the order in which they were made, one request
 * at a time.
 * Write commands do not wait for responses, so they are sent before requests that
 * wait. A request is never sent before a write command that was made earlier, and
 * never waits for one that was made later. Without a connection all return
 * -ENOTCONN. A read is sent even if its callbacks are NULL.
 */

/* Reads the whole value, of any length: Read, then Read Blob as often as
 * needed. */
int ble_client_read(struct ble_client *client, uint16_t handle,
		    ble_value_func done, void *user, struct ble_op **ret_op);

/* Copies at most size bytes of the value to buffer. ret_len is the length of
 * the whole value, which may be more than size; it may be NULL, in
 * ble_client_read_joined_sync() too. */
int ble_client_read_sync(struct ble_client *client, uint16_t handle,
			 void *buffer, size_t size, size_t *ret_len);

/* Reads every attribute of a type from handle start to end, in the order of
 * their handles. value is called for each whole value, then done, with 0 even
 * if there was none. An error, for example of an attribute that may not be
 * read, ends the call; the values before it were given. */
int ble_client_read_by_uuid(struct ble_client *client, const struct ble_uuid *uuid,
			    uint16_t start, uint16_t end, ble_attribute_func value,
			    ble_done_func done, void *user, struct ble_op **ret_op);
int ble_client_read_by_uuid_sync(struct ble_client *client,
				 const struct ble_uuid *uuid, uint16_t start,
				 uint16_t end, ble_attribute_func value, void *user);

/* Reads several values. value is called for each of the n handles, with the whole
 * value and in their order, then done. They are read in few requests (Read Multiple
 * Variable Length) if the peer is known to answer these: it has Enhanced ATT, which
 * its Server Supported Features tell if they were discovered, or it did so before.
 * Otherwise, and after a refusal, they are read one by one. A peer that was silent,
 * which ends the connection, is not asked again on this adapter. handles is copied. */
int ble_client_read_multiple(struct ble_client *client, const uint16_t *handles,
			     size_t n, ble_attribute_func value,
			     ble_done_func done, void *user, struct ble_op **ret_op);
int ble_client_read_multiple_sync(struct ble_client *client,
				  const uint16_t *handles, size_t n,
				  ble_attribute_func value, void *user);

/* Reads several values in one request (Read Multiple): 2 handles or more. The
 * values come joined, and cut to MTU - 1 bytes, so their lengths must be
 * known. -EMSGSIZE: the handles do not fit into a request. */
int ble_client_read_joined(struct ble_client *client, const uint16_t *handles,
			   size_t n, ble_value_func done, void *user,
			   struct ble_op **ret_op);
int ble_client_read_joined_sync(struct ble_client *client,
				const uint16_t *handles, size_t n, void *buffer,
				size_t size, size_t *ret_len);

/* Writes with response, up to 512 bytes (-EMSGSIZE above): one Write Request
 * if it fits, otherwise prepared writes. Their echoes are verified: -EBADMSG
 * if one differs, and the write is cancelled at the peer. The firmware of a
 * dongle does not show the echoes, so there they are not verified. value is
 * copied. */
int ble_client_write(struct ble_client *client, uint16_t handle,
		     struct ble_bytes value, ble_done_func done, void *user,
		     struct ble_op **ret_op);
int ble_client_write_sync(struct ble_client *client, uint16_t handle,
			  struct ble_bytes value);

/* Writes as the characteristic's properties in the discovered tree allow:
 * without response if that is the only way, otherwise with response. Any other
 * handle, of a descriptor or of a tree that was not discovered, is written
 * with response. */
int ble_client_write_auto(struct ble_client *client, uint16_t handle,
			  struct ble_bytes value, ble_done_func done, void *user,
			  struct ble_op **ret_op);
int ble_client_write_auto_sync(struct ble_client *client, uint16_t handle,
			       struct ble_bytes value);

/* One value of a reliable write. */
struct ble_write {
	uint16_t handle BLE_ZERO;
	struct ble_bytes value BLE_ZERO; /* up to 512 bytes */
	uint64_t reserved[2] BLE_ZERO;   /* must be zero */
};

/* Writes all of these values or none, in this order: each is prepared, its
 * echo is verified, then all are executed at once. -EBADMSG: an echo differs,
 * and all is cancelled. With a dongle the echoes are not verified. The values
 * are copied. */
int ble_client_write_reliable(struct ble_client *client,
			      const struct ble_write *writes, size_t n,
			      ble_done_func done, void *user,
			      struct ble_op **ret_op);
int ble_client_write_reliable_sync(struct ble_client *client,
				   const struct ble_write *writes, size_t n);

/* Writes without response, up to MTU - 3 bytes (-EMSGSIZE above). done comes
 * when the kernel or the dongle has taken the command. Without done nothing is
 * allocated, *ret_op is set to NULL, and -EAGAIN tells that the queue of the
 * link is full; ble_client_on_writable() tells when it has room again. */
int ble_client_write_command(struct ble_client *client, uint16_t handle,
			     struct ble_bytes value, ble_done_func done,
			     void *user, struct ble_op **ret_op);
int ble_client_write_command_sync(struct ble_client *client, uint16_t handle,
				  struct ble_bytes value);

/* The queue of the link has room again, after write commands without done were
 * refused with -EAGAIN. Called from dispatch, once for all refusals before it.
 * Not called if the connection ends instead. */
typedef void (*ble_writable_func)(void *user);

/* Replaces the previous callback. NULL: none, the default. */
void ble_client_on_writable(struct ble_client *client, ble_writable_func writable,
			    void *user);

/* -- Subscriptions -------------------------------------------------------------- */

enum ble_subscribe {
	BLE_SUBSCRIBE_AUTO = 0, /* notify if the characteristic can, otherwise indicate */
	BLE_SUBSCRIBE_NOTIFY = 1,
	BLE_SUBSCRIBE_INDICATE = 2,
};

/*
 * One subscriber of one characteristic. Valid until ble_subscription_free() or the
 * client's last _unref. When the connection ends it becomes inactive: it gets no values
 * until ble_client_resubscribe(). After a subscribe whose done came with an error it is
 * over: it never gets a value, and can only be freed.
 */
struct ble_subscription;

/* A notification or indication. value is valid during the callback. May be
 * NULL. */
typedef void (*ble_notified_func)(void *user, uint16_t handle,
				  struct ble_bytes value);

/*
 * Subscribes to a characteristic of the discovered tree. notified gets
 * notified_user, done gets user. notified may be called before done. An indication
 * is confirmed after notified returned; the firmware of a dongle confirms it at
 * once. A characteristic may have several subscribers, also of several clients: the
 * peer is configured for all of them together, and each gets every value. Do not write
 * the client characteristic configuration descriptor yourself: subscriptions do not see
 * it.
 *
 * If ret_subscription is NULL, the subscription lasts until the connection ends or
 * done comes with an error. If the call is cancelled, the subscription becomes
 * inactive. Then, and if it times out, the library unsubscribes at the peer, which
 * may have received the request. -EINVAL: no such mode. -ENOENT: the tree has no
 * such characteristic. -EOPNOTSUPP: it lacks the property or the client
 * characteristic configuration descriptor.
 */
int ble_client_subscribe(struct ble_client *client, uint16_t handle,
			 enum ble_subscribe mode, ble_notified_func notified,
			 void *notified_user, ble_done_func done, void *user,
			 struct ble_subscription **ret_subscription,
			 struct ble_op **ret_op);
int ble_client_subscribe_sync(struct ble_client *client, uint16_t handle,
			      enum ble_subscribe mode,
			      ble_notified_func notified, void *user,
			      struct ble_subscription **ret_subscription);

/* Frees it: its callbacks do not come any more, and the pointer is no longer
 * valid, whatever is returned. A subscribe under way is cancelled. The last
 * subscriber of a characteristic also unsubscribes at the peer, even if this
 * call is then cancelled or times out. An error means that this was not
 * possible, and done does not come: -ENOTCONN without a connection. With NULL
 * it returns 0, sets *ret_op to NULL, and done does not come. */
int ble_subscription_free(struct ble_subscription *subscription, ble_done_func done,
			  void *user, struct ble_op **ret_op);
int ble_subscription_free_sync(struct ble_subscription *subscription);

/* The kernel has dropped so many packets of this connection because they were not read
 * in time: notifications, unless the peer sent others just then. Called from dispatch,
 * once for all that were dropped since the last call. Never called over a dongle and the
 * simulator. */
typedef void (*ble_overrun_func)(void *user, unsigned int packets);

/* Replaces the previous callback. NULL: none, the default. */
void ble_client_on_overrun(struct ble_client *client, ble_overrun_func overrun,
			   void *user);

/* Whether it gets values, or will when its request is answered. */
bool ble_subscription_active(const struct ble_subscription *subscription);

/* Its client; the handle of the characteristic's value, which a resubscribe
 * may change; the characteristic's UUID, valid as long as the subscription. */
struct ble_client *ble_subscription_client(const struct ble_subscription *subscription);
uint16_t ble_subscription_handle(const struct ble_subscription *subscription);
const struct ble_uuid *ble_subscription_uuid(const struct ble_subscription *subscription);

/* Activates all inactive subscriptions, with their callbacks: after a
 * reconnect and its discovery. The characteristic is the one at the same
 * handle if it has the same UUID, otherwise the only one with this UUID. The
 * error is the first one; subscriptions that fail stay inactive, all others
 * are active. */
int ble_client_resubscribe(struct ble_client *client, ble_done_func done,
			   void *user, struct ble_op **ret_op);
int ble_client_resubscribe_sync(struct ble_client *client);

/* -- Keeping connected ---------------------------------------------------------- */

/*
 * Keeps one client connected: connects, discovers (or takes the tree from the cache, see
 * ble_adapter_set_cache()), activates the client's subscriptions again, and tells that it
 * is up. If one of these fails, or the connection is lost, it tells that it is down,
 * waits, and begins again. Each wait is twice the one before, up to a limit; after the
 * keeper was up the first one is short again. If the adapter is gone, it is opened again
 * (ble_adapter_reopen()) for all its keepers as soon as it is back; this ends their waits,
 * and the next ones are short again. Its return is noticed as struct ble_adapter_watch
 * does; besides, keepers look for it when a wait ends, at most once a second.
 *
 * It starts from the next dispatch, keeps a reference to its client, and is freed
 * with ble_keeper_free(). A client that is connected already goes on with the discovery.
 * ble_client_disconnect() is a loss as any other: free the keeper before, to stay
 * disconnected. Do not connect its client yourself: the keeper's next attempt goes on
 * with your connection. Several keepers, and clients without one, may have one peer.
 */
struct ble_keeper;

enum ble_keeper_state {
	BLE_KEEPER_UP = 0,      /* connected and discovered, subscriptions are active */
	BLE_KEEPER_DOWN = 1,    /* lost, or an attempt failed; there will be another one */
	BLE_KEEPER_GAVE_UP = 2, /* lost, or failed; nothing more is done until it is freed */
};

/* All zero: the defaults. */
struct ble_keeper_params {
	/* Of each connect. Its timeout_ms 0 is BLE_FOREVER, so that the radio waits for
	 * the peer. */
	struct ble_connect_params connect BLE_ZERO;
	/* The first wait and the longest. 0: 1,000 and 60,000, or the first one if that
	 * is longer. */
	int from_ms BLE_ZERO, to_ms BLE_ZERO;
	/* By how many percent, 1 to 100, each wait is shortened at random, at most, so that
	 * keepers do not all try at the same time. 0: 25. -1: not at all. */
	int jitter BLE_ZERO;
	/* If the peer sent nothing for this long while up, handle 1 is read; if there is no
	 * answer for as long again, the client disconnects, with -ETIMEDOUT. What the
	 * peer sends to other clients of the connection counts, too, and these stay
	 * connected. 0: off. */
	int idle_ms BLE_ZERO;
	/* Gives up, with -ETIMEDOUT, after it was not up for this long. 0: never. */
	int give_up_ms BLE_ZERO;
	uint64_t reserved[4] BLE_ZERO; /* must be zero */
};

/* Borrowed: valid during the callback. */
struct ble_keeper_event {
	enum ble_keeper_state state;
	/* What failed, for ble_error_text(): -ENOTCONN if the connection was lost, or
	 * the error of the step. UP: 0. */
	int error;
	uint8_t reason;        /* of the loss, see ble_hci_text(); 0: not known, or none */
	bool asked;            /* lost by ble_client_disconnect() */
	unsigned int attempts; /* since it was last up: with UP, this one too; 0 after a loss */
	int next_ms;           /* DOWN: until the next attempt; otherwise -1 */
};

/* From dispatch. A loss is told after the client's disconnected callback. A step that
 * fails has its connection ended: the client's callback comes after this one and says
 * asked. Subscribe in the first UP, with ret_subscription: the keeper activates these
 * subscriptions itself before each later one. May be NULL. */
typedef void (*ble_keeper_func)(void *user, const struct ble_keeper_event *event);

/* params is copied; NULL is all zero. -EALREADY: the client has a keeper. -EINVAL: a
 * number out of range. -ENOMEM. Errors that no other attempt can mend (-EINVAL, -EPERM,
 * -EACCES, -EOPNOTSUPP) make it give up at once. */
int ble_keeper_new(struct ble_client *client, const struct ble_keeper_params *params,
		   ble_keeper_func changed, void *user, struct ble_keeper **ret_keeper);

/* Stops keeping it connected, and drops the reference to the client. An attempt under way
 * is cancelled; a connection stays as it is. Returns NULL. */
struct ble_keeper *ble_keeper_free(struct ble_keeper *keeper);

/* -- The library ------------------------------------------------------------------ */

#define BLE_VERSION "0.1.0"
#define BLE_VERSION_MAJOR 0
#define BLE_VERSION_MINOR 1
#define BLE_VERSION_PATCH 0

/* The version of the library that runs. Static. */
const char *ble_version(void);

#undef BLE_ZERO
#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
