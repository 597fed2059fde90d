/* SPDX-License-Identifier: MIT */
/* See lost_sockets.h. */
#include "hci/lost_sockets.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

/* l2cap_conn_free() deletes an hci_chan that hci_chan_list_flush() deleted when the link
 * went. Debian 12 got that with 6.1.192; 6.1.190 and 6.12 are good. */
static const struct lost_sockets_kernel kernels[] = {
	{ "6.1.0-55-", "Debian 6.1.192-", "6.1.0-54 or 6.12" },
	{ "6.1.0-56-", "Debian 6.1.192-", "6.1.0-54 or 6.12" },
	{ "6.1.0-57-", "Debian 6.1.192-", "6.1.0-54 or 6.12" },
};

static atomic_uint kept;
static atomic_bool told;

const struct lost_sockets_kernel *lost_sockets_find(const char *release, const char *version)
{
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if (!strncmp(release, kernels[i].release, strlen(kernels[i].release)) &&
		    strstr(version, kernels[i].version))
			return &kernels[i];
	return NULL;
}

static const struct lost_sockets_kernel *running(void)
{
	struct utsname name;

	return uname(&name) < 0 ? NULL : lost_sockets_find(name.release, name.version);
}

const struct lost_sockets_kernel *(*lost_sockets_kernel)(void) = running;

bool lost_sockets_keep(int fd)
{
	struct pollfd poller = { .fd = fd };

	if (!lost_sockets_kernel() || poll(&poller, 1, 0) <= 0 ||
	    !(poller.revents & (POLLHUP | POLLERR)))
		return false;
	atomic_fetch_add(&kept, 1);
	return true;
}

unsigned int lost_sockets_count(void)
{
	return atomic_load(&kept);
}

bool lost_sockets_full(void)
{
	struct rlimit limit;

	return lost_sockets_kernel() && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	       limit.rlim_cur != RLIM_INFINITY && lost_sockets_count() >= limit.rlim_cur / 2;
}

const char *lost_sockets_advice(char *text, size_t size)
{
	const struct lost_sockets_kernel *kernel = lost_sockets_kernel();

	text[0] = '\0';
	if (kernel && !atomic_exchange(&told, true))
		snprintf(text, size, "; this kernel kills programs that close the socket of a "
			 "lost connection, so these stay open, and this program may die when it "
			 "exits: install kernel %s", kernel->good);
	return text;
}
