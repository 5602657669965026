# SPDX-License-Identifier: GPL-2.0-only
# Builds tcp_lucid.ko for the running kernel, or for KDIR's.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DKMS_SRC := $(DESTDIR)/usr/src/tcp_lucid-$(VERSION)

all: modules

modules clean: | $(KDIR)
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@

# Through DKMS, so that the module is built again for every new kernel.
install:
	@command -v dkms >/dev/null || { \
		echo "make install needs dkms: apt install dkms" >&2; exit 1; }
	-dkms remove tcp_lucid/$(VERSION) --all >/dev/null 2>&1
	rm -rf $(DKMS_SRC)
	mkdir -p $(DKMS_SRC)
	cp -r dkms.conf Kbuild Makefile include module $(DKMS_SRC)/
	dkms add tcp_lucid/$(VERSION)
	dkms install tcp_lucid/$(VERSION) -k $(KVER)

uninstall:
	dkms remove tcp_lucid/$(VERSION) --all
	rm -rf $(DKMS_SRC)

$(KDIR):
	@echo "no kernel headers at $@: apt install linux-headers-$(KVER)" >&2
	@exit 1

.PHONY: all modules clean install uninstall
