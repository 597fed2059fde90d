EXTRA_DIST += doc/dongle.md doc/example-peripherals.json doc/from-bleak-and-pygatt.md doc/simulator.md
