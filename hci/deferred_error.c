/* SPDX-License-Identifier: MIT */
/* See deferred_error.h. */
#include "hci/deferred_error.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int deferred_error_set(struct deferred_error *deferred, int error, const char *format, ...)
{
	va_list args;

	deferred->error = error;
	va_start(args, format);
	vsnprintf(deferred->text, sizeof(deferred->text), format, args);
	va_end(args);
	return error;
}

int deferred_error_tell(struct ble_loop *loop, const struct deferred_error *deferred)
{
	if (!deferred->text[0])
		return deferred->error;
	return loop_set_error(loop, deferred->error, "%s", deferred->text);
}

int deferred_error_permission(struct deferred_error *deferred, const char *adapter,
			      const char *what, const char *capability)
{
	char path[128];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len <= 0)
		len = snprintf(path, sizeof(path), "PROGRAM");
	path[len] = '\0';
	return deferred_error_set(deferred, -EPERM,
				  "%s: %s needs the capability %s: run as root, or once "
				  "sudo setcap cap_net_raw,cap_net_admin+ep %s",
				  adapter, what, capability, path);
}
