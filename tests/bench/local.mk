# The benchmarks: only "./run bench" runs them. "make check" builds them, so that a change that
# breaks them is noticed.
if HCI
if BGAPI
check_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = \
	tests/bench/air.c \
	tests/bench/air.h \
	tests/bench/bench.h \
	tests/bench/bgapi.c \
	tests/bench/count.c \
	tests/bench/discovery.c \
	tests/bench/fewest.c \
	tests/bench/fewest.h \
	tests/bench/figures.c \
	tests/bench/latency.c \
	tests/bench/links.c \
	tests/bench/main.c \
	tests/bench/memory.c \
	tests/bench/notify.c \
	tests/bench/reports.c \
	tests/bench/requests.c \
	tests/bench/fixture.c \
	tests/bench/fixture.h \
	tests/reference.c \
	tests/reference_changing.c \
	tests/reference.h \
	tests/socket_peer.c \
	tests/socket_peer.h
tests_bench_bench_CFLAGS = $(AM_CFLAGS) -pthread
tests_bench_bench_LDFLAGS = $(AM_LDFLAGS) -no-install -pthread \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=free
tests_bench_bench_LDADD = $(DONGLE_LIBS) libinside.la
endif
endif
