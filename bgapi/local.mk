# BGAPI dongles on a serial port, listed with libserialport.
if BGAPI
libhot_la_SOURCES += bgapi/frame.c bgapi/report.c
libinside_la_SOURCES += \
	bgapi/adapter.c \
	bgapi/adapter.h \
	bgapi/arrivals.c \
	bgapi/attclient.c \
	bgapi/bgapi.h \
	bgapi/write_commands.c \
	bgapi/dongle.c \
	bgapi/dongle.h \
	bgapi/frame.h \
	bgapi/gap.c \
	bgapi/link.c \
	bgapi/message.c \
	bgapi/message.h \
	bgapi/open.c \
	bgapi/report.h \
	bgapi/reset.c \
	bgapi/connection_parameters.c \
	bgapi/result.c \
	bgapi/result.h \
	bgapi/serial.c \
	bgapi/serial.h \
	bgapi/startup.c \
	bgapi/stream.h \
	bgapi/table.h \
	bgapi/trace.c
if WINDOWS
libinside_la_SOURCES += bgapi/comport.c
else
libinside_la_SOURCES += bgapi/fd.c bgapi/tty.c bgapi/usb.c
endif
libinside_la_CFLAGS += $(SERIALPORT_CFLAGS)
libinside_la_LIBADD += $(SERIALPORT_LIBS)
endif

# Access to dongles
EXTRA_DIST += bgapi/70-blewire.rules
if UDEV
udevrules_DATA = bgapi/70-blewire.rules
endif
