/* SPDX-License-Identifier: MIT */
/* See deferred_error.h. */
#include "hci/deferred_error.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int fault_set(struct fault *fault, int error, const char *format, ...)
{
	va_list args;

	fault->error = error;
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return error;
}

int fault_say(struct ble_loop *loop, const struct fault *fault)
{
	if (!fault->text[0])
		return fault->error;
	return loop_say(loop, fault->error, "%s", fault->text);
}

int fault_permission(struct fault *fault, const char *adapter, const char *what,
		     const char *capability)
{
	char path[128];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len <= 0)
		len = snprintf(path, sizeof(path), "PROGRAM");
	path[len] = '\0';
	return fault_set(fault, -EPERM,
			 "%s: %s needs the capability %s: run as root, or once "
			 "sudo setcap cap_net_raw,cap_net_admin+ep %s",
			 adapter, what, capability, path);
}
