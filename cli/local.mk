# The program. It is linked with the installed library, so that it can use what
# blewire.h offers and nothing else. It is POSIX: signals, terminals.
if !WINDOWS
bin_PROGRAMS += blewire
endif
blewire_SOURCES = \
	cli/adapters.c \
	cli/cli.h \
	cli/command.c \
	cli/complete.c \
	cli/exit.c \
	cli/find.c \
	cli/help.c \
	cli/info.c \
	cli/json.c \
	cli/json.h \
	cli/main.c \
	cli/nojson.h \
	cli/notify.c \
	cli/options.c \
	cli/output.c \
	cli/params.c \
	cli/peer.c \
	cli/privileges.c \
	cli/read.c \
	cli/rssi.c \
	cli/scan.c \
	cli/scan.h \
	cli/session.c \
	cli/shell.c \
	cli/shell.h \
	cli/shell_scan.c \
	cli/table.c \
	cli/table.h \
	cli/text.c \
	cli/value.c \
	cli/wait.c \
	cli/words.c \
	cli/write.c
if EDIT
blewire_SOURCES += cli/prompt.c
else
blewire_SOURCES += cli/noprompt.c
endif
blewire_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(EDIT_CFLAGS) $(CAP_NG_CFLAGS)
blewire_LDADD = libblewire.la $(JSON_LIBS) $(EDIT_LIBS) $(CAP_NG_LIBS)

dist_man_MANS += doc/blewire.1

# A completion is found by the name of its program, which these have once installed.
EXTRA_DIST += cli/blewire.bash cli/blewire.fish cli/blewire.zsh
install-data-hook:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)" "$(DESTDIR)$(zshcompletiondir)" \
		"$(DESTDIR)$(fishcompletiondir)"
	$(INSTALL_DATA) $(srcdir)/cli/blewire.bash "$(DESTDIR)$(bashcompletiondir)/blewire"
	$(INSTALL_DATA) $(srcdir)/cli/blewire.zsh "$(DESTDIR)$(zshcompletiondir)/_blewire"
	$(INSTALL_DATA) $(srcdir)/cli/blewire.fish "$(DESTDIR)$(fishcompletiondir)/blewire.fish"
uninstall-hook:
	rm -f "$(DESTDIR)$(bashcompletiondir)/blewire" "$(DESTDIR)$(zshcompletiondir)/_blewire" \
		"$(DESTDIR)$(fishcompletiondir)/blewire.fish"
