libhot_la_SOURCES += gatt/procedure.c
libhot_la_SOURCES += gatt/subscribe.c
libinside_la_SOURCES += \
	gatt/cache.c \
	gatt/cache.h \
	gatt/changed.c \
	gatt/describe.c \
	gatt/discover.c \
	gatt/gatt.h \
	gatt/lookup.c \
	gatt/prepare.c \
	gatt/read.c \
	gatt/server.c \
	gatt/server.h \
	gatt/session.c \
	gatt/table.c \
	gatt/table.h \
	gatt/tree.c \
	gatt/tree.h \
	gatt/write.c
