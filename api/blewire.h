/* SPDX-License-Identifier: MIT */
/*
 * blewire - Bluetooth LE for C, straight on the wire
 *
 * The one header of the library. Read from top to bottom it goes from values
 * (bytes, UUIDs, addresses, errors) over the loop and the adapter to scanning
 * and to the client, which is where most programs spend their time.
 *
 * Threads   One thread a loop. Every object belongs to the loop that it was
 *           made from, and only the thread that dispatches this loop may touch
 *           it. ble_loop_interrupt() is the only exception.
 * Callbacks come from ble_loop_dispatch() and from the calls that run the loop
 *           themselves (their names end in _sync), never from inside any other
 *           call. A callback may call anything, also cancel, disconnect and
 *           unref the object that it came from; where that was the last
 *           reference of a client, a _sync call of its that runs returns
 *           -ECANCELED. It may not run the loop again: there, dispatch and
 *           _sync calls return -EDEADLK. Every callback may be NULL where its
 *           declaration does not say otherwise: then nobody is told, and all
 *           else is as it would be. A C++ exception must not leave a callback:
 *           the library cannot be unwound, and the program would end in
 *           std::terminate().
 * Errors    One int, never positive: 0, or -errno, or BLE_ERROR_ATT(code) for
 *           the ATT error code that the peer sent (Core Specification, Vol 3,
 *           Part F, 3.4.1.1). So "< 0" catches every failure. Results come
 *           back through the last arguments, named ret_..., which a failure
 *           leaves untouched. ble_error_text() words every error.
 * Lifetime  loop, adapter, scanner, device and client are counted: _ref adds,
 *           _unref drops (NULL is fine, it returns NULL), and the last unref
 *           ends what is under way, silently. A timer has one owner, who frees
 *           it. Everything else is borrowed, and its declaration says for how
 *           long.
 * Structs   that callers fill in end with reserved room. All that is not set has
 *           to be zero, as an initializer leaves it: where the reserved room is
 *           not, calls return -EINVAL, and those without an error find nothing.
 *           So a struct keeps its size when it gets a new member. Structs that
 *           the library gives by pointer may get more members at their end: use
 *           them where they are, copy members and not the struct.
 * Times     are int, in milliseconds, where nothing else is said. Arguments of
 *           calls follow poll(): 0 is at once, a negative time is no limit. In
 *           a struct 0 is the default, BLE_FOREVER is no limit, and any other
 *           negative time is refused with -EINVAL.
 * Memory    Running out of it is an error, -ENOMEM, never an abort. The
 *           library prints nothing, installs no signal handler and starts no
 *           thread.
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
 * an initializer of their own. */
#if defined(__cplusplus) && __cplusplus >= 201402L
#define BLE_ZERO = {}
#else
#define BLE_ZERO
#endif

/* Of the errors that are promised below, the one that not all systems have; only
 * the kernel's adapters give -ERFKILL, and Linux has it. */
#ifndef ENOTUNIQ
#define ENOTUNIQ 1076
#endif

/* -- Bytes ---------------------------------------------------------------- */

/* Borrowed bytes; data may be NULL where len is 0. */
struct ble_bytes {
	const uint8_t *data;
	size_t len;
};

/* -- Text -------------------------------------------------------------------- */

/* A name is what a stranger chose to send. Writes it so that it can be shown:
 * each byte that is not UTF-8 or belongs to a control character, or to one that
 * hides or turns around what stands beside it, as a backslash, an x and two
 * digits, a backslash as two. Ended with a NUL, and cut before what does not fit
 * into size bytes; 4 times the length and 1 always suffice. Returns escaped. */
char *ble_text_escape(const char *text, char *escaped, size_t size);

/* What that is made of. One character off the front of text, which is not empty:
 * its code point and how many bytes it took, or -1 and 1 for a byte that is not
 * UTF-8. And whether to show it is unsafe, as described; -1 is. */
int32_t ble_text_decode(struct ble_bytes text, size_t *ret_len);
bool ble_text_unsafe(int32_t character);

/* -- UUIDs (Vol 3, Part B, 2.5.1) ----------------------------------------- */

/* Always in full, in the order in which a UUID is printed: octet 0 first.
 * Compare with ble_uuid_equal(). */
struct ble_uuid {
	uint8_t octet[16];
};

#define BLE_UUID_TEXT 37 /* room for the longest text form and its end */

/* The UUID that a number stands for: 0x180d, 0x12345678. */
struct ble_uuid ble_uuid16(uint16_t value);
struct ble_uuid ble_uuid32(uint32_t value);

/* The same, whatever form they were written in. */
bool ble_uuid_equal(const struct ble_uuid *a, const struct ble_uuid *b);

/* The 16-bit number of a UUID that has one, otherwise 0. */
uint16_t ble_uuid_short(const struct ble_uuid *uuid);

/* Reads "180d", "0x180D", "0000180d" and the long form, in either case;
 * -EINVAL for anything else. */
int ble_uuid_parse(const char *text, struct ble_uuid *ret_uuid);

/* Writes the shortest form ("180d", "12345678" or the long one, lower case)
 * and returns text. */
char *ble_uuid_text(const struct ble_uuid *uuid, char text[BLE_UUID_TEXT]);

#define BLE_NAME_TEXT 128 /* room for any name of an assigned number and its end */

/* Writes the name that the assigned numbers give to a service, characteristic,
 * descriptor or declaration and returns it; NULL where they give none. Where the
 * library was built without names, nothing has one. */
char *ble_uuid_name(const struct ble_uuid *uuid, char name[BLE_NAME_TEXT]);

/* The other way round: "Heart Rate Measurement", "heart_rate_measurement" and
 * "heartratemeasurement" are the same. -ENOENT if nothing has the name;
 * -ENOTUNIQ if several have it, as "Device Time", a service and a
 * characteristic. */
int ble_uuid_from_name(const char *name, struct ble_uuid *ret_uuid);

/* Writes the name of a company identifier and returns it; NULL if it is not
 * assigned or the library was built without company names. */
char *ble_company_name(uint16_t company, char name[BLE_NAME_TEXT]);

/* -- Addresses (Vol 6, Part B, 1.3) --------------------------------------- */

enum ble_address_type {
	BLE_ADDRESS_PUBLIC = 0,
	BLE_ADDRESS_RANDOM = 1,
	BLE_ADDRESS_UNKNOWN = 255, /* not said: a connect finds it out */
};

struct ble_address {
	uint8_t octet[6]; /* as on the air: the last printed one first */
	uint8_t type;     /* enum ble_address_type */
};

#define BLE_ADDRESS_TEXT 32 /* room for the longest text form and its end */

/* The same octets and the same type; an unknown type equals only itself. */
bool ble_address_equal(const struct ble_address *a, const struct ble_address *b);

/* Reads "AA:BB:CC:DD:EE:FF" and the same with "/public" or "/random" behind
 * it; without, the type is BLE_ADDRESS_UNKNOWN. -EINVAL for anything else. */
int ble_address_parse(const char *text, struct ble_address *ret_address);

/* Writes "AA:BB:CC:DD:EE:FF", without the type, and returns text. */
char *ble_address_text(const struct ble_address *address,
		       char text[BLE_ADDRESS_TEXT]);

/* "public", "random" or "unknown". Static. */
const char *ble_address_type_text(const struct ble_address *address);

/* -- The loop -------------------------------------------------------------- */

/* What waits for all that belongs to it: one thread, any number of adapters. */
struct ble_loop;

/* 0 or -errno. _ref and _unref: see Lifetime. Adapters and timers keep it. */
int ble_loop_new(struct ble_loop **ret_loop);
struct ble_loop *ble_loop_ref(struct ble_loop *loop);
struct ble_loop *ble_loop_unref(struct ble_loop *loop);

/* One descriptor that is readable whenever there is something to dispatch,
 * time-outs included: poll it for POLLIN in a loop of your own, then call
 * ble_loop_dispatch(loop, 0). -EOPNOTSUPP where the platform has no such thing;
 * there call ble_loop_dispatch() with a time-out. */
int ble_loop_fd(const struct ble_loop *loop);

/* Waits until something happens, timeout_ms at most, and runs the callbacks of
 * what did. Returns 0, or
 * -EINTR after ble_loop_interrupt(), or -EDEADLK inside a callback. A signal
 * ends the wait early, with 0. */
int ble_loop_dispatch(struct ble_loop *loop, int timeout_ms);

/* Makes the dispatch or _sync call that runs, or the next one, return -EINTR.
 * May be called from a signal handler and from another thread. */
void ble_loop_interrupt(struct ble_loop *loop);

/* -- Timers ---------------------------------------------------------------- */

/* A time of the loop's, once or again and again. Keeps the loop. */
struct ble_timer;

/* It is due. Not NULL. */
typedef void (*ble_timer_func)(void *user);

/* It is not started yet. 0 or -errno. */
int ble_timer_new(struct ble_loop *loop, ble_timer_func fire, void *user,
		  struct ble_timer **ret_timer);

/* Stops it first; NULL is fine, and it returns NULL. */
struct ble_timer *ble_timer_free(struct ble_timer *timer);

/* Fires after ms, then every every_ms, counted from the time at which it was
 * due, so that it does not drift; times that a slow callback missed are left
 * out. every_ms 0 or negative: once. A timer that runs is started anew. A
 * negative ms stops the timer: it never fires. */
void ble_timer_start(struct ble_timer *timer, int ms, int every_ms);

/* It does not fire before the next start. Twice is fine. */
void ble_timer_stop(struct ble_timer *timer);

/* -- Errors ---------------------------------------------------------------- */

/* The error that stands for an ATT error code, 1 to 255: below every -errno. */
#define BLE_ERROR_ATT(code) (-4096 - (code))

/* The ATT error code that error stands for; 0 for success and every -errno. */
uint8_t ble_error_att(int error);

/* A sentence for any error. Static. */
const char *ble_strerror(int error);

/* The same, with everything that is known about the latest failure on this
 * loop when error is that failure: what was tried, the controller's reason,
 * what to do next. One line. Valid until the next call into the library. */
const char *ble_error_text(const struct ble_loop *loop, int error);

/* The words of a controller's error code (Vol 1, Part F), which disconnect
 * reasons are, for example "connection timeout" for 0x08. Static. */
const char *ble_hci_text(uint8_t code);

/* -- Operations ------------------------------------------------------------ */

/*
 * An asynchronous call that was accepted (it returned 0) calls its callback
 * exactly once. Where it takes ret_op, that may be NULL, or it receives a
 * handle which is valid until the callback runs or the call is cancelled.
 * After ble_op_cancel() the callback never comes, and the handle is no longer
 * valid. What is already on its way to the peer is not called back. To NULL, which
 * is no operation, nothing is done, here and below.
 */
struct ble_op;

/* As said above; from any callback, too. */
void ble_op_cancel(struct ble_op *op);

/* Sets the time that the operation has from now on. After it the operation ends
 * with -ETIMEDOUT, from dispatch. A late response of the peer is discarded; the
 * next request waits until it came or until the 30 s of the transaction timeout
 * (Vol 3, Part F, 3.3.3) are over, which ends the connection. */
void ble_op_set_timeout(struct ble_op *op, int ms);

/* The callback of a call that has no result but its error. May be NULL. */
typedef void (*ble_done_func)(void *user, int error);

/* The callback of a read. value is empty if there is an error, and valid
 * during the callback. May be NULL. */
typedef void (*ble_value_func)(void *user, int error, struct ble_bytes value);

/* The callback of a read of several attributes: one of them. value is valid
 * during the callback. May be NULL. */
typedef void (*ble_attribute_func)(void *user, uint16_t handle,
				   struct ble_bytes value);

/* -- Adapters -------------------------------------------------------------- */

/* A radio: the way to advertisers and peripherals. */
struct ble_adapter;

struct ble_adapter_info { /* what is known of one, opened or not */
	const char *name;    /* "hci0": what ble_adapter_open() takes */
	const char *backend; /* "hci", "bgapi", "sim" */
	/* Of type BLE_ADDRESS_UNKNOWN where it is not known: of dongles that
	 * are not open. */
	struct ble_address address;
	bool powered;
	bool low_energy; /* the controller can do LE, switched on or not */
	bool extended;   /* it scans with the extended commands */
};

/* Calls found for each adapter that can be seen now, in the order of their
 * numbers, then for each dongle, which is not opened for it; info is valid
 * during the call. A dongle in its bootloader is neither powered nor low_energy.
 * Does not list the simulator. This callback comes from inside the call; it is
 * not NULL.
 * Returns 0 or -errno. */
int ble_adapter_list(struct ble_loop *loop,
		 void (*found)(void *user, const struct ble_adapter_info *info),
		 void *user);

/*
 * Opens an adapter: "hci0", its address, "bled112" or a port (see below), "sim"
 * (the built-in peripherals) or "sim:FILE"; NULL takes the first HCI adapter,
 * where there is none the first dongle. Changes nothing on an HCI adapter: what
 * it lacks (power, LE) is switched on by the first scan or connect, and never
 * back off. -ENODEV if there is no such adapter.
 *
 * A dongle: "bled112" is the first one that no other program has, and
 * "bled112:1-1.2" the one that is plugged in there (USB bus and ports), as
 * ble_adapter_list() names it; behind the colon a USB serial number, though all
 * BLED112 have the same, or a port's name will do, too. A port: "/dev/ttyACM0"
 * or any path that starts with / or ., also that of a socket which serves a
 * dongle; "ttyACM0"; "COM3". Opening one ends what an earlier program left in
 * it, takes some 100 ms, up to 3 s where nothing answers, and keeps other
 * programs out: -EBUSY. Other errors: -EACCES, -ETIMEDOUT (silence), -ENOTTY.
 */
int ble_adapter_open(struct ble_loop *loop, const char *name,
		     struct ble_adapter **ret_adapter);

/* See Lifetime. Scanners, devices and clients keep it; the last unref closes. */
struct ble_adapter *ble_adapter_ref(struct ble_adapter *adapter);
struct ble_adapter *ble_adapter_unref(struct ble_adapter *adapter);

/* The loop that it was opened on. Valid as long as the adapter. */
struct ble_loop *ble_adapter_loop(const struct ble_adapter *adapter);

/* Valid as long as the adapter. */
const struct ble_adapter_info *ble_adapter_info(const struct ble_adapter *adapter);

/* Has the radio start over, for one that hangs; nothing else ever does that.
 * Connections and connects end with -ENOTCONN and -ENETRESET, scans with
 * -ENETRESET through their ended callback, then done comes.
 * Other programs that use the adapter lose theirs as well. What a callback
 * begins anew waits until it is over. done's -EPERM: nothing has ended, this
 * program may not (the kernel's adapters want CAP_NET_ADMIN). A dongle is away
 * for about 1 s; one that is not back within 6 s is gone, -ENODEV. -EALREADY
 * while a reset is under way; -EOPNOTSUPP where the backend has none. */
int ble_adapter_reset(struct ble_adapter *adapter, ble_done_func done, void *user);
int ble_adapter_reset_sync(struct ble_adapter *adapter);

/*
 * Keeps on the disk what ble_client_discover() learns on connections made from
 * now on: in this folder, which is made if it is missing; NULL: where the user's
 * caches are ($XDG_CACHE_HOME or ~/.cache, there blewire); "": nowhere, as it is
 * at first. A peer is kept that has a Database Hash (Vol 3, Part G, 7.3) and an
 * address to stay. When it is met again, one request asks for its hash, and
 * while that is the same no other is needed. Programs may share a folder; files
 * that are damaged are replaced, and beyond 1024 the one unused for longest
 * goes. A discovery that is new waits for the disk.
 * -ENOENT: no home; -EOPNOTSUPP: not on this system.
 */
int ble_adapter_set_cache(struct ble_adapter *adapter, const char *folder);

/* -- Advertisements --------------------------------------------------------- */

enum ble_event {           /* what a report says of its advertiser */
	BLE_EVENT_CONNECTABLE = 1,
	BLE_EVENT_SCANNABLE = 2,
	BLE_EVENT_DIRECTED = 4,
	BLE_EVENT_SCAN_RESPONSE = 8,
	BLE_EVENT_LEGACY = 16,
	BLE_EVENT_TRUNCATED = 32, /* the controller lost the rest of the data */
};

#define BLE_NO_RSSI 127     /* Vol 4, Part E, 7.7.65.2: not available */
#define BLE_NO_TX_POWER 127
#define BLE_NO_SID 255

/* One report, as the radio heard it. Borrowed: valid during the callback. */
struct ble_advertisement {
	struct ble_address address BLE_ZERO;
	uint8_t event BLE_ZERO;         /* enum ble_event, or'ed */
	int8_t rssi BLE_ZERO;           /* dBm, or BLE_NO_RSSI */
	int8_t tx_power BLE_ZERO;       /* dBm from the header, or BLE_NO_TX_POWER */
	uint8_t primary_phy BLE_ZERO;   /* 1: LE 1M, 2: LE 2M, 3: LE Coded */
	uint8_t secondary_phy BLE_ZERO; /* the same; 0: none */
	uint8_t sid BLE_ZERO;           /* 0 to 15, or BLE_NO_SID */
	uint16_t periodic BLE_ZERO;     /* periodic interval in 1.25 ms; 0: none */
	uint64_t time BLE_ZERO;         /* of arrival, ns since 1970 */
	struct ble_bytes data BLE_ZERO; /* AD structures of this report */
	/* The latest advertising data and scan response of the same device,
	 * this report's included; one may be empty. */
	struct ble_bytes advertised BLE_ZERO, scan_response BLE_ZERO;
	uint64_t reserved[3] BLE_ZERO; /* zero */
};

/* Types of AD structures: those that are read below. */
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

/* Writes the name that the assigned numbers give to any type and returns it;
 * NULL where they give none. */
char *ble_ad_name(uint8_t type, char name[BLE_NAME_TEXT]);

/* One AD structure (Core Specification Supplement, Part A). */
struct ble_ad {
	uint8_t type; /* one of enum ble_ad_type, or another */
	struct ble_bytes value;
};

/* Takes the next AD structure off rest. False at the end of the data, at
 * early termination (a zero length), and at a length that lies: what stands
 * before it counts. */
bool ble_ad_next(struct ble_bytes *rest, struct ble_ad *ret_ad);

/* Walks the UUIDs in one list of services or solicited services, or gives the
 * one in service data: start with *cursor = 0. */
bool ble_ad_uuid(const struct ble_ad *ad, size_t *cursor,
		 struct ble_uuid *ret_uuid);

/*
 * The fields. All look in advertised, then in scan_response. The walks start
 * with *cursor = 0 and give all there is, in the order in which it was sent.
 * Those that give one thing pass over what is too short to be it, and where it
 * was sent twice the last one counts, as the scan response is the later word.
 */

/* All AD structures of both. */
bool ble_advertisement_ad(const struct ble_advertisement *adv, size_t *cursor,
			  struct ble_ad *ret_ad);

/* The services that it says it has, or wishes to meet at a central. */
bool ble_advertisement_service(const struct ble_advertisement *adv,
			       size_t *cursor, struct ble_uuid *ret_uuid);
bool ble_advertisement_solicited(const struct ble_advertisement *adv,
				 size_t *cursor, struct ble_uuid *ret_uuid);

/* Data of makers, and of services; data is valid as long as the adv is. */
bool ble_advertisement_manufacturer(const struct ble_advertisement *adv,
				    size_t *cursor, uint16_t *ret_company,
				    struct ble_bytes *ret_data);
bool ble_advertisement_service_data(const struct ble_advertisement *adv,
				    size_t *cursor, struct ble_uuid *ret_uuid,
				    struct ble_bytes *ret_data);

/* The name, complete before shortened, as UTF-8 text ended with a NUL and cut
 * to fit on a character's border: what was sent, control characters too.
 * Returns its length; 0 if there is none. Before it is shown: ble_text_escape(). */
size_t ble_advertisement_name(const struct ble_advertisement *adv, char *name,
			      size_t size);

/* Whether a list of service UUIDs or service data names this service. */
bool ble_advertisement_has_service(const struct ble_advertisement *adv,
				   const struct ble_uuid *uuid);

/* The value of this type; what stands behind this company's number in its
 * manufacturer data; behind this UUID in service data. */
bool ble_advertisement_field(const struct ble_advertisement *adv, uint8_t type,
			     struct ble_bytes *ret_value);
bool ble_advertisement_manufacturer_of(const struct ble_advertisement *adv,
				       uint16_t company,
				       struct ble_bytes *ret_data);
bool ble_advertisement_service_data_of(const struct ble_advertisement *adv,
				       const struct ble_uuid *uuid,
				       struct ble_bytes *ret_data);

/* In dBm, from the data, else from the header; or BLE_NO_TX_POWER. */
int ble_advertisement_tx_power(const struct ble_advertisement *adv);

enum ble_flag { /* Supplement, Part A, 1.3; the others are for BR/EDR */
	BLE_FLAG_LIMITED = 1, /* discoverable for a short time */
	BLE_FLAG_GENERAL = 2, /* discoverable */
	BLE_FLAG_LE_ONLY = 4,
};

/* enum ble_flag, or'ed; 0 also where there are none. */
uint8_t ble_advertisement_flags(const struct ble_advertisement *adv);

/* What it looks like (Supplement, Part A, 1.12); 0: not said. */
uint16_t ble_advertisement_appearance(const struct ble_advertisement *adv);

/* Write the words for an appearance and return them: the category ("Watch") and
 * what exactly ("Sports Watch"), which is the category again where no more is
 * said. NULL where the assigned numbers have no such category. */
char *ble_appearance_category(uint16_t appearance, char name[BLE_NAME_TEXT]);
char *ble_appearance_name(uint16_t appearance, char name[BLE_NAME_TEXT]);

/* -- Devices ---------------------------------------------------------------- */

/* What a scanner knows of one advertiser. */
struct ble_device;

/* See Lifetime. One that is kept outlives its scanner, and keeps its adapter. */
struct ble_device *ble_device_ref(struct ble_device *device);
struct ble_device *ble_device_unref(struct ble_device *device);

/* Valid as long as the device. */
const struct ble_address *ble_device_address(const struct ble_device *device);

/* The latest name, complete before shortened; it stays when what is sent later
 * has none. "" if none was heard. Valid until the callback returns, or,
 * outside of callbacks, until the next dispatch. */
const char *ble_device_name(const struct ble_device *device);

/* The latest, in dBm, or BLE_NO_RSSI. */
int ble_device_rssi(const struct ble_device *device);

/* The latest report of it, with all that was merged; its time is when the
 * device was heard last. Valid as the name is. */
const struct ble_advertisement *
ble_device_advertisement(const struct ble_device *device);

/* Whether its latest advertisement lets itself be connected to; scan responses
 * do not say. */
bool ble_device_connectable(const struct ble_device *device);

/* Where it was heard. Valid as long as the device. */
struct ble_adapter *ble_device_adapter(const struct ble_device *device);

/* -- Scanning ---------------------------------------------------------------- */

/* One scan, as often as it is started: its filters and who is told. */
struct ble_scanner;

/* device and adv are borrowed; ble_device_ref() keeps the device. May be NULL,
 * where the devices are walked over later. */
typedef void (*ble_seen_func)(void *user, struct ble_device *device,
			      const struct ble_advertisement *adv);

/* Whether this one passes. */
typedef bool (*ble_accept_func)(void *user, struct ble_device *device,
				const struct ble_advertisement *adv);

/* Zeroed, it is an active scan of everything. */
struct ble_scan_params {
	bool passive BLE_ZERO;         /* do not ask for scan responses */
	uint16_t interval_ms BLE_ZERO; /* 3 to 10240; 0: 60 */
	uint16_t window_ms BLE_ZERO;   /* 3 to interval; 0: half of the interval, which
				 leaves the radio air for links and Wi-Fi */
	/* Filters; a device passes when it meets them all. They look at what
	 * is known of the device so far, so a name in its scan response lets
	 * later reports through. */
	const char *name BLE_ZERO;                /* somewhere in the name; NULL: any */
	bool whole_name BLE_ZERO;                 /* name is all of it */
	const struct ble_uuid *services BLE_ZERO; /* one of these, in a list of services
					    or in service data */
	size_t n_services BLE_ZERO;               /* 0: any, wherever services points */
	const struct ble_address *addresses BLE_ZERO; /* one of these, the unknown type
						for both types */
	size_t n_addresses BLE_ZERO;                  /* 0: any, as above */
	int8_t min_rssi BLE_ZERO;   /* dBm; 0: any */
	bool changes_only BLE_ZERO; /* leave out a report that repeats the data of the
			      device's last one of its kind */
	ble_accept_func accept BLE_ZERO; /* asked last, may call anything; NULL: all */
	void *accept_user BLE_ZERO;
	/* How many devices that passed to remember for ble_scanner_device(); the
	 * one unheard for longest makes way. What is needed to merge reports is
	 * bounded in any case, at 4096 devices more. */
	unsigned int keep BLE_ZERO;
	uint64_t reserved[5] BLE_ZERO; /* zero */
};

/* The scan ended without being asked to: -ENODEV (adapter gone), ... It may
 * be started again once the cause is cured. May be NULL. */
typedef void (*ble_scan_ended_func)(void *user, int error);

/* Several scanners may run on one adapter. A scan goes on by itself after a
 * connect had to interrupt it. Each report that passes is told: seen is called
 * for every one. 0 or -errno. _ref and _unref: see Lifetime. */
int ble_scanner_new(struct ble_adapter *adapter, ble_seen_func seen,
		    ble_scan_ended_func ended, void *user,
		    struct ble_scanner **ret_scanner);
struct ble_scanner *ble_scanner_ref(struct ble_scanner *scanner);
struct ble_scanner *ble_scanner_unref(struct ble_scanner *scanner);

/* params is copied; NULL is all zero. Forgets the devices of an earlier scan.
 * -EALREADY while it runs; -EPERM without the capability CAP_NET_RAW; -ENODEV:
 * the adapter is gone; -EINVAL: interval and window out of their range, or a
 * number of services or addresses at NULL. Trouble that shows later comes
 * through ended: -ENODEV, and with the kernel's adapters -ERFKILL, blocked;
 * -ENETDOWN, switched off meanwhile; -EPERM, not switched on, which wants
 * CAP_NET_ADMIN. */
int ble_scanner_start(struct ble_scanner *scanner,
		      const struct ble_scan_params *params);

/* Nothing is delivered afterwards, to nobody. Stopping twice is fine. */
void ble_scanner_stop(struct ble_scanner *scanner);

/* Another one to be told, after those that were there before. May be added and
 * removed whether the scan runs or not, and from any callback: added there, it
 * hears the next report; removed, none. Valid until it is removed or the
 * scanner's last unref. Removing NULL does nothing. 0 or -errno. */
struct ble_listener;
int ble_scanner_listen(struct ble_scanner *scanner, ble_seen_func seen,
		       void *user, struct ble_listener **ret_listener);
void ble_listener_free(struct ble_listener *listener);

/* Walks the devices that passed, as params.keep says: NULL gives the first one,
 * which was unheard for longest, and each gives the next; NULL at the end.
 * Stays as it is until the next dispatch or start, also after a stop. */
struct ble_device *ble_scanner_device(const struct ble_scanner *scanner,
				      const struct ble_device *previous);

/* Scans for ms and gives the scanner, stopped, for a walk over what it heard;
 * params.keep 0 keeps up to 4096 here. The only _sync call without a twin: that
 * is a scanner with keep, and a timer which stops it. */
int ble_adapter_scan_sync(struct ble_adapter *adapter,
		      const struct ble_scan_params *params, int ms,
		      struct ble_scanner **ret_scanner);

/* device is borrowed, and NULL if there is an error. May be NULL. */
typedef void (*ble_found_func)(void *user, int error, struct ble_device *device);

/* Scans until a device passes params, or until timeout_ms ran out: -ETIMEDOUT.
 * Keeps the adapter meanwhile. What _sync gives is to be unref'd. Errors are
 * those of ble_scanner_start(). */
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

struct ble_service { /* 3.1 */
	uint16_t handle; /* of the declaration */
	uint16_t end;    /* last handle of the group */
	bool primary;
	struct ble_uuid uuid;
	const struct ble_characteristic *characteristics;
	size_t n_characteristics;
};

struct ble_characteristic { /* 3.3 */
	uint16_t handle; /* of the declaration */
	uint16_t value_handle; /* of the value: what read and write take */
	uint16_t end;    /* last handle that belongs to it */
	uint8_t properties; /* enum ble_property, or'ed */
	struct ble_uuid uuid;
	const struct ble_service *service;
	const struct ble_descriptor *descriptors;
	size_t n_descriptors;
	/* What descriptors say of it, from ble_client_describe() on: */
	uint16_t extended;       /* enum ble_extended_property, or'ed */
	const char *description; /* for people, as UTF-8 if the peer keeps to
				    it; NULL: none */
	struct ble_format format;
};

struct ble_descriptor { /* 3.3.3 */
	uint16_t handle;
	struct ble_uuid uuid;
	const struct ble_characteristic *characteristic;
};

struct ble_include { /* an included service, 3.2 */
	uint16_t handle;
	uint16_t start, end; /* the included service's handles */
	struct ble_uuid uuid; /* all 0 where only the included service, which
				 was not discovered, has it */
	const struct ble_service *service; /* the one that includes it */
};

/* Flat arrays, each sorted by handle. The characteristics of one service, and
 * the descriptors of one characteristic, stand together in them. */
struct ble_services {
	const struct ble_service *services;
	size_t n_services;
	const struct ble_characteristic *characteristics;
	size_t n_characteristics;
	const struct ble_descriptor *descriptors;
	size_t n_descriptors;
	const struct ble_include *includes;
	size_t n_includes;
	struct ble_loop *loop; /* where a failed find leaves its sentence */
	const uint16_t *by_handle; /* for the look-ups below, or NULL */
	size_t n_by_handle;
};

/* NULL if there is none. A characteristic is found by either of its handles. In
 * one step; in 16 at most, as handles have 16 bits, where there are more than
 * four handles for each attribute. */
const struct ble_service *ble_services_service(const struct ble_services *tree,
					       uint16_t handle);
const struct ble_characteristic *
ble_services_characteristic(const struct ble_services *tree, uint16_t handle);
const struct ble_descriptor *
ble_services_descriptor(const struct ble_services *tree, uint16_t handle);

/* The only characteristic, the only service with this UUID. -ENOENT if there is
 * none; -ENOTUNIQ if there are several: choose one of them by its handle, which
 * ble_error_text() names. */
int ble_services_find(const struct ble_services *tree,
		      const struct ble_uuid *uuid,
		      const struct ble_characteristic **ret_characteristic);
int ble_services_find_service(const struct ble_services *tree,
			      const struct ble_uuid *uuid,
			      const struct ble_service **ret_service);

/* The first one within a service, within a characteristic; NULL if there is
 * none. */
const struct ble_characteristic *
ble_service_characteristic(const struct ble_service *service,
			   const struct ble_uuid *uuid);
const struct ble_descriptor *
ble_characteristic_descriptor(const struct ble_characteristic *characteristic,
			      const struct ble_uuid *uuid);

/* -- The client --------------------------------------------------------------- */

/* One peripheral, connected or not. */
struct ble_client;

/* Not connected yet. The adapter is kept as long as the client; a device is not,
 * its address and adapter are. 0 or -errno. The last unref disconnects. */
int ble_client_new(struct ble_adapter *adapter,
		   const struct ble_address *address,
		   struct ble_client **ret_client);
int ble_client_new_for_device(const struct ble_device *device,
			      struct ble_client **ret_client);
struct ble_client *ble_client_ref(struct ble_client *client);
struct ble_client *ble_client_unref(struct ble_client *client);

/* The adapter that it was made for. Valid as long as the client. */
struct ble_adapter *ble_client_adapter(const struct ble_client *client);

/* Where the type was unknown, the type that answered. Valid as the client is. */
const struct ble_address *ble_client_address(const struct ble_client *client);

/* Called once for each connection that ended after the connect succeeded and
 * after all that was under way ended with -ENOTCONN. reason is the
 * controller's code (see ble_hci_text()), 0 where it could not be learnt.
 * asked is true after ble_client_disconnect(). It may connect again; the calls
 * that end with -ENOTCONN before it come too early for that. */
typedef void (*ble_disconnected_func)(void *user, uint8_t reason, bool asked);

/* Instead of the one before; NULL: nobody is told, as at first. */
void ble_client_on_disconnected(struct ble_client *client,
				ble_disconnected_func disconnected, void *user);

/* How often the two meet on the air (Vol 6, Part B, 4.5): short intervals are
 * quick, long ones and latency save power. All 0: as the adapter thinks best. */
struct ble_link_params {
	uint16_t interval_min BLE_ZERO, interval_max BLE_ZERO; /* in 1.25 ms: 6 to 3200 */
	uint16_t latency BLE_ZERO; /* meetings that the peer may leave out: up to 499 */
	uint16_t timeout BLE_ZERO; /* of supervision, in 10 ms: 10 to 3200, and longer
			     than 2 * (1 + latency) * interval_max */
	uint64_t reserved[2] BLE_ZERO; /* zero */
};

enum ble_link_preset {
	BLE_LINK_DEFAULT,     /* all 0 */
	BLE_LINK_LOW_LATENCY, /* 7.5 to 15 ms; lost after 5 s of silence */
	BLE_LINK_BALANCED,    /* 30 to 50 ms; 5 s */
	BLE_LINK_LOW_POWER,   /* 100 to 125 ms, of which 2 may be left out; 6 s */
};

/* The parameters that a preset stands for. */
#if defined(__clang__)
#pragma clang diagnostic push /* in C++ the struct has BLE_ZERO, and is the same */
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#endif
struct ble_link_params ble_link_preset(enum ble_link_preset preset);
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

struct ble_connect_params { /* of one connect; zeroed: as it is done mostly */
	int timeout_ms BLE_ZERO; /* from the call on: for all of it, with every retry and
			   the connects before it in the adapter's queue, which
			   tries one at a time; 0: 20,000; or BLE_FOREVER */
	uint16_t mtu BLE_ZERO;   /* the largest ATT MTU, 23 to 517, whoever asks for it;
			   0: 517; 23: this side does not ask */
	struct ble_link_params link BLE_ZERO;
	uint64_t reserved[4] BLE_ZERO; /* zero */
};

/* Connects and exchanges the MTU. params is copied; NULL is all zero.
 * -ETIMEDOUT: not there within the time. -EISCONN: it is connected already.
 * -EALREADY: a connect is under way, or a disconnect whose callback is due.
 * -EINVAL: a time, MTU or link parameters out of their range.
 * -EOPNOTSUPP: link parameters, where the backend cannot set them. -EPERM: where
 * this program may not: on the kernel's adapters they want CAP_NET_RAW, and
 * switching one on CAP_NET_ADMIN. -ENODEV: the adapter is gone. -ERFKILL,
 * -ENETDOWN: the kernel's adapter is blocked, was switched off meanwhile.
 * A radio or peer that turns link parameters down leaves a connection without
 * them: ble_client_link() tells. */
int ble_client_connect(struct ble_client *client,
		       const struct ble_connect_params *params,
		       ble_done_func done, void *user, struct ble_op **ret_op);
int ble_client_connect_sync(struct ble_client *client,
			    const struct ble_connect_params *params);

/* Ends the connection or the attempt; what is under way ends with -ENOTCONN
 * from the next dispatch. Without a connection it does nothing. */
void ble_client_disconnect(struct ble_client *client);

/* Disconnects and waits until the disconnected callback ran. */
int ble_client_disconnect_sync(struct ble_client *client);

/* A link stands and calls can be made. False as soon as the loss was dispatched,
 * and right after ble_client_disconnect(). */
bool ble_client_connected(const struct ble_client *client);

/* The ATT MTU in force: a write command or notification carries at most 3
 * bytes less. 0 without a connection. */
uint16_t ble_client_mtu(const struct ble_client *client);

/* The longest value that a write command carries now; 0 without a connection. */
uint16_t ble_client_max_write_command(const struct ble_client *client);

/* Sets the time that each later call on this client has, as if by
 * ble_op_set_timeout(), which still may change it for one of them. At first
 * there is no limit. A connect has its own. */
void ble_client_set_timeout(struct ble_client *client, int ms);

/* The link parameters in force, where interval_min and interval_max are the
 * same. -ENOTCONN; -ENODATA where the backend could not learn them: on the
 * kernel's adapters without CAP_NET_RAW, and of a connection that was up before
 * this program's connect. */
int ble_client_link(const struct ble_client *client,
		    struct ble_link_params *ret_link);

/* Asks for other ones; they are in force, as the peer and both controllers
 * agreed, when done comes. -EINVAL outside of their limits; -EALREADY while
 * another update is under way; -EOPNOTSUPP where the backend cannot; -EPERM as
 * with a connect. */
int ble_client_update_link(struct ble_client *client,
			   const struct ble_link_params *link,
			   ble_done_func done, void *user, struct ble_op **ret_op);
int ble_client_update_link_sync(struct ble_client *client,
				const struct ble_link_params *link);

/* The signal strength of the connection in dBm, 0 if there is an error;
 * BLE_NO_RSSI where the radio could not tell. May be NULL. */
typedef void (*ble_rssi_func)(void *user, int error, int rssi);

/* -EOPNOTSUPP where the backend cannot. */
int ble_client_read_rssi(struct ble_client *client, ble_rssi_func done, void *user,
		    struct ble_op **ret_op);
int ble_client_read_rssi_sync(struct ble_client *client, int *ret_rssi);

/* ATT requests sent on this connection: what the calls cost on the air. Over a
 * dongle its firmware's procedures are counted: a sweep is one. */
unsigned int ble_client_requests(const struct ble_client *client);

/* Learns services, included and secondary ones too, characteristics and
 * descriptors. */
int ble_client_discover(struct ble_client *client, ble_done_func done,
			void *user, struct ble_op **ret_op);
int ble_client_discover_sync(struct ble_client *client);

/* The same for the primary services with these UUIDs only, which takes few
 * requests. Those that the peer does not have are not in the tree; -ENOENT if
 * it has none of them. What they include is named and not learnt. */
int ble_client_discover_only(struct ble_client *client,
			     const struct ble_uuid *uuids, size_t n,
			     ble_done_func done, void *user,
			     struct ble_op **ret_op);
int ble_client_discover_only_sync(struct ble_client *client,
				  const struct ble_uuid *uuids, size_t n);

/* What the last discovery found; empty before. Valid until the next discovery
 * that succeeds, ble_client_connect() or the last unref; a lost connection
 * leaves it standing. While connected, the peer may say that its services changed:
 * then any dispatch, _sync calls included, may put another tree in its place,
 * sometimes more than once before the changed callback tells. So keep handles
 * over a dispatch, and ask here for pointers again. */
const struct ble_services *ble_client_services(const struct ble_client *client);

/*
 * Half a second after its Generic Attribute service was discovered, the peer is
 * told that this client knows of caches (Client Supported Features), and asked
 * to say when its services change. When it does, or calls
 * a request out of sync (error 0x12), everything is discovered once more, and
 * changed is called: the tree of before is gone. error 0: there is a new one,
 * and what differs lies between these handles; otherwise it could not be had.
 * Subscriptions in between are asked for again where the characteristic is the
 * same, or the only one with its UUID; others rest. A read or write of one
 * handle that was out of sync is repeated, once, if the handle still means the
 * same; others, and a second time, end with 0x12.
 */
typedef void (*ble_changed_func)(void *user, int error, uint16_t start,
				 uint16_t end);

/* Instead of the one before; NULL: all of it is done, and nobody is told. */
void ble_client_on_changed(struct ble_client *client, ble_changed_func changed,
			   void *user);

/* Reads what the descriptors in this tree say of their characteristics:
 * extended properties, user description, presentation format. Those that may
 * not be read are left as they are: unknown. Earlier descriptions are gone. */
int ble_client_describe(struct ble_client *client, ble_done_func done,
			void *user, struct ble_op **ret_op);
int ble_client_describe_sync(struct ble_client *client);

/*
 * Handles are those of a characteristic's value or of a descriptor. Calls on
 * one client are sent in the order in which they were made, one request at a
 * time. Write commands do not wait for responses and so overtake calls that
 * do; no call overtakes a write command made before it, nor is it held up by
 * those made after it. Without a connection all return -ENOTCONN. A read whose
 * callbacks are NULL is made all the same.
 */

/* The whole value, however long (Read, then Read Blob as needed). */
int ble_client_read(struct ble_client *client, uint16_t handle,
		    ble_value_func done, void *user, struct ble_op **ret_op);

/* Copies the first size bytes of the value to buffer. ret_len receives the
 * length of all of it: more than size means that some were left out. */
int ble_client_read_sync(struct ble_client *client, uint16_t handle,
			 void *buffer, size_t size, size_t *ret_len);

/* Every attribute of a type from handle start to end, in the order of their
 * handles: value comes for each, whole, then done; with 0, too, where there is
 * none. An error, as of one that may not be read, ends it; the values before it
 * came. */
int ble_client_read_by_uuid(struct ble_client *client, const struct ble_uuid *uuid,
			    uint16_t start, uint16_t end, ble_attribute_func value,
			    ble_done_func done, void *user, struct ble_op **ret_op);
int ble_client_read_by_uuid_sync(struct ble_client *client,
				 const struct ble_uuid *uuid, uint16_t start,
				 uint16_t end, ble_attribute_func value, void *user);

/* Several values in few requests: value comes for each of the n handles, whole
 * and in their order, then done. Where the peer cannot do this (Read Multiple
 * Variable Length), they are read one by one. handles is copied. */
int ble_client_read_multiple(struct ble_client *client, const uint16_t *handles,
			     size_t n, ble_attribute_func value,
			     ble_done_func done, void *user, struct ble_op **ret_op);
int ble_client_read_multiple_sync(struct ble_client *client,
				  const uint16_t *handles, size_t n,
				  ble_attribute_func value, void *user);

/* The older kind (Read Multiple): one request for 2 handles or more, whose
 * values come run together, and cut to MTU - 1 bytes: for those who know their
 * lengths. -EMSGSIZE: more handles than fit into a request. */
int ble_client_read_joined(struct ble_client *client, const uint16_t *handles,
			   size_t n, ble_value_func done, void *user,
			   struct ble_op **ret_op);
int ble_client_read_joined_sync(struct ble_client *client,
				const uint16_t *handles, size_t n, void *buffer,
				size_t size, size_t *ret_len);

/* A write with response, of up to 512 bytes (-EMSGSIZE above): one Write
 * Request where it fits, otherwise prepared writes whose echo is checked
 * (-EBADMSG if the peer got it wrong; the write is then called off). A dongle's
 * firmware keeps the echoes to itself; there nothing is checked. The value is
 * copied. */
int ble_client_write(struct ble_client *client, uint16_t handle,
		     struct ble_bytes value, ble_done_func done, void *user,
		     struct ble_op **ret_op);
int ble_client_write_sync(struct ble_client *client, uint16_t handle,
			  struct ble_bytes value);

/* As the characteristic of the discovered tree has it: without response where
 * that is all that its properties offer, otherwise with; so is a handle that is
 * no characteristic's value there: a descriptor's, or any before a discovery. */
int ble_client_write_auto(struct ble_client *client, uint16_t handle,
			  struct ble_bytes value, ble_done_func done, void *user,
			  struct ble_op **ret_op);
int ble_client_write_auto_sync(struct ble_client *client, uint16_t handle,
			       struct ble_bytes value);

/* One value of a reliable write. */
struct ble_write {
	uint16_t handle BLE_ZERO;
	struct ble_bytes value BLE_ZERO; /* up to 512 bytes */
	uint64_t reserved[2] BLE_ZERO; /* zero */
};

/* All of these values or none of them, in this order: each is prepared, its
 * echo verified, and only then all are carried out at once. -EBADMSG: an echo
 * was wrong, and all is called off. The values are copied. A dongle's firmware
 * keeps the echoes to itself; there nothing is verified. */
int ble_client_write_reliable(struct ble_client *client,
			      const struct ble_write *writes, size_t n,
			      ble_done_func done, void *user,
			      struct ble_op **ret_op);
int ble_client_write_reliable_sync(struct ble_client *client,
				   const struct ble_write *writes, size_t n);

/* A write without response, of up to MTU - 3 bytes (-EMSGSIZE above). done
 * comes when the kernel has taken it. With done NULL nothing is kept or
 * allocated, *ret_op becomes NULL, and -EAGAIN says that the link's queue is
 * full just now; ble_client_on_writable() tells when it no longer is. */
int ble_client_write_command(struct ble_client *client, uint16_t handle,
			     struct ble_bytes value, ble_done_func done,
			     void *user, struct ble_op **ret_op);
int ble_client_write_command_sync(struct ble_client *client, uint16_t handle,
				  struct ble_bytes value);

/* The link's queue has room again, after it refused write commands without done
 * with -EAGAIN. Called from dispatch, once for all refusals before it. Not called
 * if the connection ends instead. */
typedef void (*ble_writable_func)(void *user);

/* Replaces the previous callback; NULL: none, the default. */
void ble_client_on_writable(struct ble_client *client, ble_writable_func writable,
			    void *user);

/* -- Subscriptions -------------------------------------------------------------- */

enum ble_subscribe {
	BLE_SUBSCRIBE_AUTO = 0, /* notify where the peer can, else indicate */
	BLE_SUBSCRIBE_NOTIFY = 1,
	BLE_SUBSCRIBE_INDICATE = 2,
};

/*
 * One subscriber of one characteristic. It is the client's, and valid until
 * ble_subscription_free() or the client's last unref, whatever happens meanwhile.
 * When the connection ends, or the request for it failed, it rests: it hears
 * nothing until ble_client_resubscribe().
 */
struct ble_subscription;

/* A notification or indication. value is valid during the callback. May be
 * NULL. */
typedef void (*ble_notified_func)(void *user, uint16_t handle,
				  struct ble_bytes value);

/*
 * Subscribes to a characteristic of the discovered tree. notified is in place
 * before the request leaves, so it may come before done. An indication is
 * confirmed after it returned; by a dongle's firmware already when it comes.
 * Several may subscribe to one characteristic: the peer is asked for what all of
 * them together want, and each hears all that it sends. Leave the client
 * configuration descriptor to them: what you write to it yourself they do not
 * see. With ret_subscription NULL it lasts until the connection ends or done came
 * with an error. notified gets notified_user, done gets user. Cancelled, or out of time, it rests, and the peer, which may
 * have taken it, is told that nobody listens. -EINVAL: no such mode. -ENOENT: not
 * a characteristic of the tree. -EOPNOTSUPP: it has no such property or no client
 * configuration descriptor.
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

/* Frees it: its callbacks no longer come, and the pointer is no longer valid,
 * whatever is returned; a subscribe under way is cancelled. The last one of a
 * characteristic also tells the peer, even if this call is then cancelled or
 * times out. An error means that the peer could not be told, and done does not
 * come: -ENOTCONN without a connection. NULL is allowed: it returns 0, gives
 * NULL in ret_op, and done does not come. */
int ble_subscription_free(struct ble_subscription *subscription, ble_done_func done,
		    void *user, struct ble_op **ret_op);
int ble_subscription_free_sync(struct ble_subscription *subscription);

/* Whether it hears what the peer sends, or will once its request is answered. */
bool ble_subscription_active(const struct ble_subscription *subscription);

/* Its client; the handle of the characteristic's value, which a resubscribe may
 * change; the characteristic's UUID, valid as long as the subscription. */
struct ble_client *ble_subscription_client(const struct ble_subscription *subscription);
uint16_t ble_subscription_handle(const struct ble_subscription *subscription);
const struct ble_uuid *ble_subscription_uuid(const struct ble_subscription *subscription);

/* After a reconnect and its discovery: subscribes all that rest again, with
 * their callbacks. The characteristic is the one at the same handle if it still
 * has the same UUID, otherwise the only one with this UUID. An error is that of
 * the first that could not be; it and others like it go on resting, and all the
 * rest are in place. */
int ble_client_resubscribe(struct ble_client *client, ble_done_func done,
			   void *user, struct ble_op **ret_op);
int ble_client_resubscribe_sync(struct ble_client *client);

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
