libhot_la_SOURCES += gatt/procedure.c
libhot_la_SOURCES += gatt/subscribe.c
libinside_la_SOURCES += \
	gatt/cache.c \
	gatt/cache.h \
	gatt/service_changed.c \
	gatt/describe.c \
	gatt/discover.c \
	gatt/discover_steps.c \
	gatt/discover_steps.h \
	gatt/gaps.c \
	gatt/gaps.h \
	gatt/gatt.h \
	gatt/lookup.c \
	gatt/moved.c \
	gatt/server_prepare.c \
	gatt/read.c \
	gatt/server.c \
	gatt/server.h \
	gatt/server_session.c \
	gatt/server_table.c \
	gatt/server_table.h \
	gatt/tree.c \
	gatt/tree.h \
	gatt/write.c
