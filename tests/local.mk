# Each test program: five lines, and its suites in one table (see harness.h).
# For Windows only those that are made of C alone are built.
UNIT_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
UNIT_LIBS = tests/libharness.la libinside.la $(CUNIT_LIBS)
UNIT_FLAGS_LINK = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=free
if WINDOWS
UNIT_FLAGS_LINK += -static
else
UNIT_FLAGS_LINK += -no-install \
	-Wl,--wrap=reallocarray,--wrap=strndup,--wrap=vasprintf,--wrap=asprintf,--wrap=sendto
endif

check_LTLIBRARIES += tests/libharness.la
tests_libharness_la_SOURCES = \
	tests/failmalloc.c \
	tests/failmalloc.h \
	tests/failsend.c \
	tests/failsend.h \
	tests/harness.c \
	tests/harness.h \
	tests/patience.c \
	tests/patience.h \
	tests/reference.c \
	tests/reference_changing.c \
	tests/reference.h \
	tests/runner.h \
	tests/script.c \
	tests/script.h \
	tests/script_bare.c \
	tests/script_steps.c \
	tests/script_text.c \
	tests/script_mutations.c
if WINDOWS
tests_libharness_la_SOURCES += tests/process_windows.c
else
tests_libharness_la_SOURCES += \
	tests/process_posix.c \
	tests/socket_peer.c \
	tests/socket_peer.h
endif
if CUNIT
tests_libharness_la_SOURCES += tests/runner_cunit.c
else
tests_libharness_la_SOURCES += tests/runner_plain.c
endif
tests_libharness_la_CFLAGS = $(UNIT_CFLAGS)

UNIT_TESTS =

# The program from end to end: these wait longest, so they begin first.
if !WINDOWS
TESTS += tests/cli.sh tests/cli-shell.sh tests/cli-terminal.sh tests/cli-ends.sh tests/cli-trust.sh \
	tests/cli-completion.sh tests/cli-replug.sh
endif

UNIT_TESTS += tests/test_base
tests_test_base_SOURCES = tests/test_base.c
tests_test_base_CFLAGS = $(UNIT_CFLAGS)
tests_test_base_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_base_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_cache
tests_test_cache_SOURCES = tests/test_cache.c
tests_test_cache_CFLAGS = $(UNIT_CFLAGS)
tests_test_cache_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_cache_LDADD = $(UNIT_LIBS)

if !WINDOWS
UNIT_TESTS += tests/test_store
tests_test_store_SOURCES = tests/test_store.c
tests_test_store_CFLAGS = $(UNIT_CFLAGS)
tests_test_store_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_store_LDADD = $(UNIT_LIBS)
endif

UNIT_TESTS += tests/test_loop
tests_test_loop_SOURCES = \
	tests/loop_posts.c \
	tests/loop_timers.c \
	tests/test_loop.c \
	tests/test_loop.h
if WINDOWS
tests_test_loop_SOURCES += tests/loop_windows.c
else
tests_test_loop_SOURCES += tests/loop_fork.c tests/loop_posix.c tests/loop_watches.c
endif
tests_test_loop_CFLAGS = $(UNIT_CFLAGS)
tests_test_loop_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_loop_LDADD = $(UNIT_LIBS)

# Four threads, also under the thread sanitizer
UNIT_TESTS += tests/post_threads
tests_post_threads_SOURCES = tests/post_threads.c
tests_post_threads_CFLAGS = $(AM_CFLAGS)
tests_post_threads_LDFLAGS = $(AM_LDFLAGS)
tests_post_threads_LDADD = libinside.la
if WINDOWS
tests_post_threads_LDFLAGS += -static
else
tests_post_threads_LDFLAGS += -no-install
TESTS += tests/threads.sh
endif
EXTRA_DIST += tests/threads.sh

UNIT_TESTS += tests/test_scan
tests_test_scan_SOURCES = \
	tests/scan_ad.c \
	tests/scan_devices.c \
	tests/scan_filters.c \
	tests/scan_listeners.c \
	tests/scan_rest.c \
	tests/test_scan.c \
	tests/test_scan.h
tests_test_scan_CFLAGS = $(UNIT_CFLAGS)
tests_test_scan_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_scan_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_sync
tests_test_sync_SOURCES = tests/test_sync.c
tests_test_sync_CFLAGS = $(UNIT_CFLAGS)
tests_test_sync_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_sync_LDADD = $(UNIT_LIBS)

# A newer library: its calls are built against a header whose structs have grown.
UNIT_TESTS += tests/test_grown
tests_test_grown_SOURCES = \
	tests/fixture.c \
	tests/fixture.h \
	tests/test_grown.c
tests_test_grown_CFLAGS = $(UNIT_CFLAGS)
tests_test_grown_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_grown_LDADD = tests/libgrown.la $(UNIT_LIBS)
check_LTLIBRARIES += tests/libgrown.la
tests_libgrown_la_SOURCES = \
	api/adapter.c \
	api/adapters.c \
	api/adapter_scan.c \
	api/advertisement.c \
	api/client.c \
	api/connect.c \
	api/connection.c \
	api/device.c \
	api/keeper.c \
	api/link.c \
	api/op.c \
	api/reopen.c \
	api/scanner.c \
	api/sync.c \
	api/write.c \
	tests/grown_library.c \
	tests/grown_library.h
tests_libgrown_la_CPPFLAGS = -Itests/grown $(AM_CPPFLAGS)
$(tests_libgrown_la_OBJECTS): tests/grown/blewire.h
CLEANFILES += tests/grown/blewire.h
tests/grown/blewire.h: api/blewire.h
	$(AM_V_GEN)$(MKDIR_P) tests/grown && \
	sed 's/uint64_t reserved\[\([2-9]\)\]/uint64_t newer BLE_ZERO, reserved[\1 - 1]/' \
		$(srcdir)/api/blewire.h >$@

UNIT_TESTS += tests/test_client
tests_test_client_SOURCES = \
	tests/dialog.c \
	tests/dialog.h \
	tests/test_client.c \
	tests/walk.h
tests_test_client_CFLAGS = $(UNIT_CFLAGS)
tests_test_client_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_client_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_engine
tests_test_engine_SOURCES = \
	tests/engine_bare.c \
	tests/engine_mtu.c \
	tests/engine_order.c \
	tests/engine_peer.c \
	tests/engine_sweeps.c \
	tests/engine_values.c \
	tests/test_engine.c \
	tests/test_engine.h
tests_test_engine_CFLAGS = $(UNIT_CFLAGS)
tests_test_engine_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_engine_LDADD = $(UNIT_LIBS)

if HCI
UNIT_TESTS += tests/test_engine_socket
tests_test_engine_socket_SOURCES = \
	tests/engine_mtu.c \
	tests/engine_order.c \
	tests/engine_peer.c \
	tests/engine_sweeps.c \
	tests/engine_values.c \
	tests/script_socket.c \
	tests/script_socket.h \
	tests/test_engine.h \
	tests/test_engine_socket.c
tests_test_engine_socket_CFLAGS = $(UNIT_CFLAGS)
tests_test_engine_socket_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_engine_socket_LDADD = $(UNIT_LIBS)
endif

UNIT_TESTS += tests/test_names
tests_test_names_SOURCES = tests/test_names.c
tests_test_names_CFLAGS = $(UNIT_CFLAGS)
tests_test_names_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_names_LDADD = $(UNIT_LIBS)
if !WINDOWS
TESTS += tests/names.sh
endif
EXTRA_DIST += tests/names.sh

if HCI
UNIT_TESTS += tests/test_report
tests_test_report_SOURCES = tests/test_report.c
tests_test_report_CFLAGS = $(UNIT_CFLAGS)
tests_test_report_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_report_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_hci
tests_test_hci_SOURCES = \
	tests/hci_arrivals.c \
	tests/hci_connect.c \
	tests/hci_deep.c \
	tests/hci_several.c \
	tests/hci_matrix.c \
	tests/hci_ends.c \
	tests/hci_fork.c \
	tests/hci_radio.c \
	tests/hci_reset.c \
	tests/hci_scan.c \
	tests/hci_setup.c \
	tests/hci_fixture.c \
	tests/hci_fixture.h \
	tests/test_hci.c
tests_test_hci_CFLAGS = $(UNIT_CFLAGS)
tests_test_hci_LDFLAGS = $(UNIT_FLAGS_LINK) -Wl,--wrap=getpeername
tests_test_hci_LDADD = $(UNIT_LIBS)
endif

if BGAPI
include tests/dongle/local.mk

UNIT_TESTS += tests/test_bgapi
tests_test_bgapi_SOURCES = \
	tests/bgapi_examples.c \
	tests/bgapi_framing.c \
	tests/test_bgapi.c \
	tests/test_bgapi.h
tests_test_bgapi_CFLAGS = $(UNIT_CFLAGS)
tests_test_bgapi_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_bgapi_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_bgapi_link
tests_test_bgapi_link_SOURCES = \
	tests/script.c \
	tests/script.h \
	tests/script_bare.c \
	tests/script_dongle.c \
	tests/script_dongle.h \
	tests/script_steps.c \
	tests/script_text.c \
	tests/script_mutations.c \
	tests/test_bgapi_link.c
tests_test_bgapi_link_CFLAGS = $(UNIT_CFLAGS)
tests_test_bgapi_link_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_bgapi_link_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_bgapi_host
tests_test_bgapi_host_SOURCES = \
	tests/test_bgapi_host.c
tests_test_bgapi_host_CFLAGS = $(UNIT_CFLAGS)
tests_test_bgapi_host_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_bgapi_host_LDADD = $(DONGLE_LIBS) $(UNIT_LIBS)

UNIT_TESTS += tests/test_bgapi_restart
tests_test_bgapi_restart_SOURCES = tests/test_bgapi_restart.c
tests_test_bgapi_restart_CFLAGS = $(UNIT_CFLAGS)
tests_test_bgapi_restart_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_bgapi_restart_LDADD = $(DONGLE_LIBS) $(UNIT_LIBS)

if !WINDOWS
UNIT_TESTS += tests/test_serial
tests_test_serial_SOURCES = \
	tests/line.c \
	tests/line.h \
	tests/serial_fd.c \
	tests/serial_names.c \
	tests/serial_ports.c \
	tests/serial_tty.c \
	tests/test_serial.c \
	tests/test_serial.h
tests_test_serial_CFLAGS = $(UNIT_CFLAGS) $(SERIALPORT_CFLAGS)
tests_test_serial_LDFLAGS = $(UNIT_FLAGS_LINK) -Wl,--wrap=bgapi_open
tests_test_serial_LDADD = $(UNIT_LIBS)

# These start blewire-dongle-emulator.
UNIT_TESTS += tests/test_dongle_fork
tests_test_dongle_fork_SOURCES = tests/test_dongle_fork.c
tests_test_dongle_fork_CFLAGS = $(UNIT_CFLAGS)
tests_test_dongle_fork_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_dongle_fork_LDADD = $(UNIT_LIBS)
UNIT_TESTS += tests/test_reset
tests_test_reset_SOURCES = tests/test_reset.c
tests_test_reset_CFLAGS = $(UNIT_CFLAGS)
tests_test_reset_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_reset_LDADD = $(UNIT_LIBS)
else
UNIT_TESTS += tests/test_comport
tests_test_comport_SOURCES = tests/line.c tests/line.h tests/test_comport.c
tests_test_comport_CFLAGS = $(UNIT_CFLAGS) $(SERIALPORT_CFLAGS)
tests_test_comport_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_comport_LDADD = $(DONGLE_LIBS) $(UNIT_LIBS)
endif
endif

if !WINDOWS
UNIT_TESTS += tests/test_harness
tests_test_harness_SOURCES = tests/test_harness.c
tests_test_harness_CFLAGS = $(UNIT_CFLAGS)
tests_test_harness_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_harness_LDADD = $(UNIT_LIBS)
endif

if !WINDOWS
UNIT_TESTS += tests/test_cli
tests_test_cli_SOURCES = \
	cli/cli.h \
	cli/options.c \
	cli/text.c \
	cli/value.c \
	tests/test_cli.c
tests_test_cli_CFLAGS = $(UNIT_CFLAGS)
tests_test_cli_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_cli_LDADD = $(UNIT_LIBS)
endif

UNIT_TESTS += tests/test_server
tests_test_server_SOURCES = \
	tests/server_dialogues.c \
	tests/test_server.c \
	tests/test_server.h
tests_test_server_CFLAGS = $(UNIT_CFLAGS)
tests_test_server_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_server_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_gaps
tests_test_gaps_SOURCES = tests/test_gaps.c
tests_test_gaps_CFLAGS = $(UNIT_CFLAGS)
tests_test_gaps_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_gaps_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_keeper
tests_test_keeper_SOURCES = tests/test_keeper.c
tests_test_keeper_CFLAGS = $(UNIT_CFLAGS)
tests_test_keeper_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_keeper_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_limits
tests_test_limits_SOURCES = \
	tests/fixture.c \
	tests/fixture.h \
	tests/test_limits.c
tests_test_limits_CFLAGS = $(UNIT_CFLAGS)
tests_test_limits_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_limits_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_moved
tests_test_moved_SOURCES = tests/test_moved.c
tests_test_moved_CFLAGS = $(UNIT_CFLAGS)
tests_test_moved_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_moved_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/test_remedy
tests_test_remedy_SOURCES = \
	tests/remedy_procedures.c \
	tests/test_remedy.c \
	tests/test_remedy.h
tests_test_remedy_CFLAGS = $(UNIT_CFLAGS)
tests_test_remedy_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_remedy_LDADD = $(UNIT_LIBS)

if !WINDOWS
UNIT_TESTS += tests/test_shared
tests_test_shared_SOURCES = \
	tests/shared.h \
	tests/shared_events.c \
	tests/shared_joins.c \
	tests/shared_keepers.c \
	tests/shared_leaves.c \
	tests/shared_random.c \
	tests/test_shared.c
tests_test_shared_CFLAGS = $(UNIT_CFLAGS)
tests_test_shared_LDFLAGS = $(UNIT_FLAGS_LINK) -Wl,--wrap=sim_peer_input
tests_test_shared_LDADD = $(UNIT_LIBS)
endif

UNIT_TESTS += tests/test_tree
tests_test_tree_SOURCES = \
	tests/test_tree.c \
	tests/tree_older.c \
	tests/tree_older.h
tests_test_tree_CFLAGS = $(UNIT_CFLAGS)
tests_test_tree_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_tree_LDADD = $(UNIT_LIBS)

# The header with shorter elements that tree_older.c is built with.
tests/test_tree-tree_older.$(OBJEXT): tests/older/tree.h
tests/older/tree.h: api/blewire.h tests/older.awk
	$(AM_V_GEN)$(MKDIR_P) tests/older && $(AWK) \
		-v structs="ble_service ble_characteristic ble_descriptor ble_include" \
		-f $(srcdir)/tests/older.awk $(srcdir)/api/blewire.h >$@.new && mv $@.new $@
CLEANFILES += tests/older/tree.h
EXTRA_DIST += tests/older.awk

UNIT_TESTS += tests/test_sim
tests_test_sim_SOURCES = \
	tests/sim_client.c \
	tests/sim_client.h \
	tests/sim_links.c \
	tests/test_sim.c
if !WINDOWS
tests_test_sim_SOURCES += tests/sim_socket.c
endif
tests_test_sim_CFLAGS = $(UNIT_CFLAGS)
tests_test_sim_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_test_sim_LDADD = $(UNIT_LIBS)

if JSON
UNIT_TESTS += tests/test_sim_files
tests_test_sim_files_SOURCES = tests/test_sim_files.c
tests_test_sim_files_CFLAGS = $(UNIT_CFLAGS)
tests_test_sim_files_LDFLAGS = $(UNIT_FLAGS_LINK) -Wl,--wrap=dlopen,--wrap=dlsym
tests_test_sim_files_LDADD = $(UNIT_LIBS)
endif

UNIT_TESTS += tests/conformance
tests_conformance_SOURCES = \
	tests/conformance.c \
	tests/conformance.h \
	tests/conformance_changed.c \
	tests/conformance_client.c \
	tests/conformance_gatt.c \
	tests/conformance_hostile.c \
	tests/conformance_keeper.c \
	tests/conformance_links.c \
	tests/conformance_map_backend.c \
	tests/conformance_map_client.c \
	tests/conformance_map_pygatt.c \
	tests/conformance_map_scan.c \
	tests/conformance_map_tree.c \
	tests/conformance_callbacks.c \
	tests/conformance_radio.c \
	tests/conformance_random.c \
	tests/conformance_scan.c \
	tests/conformance_several.c \
	tests/conformance_matrix.c \
	tests/conformance_shared.c \
	tests/conformance_peers.c \
	tests/conformance_tree.c \
	tests/conformance_values.c \
	tests/fixture.c \
	tests/fixture.h
tests_conformance_CFLAGS = $(UNIT_CFLAGS)
tests_conformance_LDFLAGS = $(UNIT_FLAGS_LINK)
tests_conformance_LDADD =
if BGAPI
tests_conformance_SOURCES += tests/fixture_dongle.c tests/fixture_dongle.h
tests_conformance_LDADD += $(DONGLE_LIBS)
if !WINDOWS
tests_conformance_SOURCES += tests/fixture_port.c
# One of its cases starts it.
EXTRA_tests_conformance_DEPENDENCIES = blewire-dongle-emulator$(EXEEXT)

# Behind a port of its own.
check_PROGRAMS += tests/reference_dongle
tests_reference_dongle_SOURCES = \
	tests/dongle/place.c \
	tests/dongle/place.h \
	tests/reference.c \
	tests/reference_changing.c \
	tests/reference.h \
	tests/reference_dongle.c
tests_reference_dongle_CFLAGS = $(AM_CFLAGS)
tests_reference_dongle_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_reference_dongle_LDADD = $(DONGLE_LIBS) libinside.la
endif
endif
tests_conformance_LDADD += $(UNIT_LIBS)
if !WINDOWS
tests_conformance_SOURCES += tests/child.c tests/child.h
endif
if HCI
tests_conformance_SOURCES += tests/fixture_socket.c

check_PROGRAMS += tests/vm/attacked tests/vm/cancels tests/vm/echo tests/vm/fork tests/vm/keep tests/vm/losses \
	tests/vm/overrun tests/vm/pulled tests/vm/radio \
	tests/vm/several tests/vm/shared tests/vm/soak
tests_vm_attacked_SOURCES = tests/vm/attacked.c tests/vm/in_use.h
tests_vm_attacked_LDADD = libblewire.la
tests_vm_cancels_SOURCES = tests/vm/cancels.c
tests_vm_cancels_LDADD = libblewire.la
tests_vm_echo_SOURCES = tests/vm/echo.c
tests_vm_echo_LDADD = libblewire.la
tests_vm_fork_SOURCES = tests/vm/fork.c
tests_vm_fork_LDADD = libblewire.la
tests_vm_overrun_SOURCES = tests/vm/overrun.c
tests_vm_overrun_LDADD = libblewire.la
tests_vm_keep_SOURCES = tests/vm/keep.c
tests_vm_keep_LDADD = libblewire.la
tests_vm_losses_SOURCES = tests/vm/losses.c
tests_vm_losses_LDADD = libblewire.la
tests_vm_pulled_SOURCES = tests/vm/pulled.c
tests_vm_pulled_LDADD = libblewire.la
tests_vm_radio_SOURCES = tests/vm/radio.c
tests_vm_radio_LDADD = libblewire.la
tests_vm_several_SOURCES = tests/vm/several.c
tests_vm_several_LDADD = libblewire.la
tests_vm_shared_SOURCES = tests/vm/shared.c
tests_vm_shared_LDADD = libblewire.la
tests_vm_soak_SOURCES = tests/vm/soak.c tests/vm/in_use.h
tests_vm_soak_LDADD = libblewire.la

# These share no code with the library.
check_PROGRAMS += tests/vm/air tests/vm/capture tests/vm/relay
tests_vm_air_SOURCES = \
	tests/vm/air.c \
	tests/vm/air.h \
	tests/vm/air_advertising.c \
	tests/vm/air_commands.c \
	tests/vm/air_control.c \
	tests/vm/air_guests.c \
	tests/vm/air_links.c \
	tests/vm/relay.h
tests_vm_capture_SOURCES = tests/vm/capture.c
tests_vm_relay_SOURCES = tests/vm/relay.c tests/vm/relay.h
endif

# These call libbluetooth, which the library does not.
if BLUEZ
tests_conformance_SOURCES += tests/fixture_kernel.c
tests_conformance_CFLAGS += $(BLUEZ_CFLAGS)
tests_conformance_LDADD += $(BLUEZ_LIBS)

# Behind an adapter of its own in the VM.
check_PROGRAMS += tests/peripheral
tests_peripheral_SOURCES = \
	tests/peripheral.c \
	tests/reference.c \
	tests/reference_changing.c \
	tests/reference.h \
	tests/socket_peer.c \
	tests/socket_peer.h
tests_peripheral_CFLAGS = $(AM_CFLAGS) $(BLUEZ_CFLAGS)
tests_peripheral_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_peripheral_LDADD = libinside.la $(BLUEZ_LIBS)

# These share no code with the library.
check_PROGRAMS += tests/vm/peer tests/vm/setup tests/vm/sockets
tests_vm_peer_SOURCES = \
	tests/vm/peer.c \
	tests/vm/peer.h \
	tests/vm/peer_database.c \
	tests/vm/peer_hostile.c
tests_vm_peer_CFLAGS = $(AM_CFLAGS) $(BLUEZ_CFLAGS)
tests_vm_peer_LDADD = $(BLUEZ_LIBS)
tests_vm_setup_SOURCES = tests/vm/setup.c
tests_vm_setup_CFLAGS = $(AM_CFLAGS) $(BLUEZ_CFLAGS)
tests_vm_setup_LDADD = $(BLUEZ_LIBS)
tests_vm_sockets_SOURCES = tests/vm/sockets.c
tests_vm_sockets_CFLAGS = $(AM_CFLAGS) $(BLUEZ_CFLAGS)
tests_vm_sockets_LDADD = $(BLUEZ_LIBS)
endif

# Every procedure with every fault. Its fixtures are all in one process.
if !WINDOWS
UNIT_TESTS += tests/faults
tests_faults_SOURCES = \
	tests/faults.c \
	tests/faults.h \
	tests/faults_procedures.c \
	tests/faulty_wire.c \
	tests/faulty_wire.h \
	tests/fixture.c \
	tests/fixture.h
tests_faults_CFLAGS = $(UNIT_CFLAGS)
tests_faults_LDFLAGS = $(UNIT_FLAGS_LINK) \
	-Wl,--wrap=sim_peer_init,--wrap=sim_peer_input,--wrap=sim_peer_release
tests_faults_LDADD =
if BGAPI
tests_faults_SOURCES += tests/faults_messages.c tests/fixture_dongle.c tests/fixture_dongle.h
tests_faults_LDADD += $(DONGLE_LIBS)
endif
tests_faults_LDADD += $(UNIT_LIBS)
if HCI
tests_faults_SOURCES += tests/fixture_socket.c
endif
endif

# Peers that want too much.
if !WINDOWS
UNIT_TESTS += tests/trust
tests_trust_SOURCES = \
	tests/fixture.c \
	tests/fixture.h \
	tests/trust.c
tests_trust_CFLAGS = $(UNIT_CFLAGS)
tests_trust_LDFLAGS = $(UNIT_FLAGS_LINK) -Wl,--wrap=sim_peer_input
tests_trust_LDADD =
if BGAPI
tests_trust_SOURCES += tests/fixture_dongle.c tests/fixture_dongle.h
tests_trust_LDADD += $(DONGLE_LIBS)
endif
tests_trust_LDADD += $(UNIT_LIBS)
if HCI
tests_trust_SOURCES += tests/fixture_socket.c
endif
endif

# The conformance suite without enough memory.
if !WINDOWS
UNIT_TESTS += tests/allocation
tests_allocation_SOURCES = \
	$(tests_conformance_SOURCES) \
	tests/allocation.c \
	tests/allocation.h
tests_allocation_CFLAGS = $(tests_conformance_CFLAGS) -D_GNU_SOURCE= -include tests/allocation.h
tests_allocation_LDFLAGS = $(UNIT_FLAGS_LINK) \
	-Wl,--wrap=fixture_open,--wrap=fixture_close,--wrap=sim_peer_init,--wrap=fail_each \
	-Wl,--wrap=harness_main,--wrap=harness_check,--wrap=harness_check_int \
	-Wl,--wrap=harness_check_str,--wrap=harness_check_mem,--wrap=device_merge,--wrap=reference_build \
	-Wl,--wrap=store_read,--wrap=store_replace,--wrap=gatt_cache_pack,--wrap=gatt_cache_unpack \
	-Wl,--wrap=gatt_tree_add_service,--wrap=gatt_tree_add_characteristic \
	-Wl,--wrap=gatt_tree_add_descriptor,--wrap=gatt_tree_add_include \
	-Wl,--wrap=sim_link_new,--wrap=l2cap_link_new,--wrap=gatt_subscribe,--wrap=op_new
tests_allocation_LDADD = $(tests_conformance_LDADD)
EXTRA_tests_allocation_DEPENDENCIES = $(EXTRA_tests_conformance_DEPENDENCIES)
endif

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

if !WINDOWS
TESTS += tests/selftest.sh
endif
EXTRA_DIST += tests/selftest.sh

# What includes what, what the library shows, that blewire.h compiles alone
AM_TESTS_ENVIRONMENT = CC='$(CC)'; export CC; NM='$(NM)'; export NM;
if !WINDOWS
TESTS += tests/architecture.sh
endif
EXTRA_DIST += tests/architecture.sh

if !WINDOWS
include tests/fuzz/local.mk
endif

if !WINDOWS
# A person at a terminal
check_PROGRAMS += tests/pty
tests_pty_SOURCES = tests/patience.c tests/patience.h tests/pty.c
endif
if !WINDOWS
# The program with a frozen clock
check_PROGRAMS += tests/frozen
tests_frozen_SOURCES = tests/frozen.c
tests_frozen_LDFLAGS = $(AM_LDFLAGS) -no-install -Wl,--wrap=ble_loop_new \
	-Wl,--wrap=ble_loop_unref,--wrap=clock_gettime,--wrap=poll
tests_frozen_LDADD = $(blewire_OBJECTS) libinside.la $(JSON_LIBS) $(EDIT_LIBS) $(CAP_NG_LIBS)
endif
EXTRA_DIST += tests/patience.sh tests/report.sh
EXTRA_DIST += tests/cli.sh tests/cli-cases.sh tests/cli-completion.sh tests/cli-ends.sh tests/cli-replug.sh tests/cli-shell.sh \
	tests/cli-terminal.sh tests/cli-trust.sh tests/needs-names.sh
if JSON
check_PROGRAMS += tests/jsonlines
tests_jsonlines_SOURCES = tests/jsonlines.c
tests_jsonlines_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS)
tests_jsonlines_LDADD = $(JSON_LIBS)
endif

# What a reader of the README copies from it; "./run test" runs the others.
if !WINDOWS
TESTS += tests/map.sh tests/readme.sh
endif
EXTRA_DIST += .clang-tidy tests/attack.sh tests/install.sh tests/map.sh tests/packaging.sh tests/parts.sh \
	tests/readme.sh tests/size.sh

# On real kernels: "./run test vm"
EXTRA_DIST += tests/vm/all tests/vm/beside.sh tests/vm/cases tests/vm/dongle-power tests/vm/dongle.sh \
	tests/vm/guest.sh tests/vm/hostile.sh tests/vm/init tests/vm/keep.sh tests/vm/many.sh \
	tests/vm/main tests/vm/race tests/vm/race-several tests/vm/soak.sh tests/vm/two tests/vm/two.sh tests/vm/vm

# How fast, how small: "./run bench"
include tests/bench/local.mk
