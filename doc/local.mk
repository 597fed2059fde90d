EXTRA_DIST += doc/dongle.md doc/example-peripherals.json doc/simulator.md
