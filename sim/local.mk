libinside_la_SOURCES += \
	sim/adapter.c \
	sim/builtin.c \
	sim/generator.c \
	sim/generator.h \
	sim/link.c \
	sim/link.h \
	sim/model.c \
	sim/model.h \
	sim/peer.c \
	sim/peer.h
libinside_la_LIBADD += -lm

if JSON
libinside_la_SOURCES += \
	sim/json.c \
	sim/json.h \
	sim/load-advertising.c \
	sim/load-services.c \
	sim/load.c \
	sim/load.h \
	sim/reader.c \
	sim/reader.h
libinside_la_CFLAGS += $(JSON_CFLAGS)
libinside_la_LIBADD += $(LOADER_LIBS)
endif
