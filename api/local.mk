include_HEADERS += api/blewire.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = api/blewire.pc
EXTRA_DIST += api/libblewire.sym

libhot_la_SOURCES += api/op.c
libhot_la_SOURCES += api/write.c
libinside_la_SOURCES += \
	api/adapter.c \
	api/adapters.c \
	api/advertisement.c \
	api/cache.c \
	api/client.c \
	api/connect.c \
	api/connection.c \
	api/device.c \
	api/adapter_scan.c \
	api/internal.h \
	api/keeper.c \
	api/link.c \
	api/read.c \
	api/reopen.c \
	api/resubscribe.c \
	api/scanner.c \
	api/subscription.c \
	api/subscription.h \
	api/sync.c \
	api/text.c \
	api/timer.c \
	api/version.c

lib_LTLIBRARIES += libblewire.la
libblewire_la_SOURCES =
libblewire_la_LIBADD = libinside.la
libblewire_la_LDFLAGS = $(AM_LDFLAGS) $(SIZE_LDFLAGS) \
	-version-info 0:0:0 -no-undefined
if WINDOWS
libblewire_la_LDFLAGS += -export-symbols api/libblewire.names
libblewire_la_DEPENDENCIES = libinside.la api/libblewire.names
CLEANFILES += api/libblewire.names
api/libblewire.names: api/libblewire.sym
	$(AM_V_GEN)$(MKDIR_P) api && \
	sed -n 's/^[[:space:]]*\(ble_[a-z_0-9]*\);.*/\1/p' $(srcdir)/api/libblewire.sym >$@
else
libblewire_la_LDFLAGS += -Wl,--version-script=$(top_srcdir)/api/libblewire.sym
libblewire_la_DEPENDENCIES = libinside.la $(top_srcdir)/api/libblewire.sym
endif
