# A dongle in software, and the program made of it. Tests that link it say
# $(DONGLE_LIBS) before UNIT_LIBS.
DONGLE_LIBS = tests/dongle/libdongle.la
if WINDOWS
check_LTLIBRARIES += tests/dongle/libdongle.la
else
noinst_LTLIBRARIES += tests/dongle/libdongle.la
endif
tests_dongle_libdongle_la_SOURCES = \
	tests/dongle/attclient.c \
	tests/dongle/carrier.c \
	tests/dongle/connection.c \
	tests/dongle/dongle.c \
	tests/dongle/dongle.h \
	tests/dongle/gap.c \
	tests/dongle/hardware.c \
	tests/dongle/input.c \
	tests/dongle/inside.h \
	tests/dongle/link.c \
	tests/dongle/output.c \
	tests/dongle/scan.c \
	tests/dongle/script.c \
	tests/dongle/system.c

UNIT_TESTS += tests/test_dongle
tests_test_dongle_SOURCES = \
	tests/dongle_faults.c \
	tests/dongle_hosts.c \
	tests/dongle_links.c \
	tests/dongle_noise.c \
	tests/dongle_plugs.c \
	tests/dongle_rules.c \
	tests/dongle_fixture.c \
	tests/test_dongle.c \
	tests/test_dongle.h
if !WINDOWS
# The program is POSIX.
EXTRA_tests_test_dongle_DEPENDENCIES = blewire-dongle-emulator$(EXEEXT)
tests_test_dongle_SOURCES += tests/dongle_program.c
endif
tests_test_dongle_CFLAGS = $(UNIT_CFLAGS)
tests_test_dongle_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_dongle_LDADD = $(DONGLE_LIBS) $(UNIT_LIBS)

# For testers without a radio. It is POSIX.
if !WINDOWS
bin_PROGRAMS += blewire-dongle-emulator
dist_man_MANS += doc/blewire-dongle-emulator.1
endif
blewire_dongle_emulator_SOURCES = \
	tests/dongle/main.c \
	tests/dongle/place.c \
	tests/dongle/place.h
blewire_dongle_emulator_LDFLAGS = $(AM_LDFLAGS) $(SIZE_LDFLAGS)
blewire_dongle_emulator_LDADD = $(DONGLE_LIBS) libinside.la

if !WINDOWS
TESTS += tests/dongle_session.sh
endif
EXTRA_DIST += tests/dongle_session.sh
