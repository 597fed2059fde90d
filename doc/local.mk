EXTRA_DIST += doc/example-peripherals.json doc/simulator.md
