libinside_la_SOURCES += base/loop.c
libinside_la_SOURCES += \
	base/address.c \
	base/bytes.h \
	base/error.c \
	base/error.h \
	base/deferred_free.h \
	base/list.h \
	base/loop.h \
	base/poller.h \
	base/portable.h \
	base/post.c \
	base/post.h \
	base/process.h \
	base/store.h \
	base/uuid.c \
	base/uuid.h

# What the loop needs of the system
if WINDOWS
libinside_la_SOURCES += base/store_windows.c base/windows.c
else
libinside_la_SOURCES += base/clock.c base/process.c base/store.c
if EPOLL
libhot_la_SOURCES += base/epoll.c
else
libinside_la_SOURCES += base/poll.c
endif
endif

ASSIGNED = \
	base/assigned/characteristic_uuids.json \
	base/assigned/company_ids.json \
	base/assigned/descriptor_uuids.json \
	base/assigned/gap_appearance.json \
	base/assigned/service_uuids.json
EXTRA_DIST += $(ASSIGNED) base/assigned/LICENSE base/assigned/README.md base/names.sh

if NAMES
libinside_la_SOURCES += base/names.c
# BUILT_SOURCES would do for few targets only, and Automake would take the name of the
# object, written here, for a rule of our own.
names_object = base/libinside_la-names.lo
$(names_object): base/names-table.h
else
libinside_la_SOURCES += base/no-names.c
endif
CLEANFILES += base/names-table.h
base/names-table.h: $(ASSIGNED) base/names.sh config.status
	$(AM_V_GEN)$(MKDIR_P) base && \
	sh $(srcdir)/base/names.sh $(srcdir)/base/assigned $(NAMES_FLAGS) >$@.tmp && \
	mv $@.tmp $@
