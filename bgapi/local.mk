# The third backend: dongles that speak BGAPI on a serial port, found with libserialport. Here are its
# messages and framing, which need nothing of the system and are always built. The dongle itself is
# not here yet, and configure refuses --with-bgapi; until then nothing of it is in the library.
noinst_LTLIBRARIES += libbgapi.la
libbgapi_la_SOURCES = \
	bgapi/frame.c \
	bgapi/frame.h \
	bgapi/message.c \
	bgapi/message.h \
	bgapi/result.c \
	bgapi/result.h \
	bgapi/table.h \
	bgapi/trace.c
libbgapi_la_CFLAGS = $(AM_CFLAGS)
