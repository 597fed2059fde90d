if HCI
libhot_la_SOURCES += hci/l2cap.c
libhot_la_SOURCES += hci/batch.c
libinside_la_SOURCES += hci/report.c
libinside_la_SOURCES += \
	hci/adapter.c \
	hci/arrivals.c \
	hci/attempt.c \
	hci/attempt.h \
	hci/batch.h \
	hci/connect.c \
	hci/connect.h \
	hci/l2cap_connect.c \
	hci/connect_retry.c \
	hci/deferred_error.c \
	hci/deferred_error.h \
	hci/end.c \
	hci/hci.h \
	hci/l2cap.h \
	hci/link.c \
	hci/link.h \
	hci/mgmt.c \
	hci/mgmt.h \
	hci/open.c \
	hci/connection_parameters.c \
	hci/connection_parameters.h \
	hci/lost_sockets.c \
	hci/lost_sockets.h \
	hci/power.c \
	hci/power.h \
	hci/raw.c \
	hci/raw.h \
	hci/lingering.c \
	hci/lingering.h \
	hci/report.h \
	hci/reset.c \
	hci/reset.h \
	hci/scan.c \
	hci/scan.h \
	hci/scan_commands.c \
	hci/scan_interference.c \
	hci/setup.c \
	hci/setup.h
AM_CPPFLAGS += $(BLUETOOTH_CFLAGS)
endif
