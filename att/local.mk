libinside_la_SOURCES += \
	att/adapter.h \
	att/att.h \
	att/engine.c \
	att/engine.h \
	att/pdu.c \
	att/pdu.h \
	att/verb.c \
	att/verb.h
