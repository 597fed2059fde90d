libinside_la_SOURCES += \
	base/address.c \
	base/bytes.h \
	base/error.c \
	base/epoll.c \
	base/error.h \
	base/list.h \
	base/loop.c \
	base/loop.h \
	base/poller.h \
	base/uuid.c \
	base/uuid.h
