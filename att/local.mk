libhot_la_SOURCES += att/engine.c
libhot_la_SOURCES += att/pdu.c
libhot_la_SOURCES += att/verb.c
libinside_la_SOURCES += \
	att/adapter.h \
	att/att.h \
	att/engine.h \
	att/pdu.h \
	att/verb.h
