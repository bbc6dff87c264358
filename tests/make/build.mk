# What is built for tests: tools, unit tests, packages, another architecture. Included by tests.mk.

TOOLS  := $(B)/tests/probe $(B)/tests/refuse $(B)/tests/extension $(B)/tests/watcher $(B)/tests/storm $(B)/tests/image
UNIT_C := $(wildcard tests/unit/*.c)
# What unit tests link: all of lrun but its main, what is pure of lrun-unpack and lrun-policy, and lrun-project but its main.
UNIT_O := $(filter-out $(B)/launcher/command/main.o,$(LRUN_O)) $(LLHTTP_OBJECTS) \
  $(addprefix $(B)/,$(addsuffix .o,unpack/zip unpack/zip_check unpack/zip_largest unpack/manifest unpack/seen policy/calls policy/oci)) \
  $(filter-out $(B)/project/main.o,$(PROJECT_ONLY:%.c=$(B)/%.o))
UNIT_L  = -levent_core -lcap -lz $(LLHTTP_LINK) -lseccomp -lcjson -lyaml -lm

$(B)/tests/probe: tests/tools/probe.c
	@mkdir -p $(@D)
	$(CC) -O1 -static -std=gnu17 -D_GNU_SOURCE -I. -Wall -Wextra -o $@ $< -lutil -lpthread
$(B)/tests/refuse: tests/tools/refuse.c
	@mkdir -p $(@D)
	$(CC) -O1 -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -o $@ $< -lseccomp
$(B)/tests/extension: tests/tools/extension.c
	@mkdir -p $(@D)
	$(CC) -O1 -static -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -o $@ $< -lpthread
$(B)/tests/watcher: tests/tools/watcher.c
	@mkdir -p $(@D)
	$(CC) -O1 -static -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -o $@ $<
$(B)/tests/storm: tests/tools/storm.c
	@mkdir -p $(@D)
	$(CC) -O1 -static -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -o $@ $< -lpthread
$(B)/tests/image: tests/tools/image.c $(UNIT_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_C) $(LINK) -o $@ $^ $(UNIT_L)
# One object a file: a changed header builds those anew that include it. Criterion's macros are no part of ISO C.
$(B)/tests/units/%.o: tests/unit/%.c Makefile tests/make/build.mk | $(POLICIES)
	@mkdir -p $(@D)
	@$(CC) $(filter-out -Wpedantic,$(ALL_C)) -MMD -MP -c -o $@ $<
$(B)/tests/unit: $(UNIT_C:tests/unit/%.c=$(B)/tests/units/%.o) $(UNIT_O)
	@$(CC) $(CFLAGS) $(SANITIZE) $(LINK) -o $@ $^ -lcriterion $(UNIT_L)
# The same without Criterion, in one process: it cannot start processes in user emulation. Nor has that openat2(2), or times of processes,
# which these need.
PLAIN_C := $(filter-out $(patsubst %,tests/unit/test_%.c,cpu_time tools prepared explain config project_files project_routes project_sam project_values),$(UNIT_C))
$(B)/tests/plain/%.o: tests/unit/%.c Makefile tests/make/build.mk | $(POLICIES)
	@mkdir -p $(@D)
	@$(CC) -Itests/tools/plain $(filter-out -Wpedantic,$(ALL_C)) -MMD -MP -c -o $@ $<
$(B)/tests/plain-main.o: tests/tools/plain/criterion/criterion.h
	@mkdir -p $(@D)
	@$(CC) -DPLAIN_MAIN -x c -c -o $@ $<
$(B)/tests/plain-unit: $(B)/tests/plain-main.o $(PLAIN_C:tests/unit/%.c=$(B)/tests/plain/%.o) $(UNIT_O)
	@$(CC) $(CFLAGS) $(SANITIZE) $(LINK) -o $@ $^ $(UNIT_L)
$(B)/policy/calls.o: policy/calls.tsv
-include $(wildcard $(B)/tests/units/*.d $(B)/tests/plain/*.d) $(B)/policy/calls.d $(B)/policy/oci.d

# arm64: all of it, built by the cross compiler against Debian's own arm64 packages, which are unpacked and not installed; the
# unit tests and the policy compiler run in user emulation.
# zstd, lzma and bz2: what a static libarchive needs (make dist).
ARM64 := $(B)/arm64
ARM64_ROOT := $(ARM64)/root
ARM64_MAKE  = $(MAKE) --no-print-directory ARCH=aarch64 CC="aarch64-linux-gnu-gcc --sysroot=$(abspath $(ARM64_ROOT))" RUN="qemu-aarch64 -L $(ARM64_ROOT)"
arm64-root:
	@[ -f $(ARM64_ROOT)/usr/include/zstd.h ] || { rm -rf $(ARM64_ROOT) && mkdir -p $(ARM64) && mmdebstrap --variant=extract --arch=arm64 --quiet \
	  --include=libc6-dev,libseccomp-dev,libcap-dev,libarchive-dev,libcjson-dev,libevent-dev,libelf-dev,zlib1g-dev,libdeflate-dev,libssl-dev,libyaml-dev,libzstd-dev,liblzma-dev,libbz2-dev \
	  $$(. /etc/os-release && echo $$VERSION_CODENAME) $(ARM64_ROOT); }
arm64: arm64-root
	@$(ARM64_MAKE) B=$(ARM64) all $(ARM64)/tests/plain-unit
	qemu-aarch64 -L $(ARM64)/root $(ARM64)/tests/plain-unit
	@for a in x86_64 aarch64; do [ ! -f $(B)/policy_$$a.h ] || cmp $(B)/policy_$$a.h $(ARM64)/policy_$$a.h || exit 1; done

EXAMPLES := $(patsubst %,$(B)/examples/%.zip,hello-c adder shell first second function python node) $(B)/examples/image.tar
examples: $(EXAMPLES)
$(B)/examples/hello-c.zip: examples/hello-c/bootstrap.c
	@mkdir -p $(B)/examples/hello-c
	$(CC) -O2 -static -D_GNU_SOURCE -Wall -Wextra -o $(B)/examples/hello-c/bootstrap $<
	@rm -f $@; cd $(B)/examples/hello-c && zip -q -X ../hello-c.zip bootstrap
$(B)/examples/image.tar: $(B)/examples/hello-c.zip examples/image/save.sh
	examples/image/save.sh $(B)/examples/hello-c/bootstrap $@
$(B)/examples/adder.zip: examples/exec-tests/adder.c
	@mkdir -p $(B)/examples/adder
	$(CC) -O2 -static -Wall -Wextra -o $(B)/examples/adder/adder $<
	@rm -f $@; cd $(B)/examples/adder && zip -q -X ../adder.zip adder
$(B)/examples/shell.zip: $(wildcard examples/shell/*)
	@mkdir -p $(@D); rm -f $@; cd examples/shell && zip -q -X $(abspath $@) bootstrap function.sh
$(B)/examples/python.zip: examples/python/lambda_function.py
	@mkdir -p $(@D); rm -f $@; cd examples/python && zip -q -X $(abspath $@) lambda_function.py
$(B)/examples/node.zip: examples/node/index.mjs
	@mkdir -p $(@D); rm -f $@; cd examples/node && zip -q -X $(abspath $@) index.mjs
$(B)/examples/%.zip: $(wildcard examples/layers/*/* examples/layers/*/*/*)
	@mkdir -p $(@D); rm -f $@; cd examples/layers/$* && zip -q -X -r $(abspath $@) .
