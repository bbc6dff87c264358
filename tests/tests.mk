# The targets that check: included by the Makefile.
PYTHON := /usr/bin/python3
TOOLS  := $(B)/tests/probe $(B)/tests/refuse $(B)/tests/extension $(B)/tests/watcher $(B)/tests/storm
UNIT_C := $(wildcard tests/unit/*.c)
# What unit tests link: all of lrun and lrun-unpack but the two mains.
UNIT_O := $(filter-out $(B)/launcher/command/main.o,$(LRUN_O)) $(B)/unpack/zip.o $(B)/unpack/zip_check.o $(B)/unpack/zip_largest.o $(B)/unpack/manifest.o $(LLHTTP_OBJECTS)

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
$(B)/tests/unit: $(UNIT_C) $(UNIT_O)
	@mkdir -p $(@D)
	@$(CC) $(filter-out -Wpedantic,$(ALL_C)) $(LINK) -o $@ $(UNIT_C) $(UNIT_O) -lcriterion -levent_core -lcap -lz $(LLHTTP_LINK) -lm
# The same without Criterion, in one process: it cannot start processes in user emulation. Without the cache too: nor has that openat2(2).
$(B)/tests/plain-unit: $(UNIT_C) $(UNIT_O) tests/tools/event_stream_decode.h tests/tools/plain/criterion/criterion.h
	@mkdir -p $(@D)
	@echo '#include <criterion/criterion.h>' | $(CC) -DPLAIN_MAIN -Itests/tools/plain -x c -c -o $@.o -
	@$(CC) -Itests/tools/plain $(filter-out -Wpedantic,$(ALL_C)) $(LINK) -o $@ $@.o $(filter-out tests/unit/test_tools.c,$(UNIT_C)) $(UNIT_O) -levent_core -lcap -lz $(LLHTTP_LINK) -lm

# arm64: all of it, built by the cross compiler against Debian's own arm64 packages, which are unpacked and not installed; the
# unit tests and the policy compiler run in user emulation.
ARM64 := $(B)/arm64
arm64:
	@[ -d $(ARM64)/root/usr/include ] || { mkdir -p $(ARM64) && mmdebstrap --variant=extract --arch=arm64 --quiet \
	  --include=libc6-dev,libseccomp-dev,libcap-dev,libarchive-dev,libcjson-dev,libevent-dev,libelf-dev,zlib1g-dev,libdeflate-dev,libssl-dev \
	  $$(. /etc/os-release && echo $$VERSION_CODENAME) $(ARM64)/root; }
	@$(MAKE) --no-print-directory B=$(ARM64) ARCH=aarch64 CC="aarch64-linux-gnu-gcc --sysroot=$(abspath $(ARM64))/root" RUN="qemu-aarch64 -L $(ARM64)/root" all $(ARM64)/tests/plain-unit
	qemu-aarch64 -L $(ARM64)/root $(ARM64)/tests/plain-unit
	@for a in x86_64 aarch64; do [ ! -f $(B)/policy_$$a.h ] || cmp $(B)/policy_$$a.h $(ARM64)/policy_$$a.h || exit 1; done

# Each defence removed once: exactly its tests must fail. MUTANTS: words of their names; all.
mutants: all examples $(TOOLS)
	@$(PYTHON) tests/security/mutants.py $(B) $(MUTANTS)

# Every system call of a launch and of a server fails once, at every place it is made.
faults: all examples $(TOOLS)
	@LRUN_FAULTS=0 $(PYTHON) -m pytest -q -s -p no:cacheprovider tests/faults

# Another kernel, Debian's for clouds, in software emulation: cgroups of one's own, an ordinary user alone, switches that are off.
check-vm: all
	@sh tests/vm/run.sh $(B)

# deps: what the tests, linters and measurements need too; deps-run: what building and running need.
deps:
	sh packaging/deps.sh all
deps-run:
	sh packaging/deps.sh run

# As root the suite runs twice: here, and as an unprivileged user from a copy that user can read.
check: deps
	@$(MAKE) --no-print-directory all examples $(TOOLS) $(B)/tests/unit
	@sh tests/real/layers.sh $(B) || echo "check: layers of Debian's packages could not be made (sudo apt-get update?)"
	@sh tests/check.sh $(B)

# For the loop of editing, under a minute: as the user who calls, without the slow tests and those that need the machine to themselves.
test:
	@$(MAKE) --no-print-directory all examples $(TOOLS) $(B)/tests/unit
	@LRUN_QUICK=1 LRUN_PASSES=own sh tests/check.sh $(B)

# Times of the tests, slowest first, for tests/slow.txt: RESULTS is a directory of JUnit files, kept by LRUN_RESULTS=DIR make check.
slow:
	@$(PYTHON) tests/slow.py $(RESULTS)

EXAMPLES := $(patsubst %,$(B)/examples/%.zip,hello-c adder shell first second function python node)
examples: $(EXAMPLES)
$(B)/examples/hello-c.zip: examples/hello-c/bootstrap.c
	@mkdir -p $(B)/examples/hello-c
	$(CC) -O2 -static -D_GNU_SOURCE -Wall -Wextra -o $(B)/examples/hello-c/bootstrap $<
	@rm -f $@; cd $(B)/examples/hello-c && zip -q -X ../hello-c.zip bootstrap
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

demo: deps-run
	@$(MAKE) --no-print-directory all examples
	@sh examples/demo.sh $(B)

asan:
	@$(MAKE) --no-print-directory B=build/asan SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" \
	  CFLAGS="-O1 -g" all examples build/asan/tests/probe build/asan/tests/refuse build/asan/tests/extension build/asan/tests/watcher build/asan/tests/storm build/asan/tests/unit
	@sh tests/real/layers.sh build/asan || true
	LRUN_PASSES=unprivileged sh tests/check.sh build/asan

lint: $(POLICIES) $(B)/why.h
	clang --version | head -n 1
	@for f in $(LRUN_C) $(UNPACK_ONLY) $(POLICY_ONLY); do clang -fsyntax-only $(filter-out -fstack-clash-protection,$(ALL_C)) $$f || exit 1; done
	@clang-tidy --quiet $(LRUN_C) $(UNPACK_ONLY) $(POLICY_ONLY) -- -std=gnu17 -D_GNU_SOURCE $(INCLUDE) 2>/dev/null
	@for f in $(LRUN_C) $(UNPACK_ONLY) $(POLICY_ONLY); do aarch64-linux-gnu-gcc -c -o /dev/null $(filter-out -fstack-clash-protection,$(ALL_C)) \
	  -idirafter /usr/include -idirafter /usr/include/$$(gcc -print-multiarch) $$f || exit 1; done
	@echo "lint: gcc and clang without warnings, clang-tidy clean, arm64 compiles"

layers:   ## the table of folders and what each may include is in tests/layers.py
	@$(PYTHON) tests/layers.py $(FOLDERS)

sizes:    ## files under 400 lines, headers under 120, functions under 60
	@mkdir -p $(B)
	@awk 'FNR == 1 { if (n > 400) print f ": " n " lines"; f = FILENAME } { n = FNR } END { if (n > 400) print f ": " n " lines" }' $(LRUN_C) $(UNPACK_ONLY) $(POLICY_ONLY) | tee $(B)/sizes
	@awk '/^[a-z].*\)$$/ { name = $$0; start = FNR } /^}/ { if (start && FNR - start > 61) print FILENAME ": " FNR - start " lines: " name; start = 0 }' $(LRUN_C) $(UNPACK_ONLY) $(POLICY_ONLY) | tee -a $(B)/sizes
	@wc -l $(wildcard $(FOLDERS:%=%/*.h)) | awk '$$1 > 120 && $$2 != "total" { print $$2 ": " $$1 " lines" }' | tee -a $(B)/sizes
	@[ ! -s $(B)/sizes ] && echo "sizes: all within bounds"

# What a launch asks of the kernel, counted: it must not grow.
counts: all examples
	@$(PYTHON) tests/bench/counts.py $(B)

# How cost grows, with plots into docs/plots.
bench-plots: all examples
	@$(PYTHON) tests/bench/growth.py $(B) docs/plots

bench: all examples
	@sh tests/bench/bench.sh $(B)
	@sh tests/bench/serve.sh $(B)

# Each target is tests/fuzz/NAME.c with the files it is about; inputs that once broke it are in NAME-crashes and always run.
FUZZ_SECONDS ?= 60
FUZZ_JSON    := base/json_scan.c base/json_slice.c base/json_document.c
FUZZ_BASE    := $(addprefix base/,str.c err.c num.c fs.c place.c)
FUZZ_zip     := unpack/zip.c unpack/zip_check.c unpack/zip_largest.c
FUZZ_unpack  := $(FUZZ_zip) unpack/extract.c unpack/manifest.c unpack/manifest_read.c unpack/elf_facts.c
FUZZ_elf     := $(FUZZ_zip) unpack/elf_facts.c unpack/manifest.c unpack/manifest_read.c
FUZZ_policy  := policy/oci.c base/arch.c $(FUZZ_JSON)
FUZZ_options := launcher/command/cli.c launcher/command/cli_options.c launcher/command/cli_values.c launcher/command/cli_words.c \
  launcher/command/cli_help.c launcher/launch/names.c launcher/launch/request.c lambda/tenant.c
FUZZ_config  := $(FUZZ_options) launcher/command/config.c launcher/launch/request_check.c $(FUZZ_JSON)
FUZZ_stream  := lambda/event_stream.c base/json.c $(FUZZ_JSON) base/base64.c
FUZZ_frames  := launcher/environment/log.c launcher/launch/loop.c base/term.c
FUZZ_http    := $(addprefix lambda/,runtime_api.c late.c extensions_api.c telemetry.c telemetry_parse.c telemetry_sink.c events.c \
  http_server.c http_answer.c http_room.c http_client.c http_parse.c http_status.c http_write.c routes.c api_error.c invocation.c) \
  base/clock.c base/json.c $(FUZZ_JSON) base/base64.c
FUZZ_scan    := $(FUZZ_JSON)
FUZZ_TARGETS := scan zip unpack elf policy config options stream frames http
FUZZ_LLHTTP  := $(if $(LLHTTP_LINK),,$(wildcard /usr/share/llhttp/*.c))
FUZZ_LIBS    := -levent_core -lseccomp -lcjson -lelf -ldeflate -lz -lm -lpthread $(LLHTTP_LINK)
FUZZ_CC      := clang -O1 -g -std=gnu17 -D_GNU_SOURCE -DLRUN_VERSION='"fuzz"' $(INCLUDE)
fuzz-programs: $(POLICIES)
	@mkdir -p $(B)/fuzz
	@for t in $(FUZZ_TARGETS); do echo $$t; done | xargs -P 2 -I T $(MAKE) --no-print-directory $(B)/fuzz/T.bin
.SECONDEXPANSION:
$(B)/fuzz/%.bin: tests/fuzz/%.c $$(FUZZ_%) $(FUZZ_BASE)
	@$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $< $(sort $(FUZZ_$*) $(FUZZ_BASE)) $(if $(filter http,$*),$(FUZZ_LLHTTP)) $(FUZZ_LIBS)
$(B)/fuzz/%.cov: tests/fuzz/%.c $$(FUZZ_%) $(FUZZ_BASE)
	@$(FUZZ_CC) -fsanitize=fuzzer -fprofile-instr-generate -fcoverage-mapping -o $@ $< $(sort $(FUZZ_$*) $(FUZZ_BASE)) $(if $(filter http,$*),$(FUZZ_LLHTTP)) $(FUZZ_LIBS)
fuzz: fuzz-programs
	@sh tests/fuzz/run.sh $(B) $(FUZZ_SECONDS) $(FUZZ_TARGETS)
# Which lines of the parsers the inputs gathered so far reach.
fuzz-coverage: fuzz-programs
	@for t in $(FUZZ_TARGETS); do $(MAKE) --no-print-directory $(B)/fuzz/$$t.cov; done
	@sh tests/fuzz/coverage.sh $(B) "$(FUZZ_TARGETS)" $(sort $(foreach t,$(FUZZ_TARGETS),$(FUZZ_$(t))))

# Real clients from their registries, pinned by version and digest: not part of check.
conformance: all examples
	sh tests/conformance/run.sh $(B)

# Every row of the APIs' specification with its tests and their results.
api-table: all examples $(TOOLS)
	@LRUN_API_TABLE=$(abspath $(B))/api-rows.json $(PYTHON) -m pytest -q -p no:cacheprovider tests/serve tests/cli/test_runtime_api.py tests/cli/test_run.py >$(B)/api-table.log 2>&1 </dev/null || { tail -n 30 $(B)/api-table.log; exit 1; }
	@$(PYTHON) tests/serve/table.py $(B)/api-rows.json >$(B)/api-table.md; s=$$?; tail -n 1 $(B)/api-table.md; exit $$s

# Mixed load on serve, for SOAK_MINUTES: nothing lost, nothing doubled, nothing left.
SOAK_MINUTES ?= 30
soak: all
	@$(PYTHON) tests/serve/soak.py $(B)/lrun $(SOAK_MINUTES)

# Bugs that only Lambda shows: each plain, under lrun, and with its fix.
bugs: all examples
	@rm -f $(B)/bugs.json; LRUN_BUGS=$(abspath $(B))/bugs.json $(PYTHON) -m pytest -q -p no:cacheprovider tests/bugs/test_bugs.py >$(B)/bugs.log 2>&1 </dev/null || tail -n 40 $(B)/bugs.log
	@$(PYTHON) tests/bugs/table.py $(B)/bugs.json
