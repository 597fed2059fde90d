nobase_dist_doc_DATA += doc/architecture.md doc/dongle.md doc/example-peripherals.json \
	doc/from-bleak-and-pygatt.md doc/json.md doc/proof.md doc/simulator.md

# The reference pages, where there is doxygen: doc/reference/html/index.html
EXTRA_DIST += doc/Doxyfile doc/doxygen.awk doc/reference.sh
.PHONY: doxygen
doxygen:
	$(srcdir)/doc/reference.sh doc/reference "$(PACKAGE_VERSION)"
clean-local:
	rm -rf doc/reference
