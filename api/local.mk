include_HEADERS += api/blewire.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = api/blewire.pc
EXTRA_DIST += api/libblewire.sym

lib_LTLIBRARIES += libblewire.la
libblewire_la_SOURCES =
libblewire_la_LIBADD = libinside.la
libblewire_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined \
	-Wl,--version-script=$(top_srcdir)/api/libblewire.sym
libblewire_la_DEPENDENCIES = libinside.la $(top_srcdir)/api/libblewire.sym
