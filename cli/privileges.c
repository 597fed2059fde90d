/* SPDX-License-Identifier: MIT */
/*
 * Drops privileges once the adapter is open, also as root. A peripheral that
 * exploits a fault of this program then gains little.
 */
#include "config.h"

#include "cli/cli.h"

#include <string.h>

#ifdef HAVE_CAP_NG

#include <cap-ng.h>
#include <sys/prctl.h>

/* Kept for the kernel's adapters: CAP_NET_RAW is checked for each scan command, and
 * CAP_NET_ADMIN allows the longer receive queue of each new connection. Dongles and
 * simulated adapters need neither. */
static const unsigned int of_kernel[] = { CAP_NET_RAW, CAP_NET_ADMIN };

enum { N_OF_KERNEL = sizeof(of_kernel) / sizeof(of_kernel[0]) };

void privileges_drop(struct cli *cli)
{
	bool kernel = strcmp(ble_adapter_info(cli->adapter)->backend, "hci") == 0;
	bool had[N_OF_KERNEL], bounds;

	/* An executed program gets no more privileges, either. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (capng_get_caps_process())
		return;
	bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	for (size_t i = 0; i < N_OF_KERNEL; i++)
		had[i] = kernel && capng_have_capability(CAPNG_PERMITTED, of_kernel[i]);
	capng_clear(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < N_OF_KERNEL; i++)
		if (had[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				     of_kernel[i]);
	if (capng_apply(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS))
		print_verbose(cli, "its capabilities could not be dropped");
}

#else

void privileges_drop(struct cli *cli)
{
	(void)cli;
}

#endif
