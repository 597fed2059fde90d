# Fuzz targets: each is one file with an LLVMFuzzerTestOneInput(). Configured with
# --enable-fuzz and clang they are libFuzzer's; otherwise they run the inputs that
# are kept in tests/fuzz/corpus, as part of the tests. "./run fuzz" knows the way.
FUZZ_CFLAGS = $(AM_CFLAGS)
FUZZ_FLAGS_LINK = $(AM_LDFLAGS) $(FUZZ_MAIN) -no-install
FUZZ_COMMON = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
if !FUZZ
FUZZ_COMMON += tests/fuzz/replay.c
endif
FUZZ_REFERENCE = tests/reference.c tests/reference_changing.c tests/reference.h
FUZZ_USER = tests/fuzz/user.c tests/fuzz/user.h

FUZZ_TARGETS =

FUZZ_TARGETS += tests/fuzz/engine
tests_fuzz_engine_SOURCES = tests/fuzz/engine.c $(FUZZ_USER) $(FUZZ_REFERENCE) $(FUZZ_COMMON)
tests_fuzz_engine_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_engine_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_engine_LDADD = libinside.la

FUZZ_TARGETS += tests/fuzz/server
tests_fuzz_server_SOURCES = tests/fuzz/server.c $(FUZZ_REFERENCE) $(FUZZ_COMMON)
tests_fuzz_server_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_server_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_server_LDADD = libinside.la

FUZZ_TARGETS += tests/fuzz/client
tests_fuzz_client_SOURCES = tests/fuzz/client.c $(FUZZ_REFERENCE) $(FUZZ_COMMON)
tests_fuzz_client_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_client_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_client_LDADD = libinside.la

FUZZ_TARGETS += tests/fuzz/scan
tests_fuzz_scan_SOURCES = tests/fuzz/scan.c $(FUZZ_COMMON)
tests_fuzz_scan_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_scan_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_scan_LDADD = libinside.la

FUZZ_TARGETS += tests/fuzz/cache
tests_fuzz_cache_SOURCES = tests/fuzz/cache.c $(FUZZ_COMMON)
tests_fuzz_cache_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_cache_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_cache_LDADD = libinside.la

FUZZ_TARGETS += tests/fuzz/text
tests_fuzz_text_SOURCES = \
	cli/cli.h \
	cli/options.c \
	cli/shell.h \
	cli/text.c \
	cli/value.c \
	cli/words.c \
	tests/fuzz/text.c \
	$(FUZZ_COMMON)
tests_fuzz_text_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_text_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_text_LDADD = libinside.la

if HCI
FUZZ_TARGETS += tests/fuzz/report
tests_fuzz_report_SOURCES = tests/fuzz/report.c $(FUZZ_COMMON)
tests_fuzz_report_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_report_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_report_LDADD = libinside.la

FUZZ_TARGETS += tests/fuzz/hci
tests_fuzz_hci_SOURCES = \
	tests/fuzz/checks.c \
	tests/fuzz/hci.c \
	tests/hci_fixture.c \
	tests/hci_fixture.h \
	$(FUZZ_COMMON)
tests_fuzz_hci_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_hci_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_hci_LDADD = libinside.la
endif

if BGAPI
FUZZ_TARGETS += tests/fuzz/frame
tests_fuzz_frame_SOURCES = tests/fuzz/frame.c $(FUZZ_COMMON)
tests_fuzz_frame_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_frame_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_frame_LDADD = libinside.la

FUZZ_TARGETS += tests/fuzz/dongle
tests_fuzz_dongle_SOURCES = tests/fuzz/dongle.c $(FUZZ_USER) $(FUZZ_COMMON)
tests_fuzz_dongle_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_dongle_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_dongle_LDADD = libinside.la
endif

if JSON
if EPOLL
FUZZ_TARGETS += tests/fuzz/simfile
tests_fuzz_simfile_SOURCES = tests/fuzz/simfile.c $(FUZZ_COMMON)
tests_fuzz_simfile_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_simfile_LDFLAGS = $(FUZZ_FLAGS_LINK)
tests_fuzz_simfile_LDADD = libinside.la
endif
endif

check_PROGRAMS += $(FUZZ_TARGETS)
AM_TESTS_ENVIRONMENT += FUZZ_TARGETS='$(FUZZ_TARGETS)'; export FUZZ_TARGETS;
if !FUZZ
TESTS += tests/fuzz/replay.sh
endif
EXTRA_DIST += tests/fuzz/replay.sh tests/fuzz/simfile.dict tests/fuzz/corpus


fuzz-targets: $(BUILT_SOURCES)
	$(MAKE) $(FUZZ_TARGETS)
