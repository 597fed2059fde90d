/* SPDX-License-Identifier: MIT */
/*
 * What a stranger on the air could make of a mistake of ours is bounded by what
 * this process may do. Once the adapter is open that is little, as root, too.
 */
#include "config.h"

#include "cli/cli.h"

#include <string.h>

#ifdef HAVE_CAP_NG

#include <cap-ng.h>
#include <sys/prctl.h>

/* On the kernel's adapters: each scan command is checked for CAP_NET_RAW when it
 * is sent, and connections to come, also after a reset, ask for a longer queue
 * than others may have (CAP_NET_ADMIN). Dongles and simulated ones need none. */
static const unsigned int of_kernel[] = { CAP_NET_RAW, CAP_NET_ADMIN };

enum { N_OF_KERNEL = sizeof(of_kernel) / sizeof(of_kernel[0]) };

void privileges_drop(struct cli *cli)
{
	bool kernel = strcmp(ble_adapter_info(cli->adapter)->backend, "hci") == 0;
	bool had[N_OF_KERNEL], bounds;

	/* What this starts, if it ever does, gets nothing more by it. */
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
		say(cli, "its capabilities could not be dropped");
}

#else

void privileges_drop(struct cli *cli)
{
	(void)cli;
}

#endif
