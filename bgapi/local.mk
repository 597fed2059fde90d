# Dongles that speak BGAPI on a serial port, found with libserialport.
if BGAPI
libinside_la_SOURCES += \
	bgapi/bgapi.h \
	bgapi/fd.c \
	bgapi/frame.c \
	bgapi/frame.h \
	bgapi/message.c \
	bgapi/message.h \
	bgapi/result.c \
	bgapi/result.h \
	bgapi/stream.h \
	bgapi/table.h \
	bgapi/trace.c
libinside_la_CFLAGS += $(SERIALPORT_CFLAGS)
libinside_la_LIBADD += $(SERIALPORT_LIBS)
endif
