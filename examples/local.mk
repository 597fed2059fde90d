EXTRA_DIST += examples/demo.sh

# Linked as their readers would: with the installed library, by blewire.h alone.
EXAMPLES = examples/first examples/keep examples/many examples/print examples/scan examples/subscribe
examples_first_SOURCES = examples/first.c
examples_first_LDADD = libblewire.la
examples_keep_SOURCES = examples/keep.c
examples_keep_LDADD = libblewire.la
examples_many_SOURCES = examples/many.c
examples_many_LDADD = libblewire.la
examples_print_SOURCES = examples/print.c
examples_print_LDADD = libblewire.la
examples_scan_SOURCES = examples/scan.c
examples_scan_LDADD = libblewire.la
examples_subscribe_SOURCES = examples/subscribe.c
examples_subscribe_LDADD = libblewire.la

# Somebody else's loops: POSIX's poll() and, where it is, GLib.
if !WINDOWS
EXAMPLES += examples/poll
examples_poll_SOURCES = examples/poll.c
examples_poll_LDADD = libblewire.la
if GLIB
EXAMPLES += examples/glib
examples_glib_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
examples_glib_SOURCES = examples/glib.c
examples_glib_LDADD = libblewire.la $(GLIB_LIBS)
endif
TESTS += tests/examples.sh tests/gateway.sh
endif
check_PROGRAMS += $(EXAMPLES)
EXTRA_DIST += tests/examples.sh tests/gateway.sh

# A configuration to start from
nobase_dist_doc_DATA += examples/gateway/README.md examples/gateway/blewire-gateway@.service \
	examples/gateway/example.conf

# For readers, beside the pages
nobase_dist_doc_DATA += examples/first.c examples/glib.c examples/keep.c examples/many.c examples/poll.c \
	examples/print.c examples/scan.c examples/subscribe.c
