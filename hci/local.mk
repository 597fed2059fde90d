if HCI
libhot_la_SOURCES += hci/l2cap.c
libhot_la_SOURCES += hci/batch.c
libinside_la_SOURCES += hci/report.c
libinside_la_SOURCES += \
	hci/adapter.c \
	hci/batch.h \
	hci/connect.c \
	hci/connect.h \
	hci/dial.c \
	hci/failure.c \
	hci/fault.c \
	hci/fault.h \
	hci/foreign.c \
	hci/hci.h \
	hci/l2cap.h \
	hci/mgmt.c \
	hci/mgmt.h \
	hci/open.c \
	hci/radio.c \
	hci/radio.h \
	hci/raw.c \
	hci/raw.h \
	hci/remains.c \
	hci/remains.h \
	hci/report.h \
	hci/reset.c \
	hci/reset.h \
	hci/scan.c \
	hci/scan.h \
	hci/sequence.c \
	hci/setup.c \
	hci/setup.h
AM_CPPFLAGS += $(BLUETOOTH_CFLAGS)
libinside_la_LIBADD += $(BLUETOOTH_LIBS)
endif
