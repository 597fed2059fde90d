# The third backend: dongles that speak BGAPI on a serial port, found with libserialport. No
# source of it is here yet, and configure refuses --with-bgapi, so nothing may count on it.
