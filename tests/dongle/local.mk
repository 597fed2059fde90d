# A dongle in software. Tests that link it say $(DONGLE_LIBS) before UNIT_LIBS.
DONGLE_LIBS = tests/dongle/libdongle.la
check_LTLIBRARIES += tests/dongle/libdongle.la
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
EXTRA_tests_test_dongle_DEPENDENCIES = tests/bled112$(EXEEXT)
tests_test_dongle_SOURCES += tests/dongle_program.c
endif
tests_test_dongle_CFLAGS = $(UNIT_CFLAGS)
tests_test_dongle_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_dongle_LDADD = $(DONGLE_LIBS) $(UNIT_LIBS)

if !WINDOWS
check_PROGRAMS += tests/bled112
endif
tests_bled112_SOURCES = \
	tests/dongle/main.c \
	tests/dongle/place.c \
	tests/dongle/place.h
tests_bled112_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_bled112_LDADD = $(DONGLE_LIBS) libinside.la
