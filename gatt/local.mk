libinside_la_SOURCES += \
	gatt/prepare.c \
	gatt/server.c \
	gatt/server.h \
	gatt/session.c \
	gatt/table.c \
	gatt/table.h
