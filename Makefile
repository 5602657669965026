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
install uninstall:
	@scripts/dkms.sh $@ $(VERSION) $(KVER)

# What DKMS compiles, without what was compiled here. Root will run it: it is to be
# root's, whoever has the checkout.
sources:
	mkdir -p $(DKMS_SRC)
	tar -c --exclude='*.o' --exclude='*.ko' --exclude='*.mod*' --exclude='.*.cmd' \
		dkms.conf Kbuild Makefile include module | \
		tar -xC $(DKMS_SRC) --no-same-owner --no-same-permissions

$(KDIR):
	@echo "no kernel headers at $@: apt install linux-headers-$(KVER)" >&2
	@exit 1

.PHONY: all modules clean install uninstall sources
