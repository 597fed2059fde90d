EXTRA_DIST += examples/demo.sh

# Linked as its reader would: with the installed library, by blewire.h alone.
check_PROGRAMS += examples/first
examples_first_SOURCES = examples/first.c
examples_first_CFLAGS = $(AM_CFLAGS)
examples_first_LDADD = libblewire.la
