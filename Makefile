# lrun: see README.md. Targets: deps deps-run demo test check asan lint layers sizes format bugs api-table soak bench bench-plots counts fuzz mutants faults check-vm arm64 conformance dist packages install
VERSION := 0.1.0
PREFIX  ?= /usr/local
B       ?= build
CC      ?= cc
# What starts programs that are built for another machine: see arm64 in tests/make/build.mk.
RUN     ?=
ARCH    ?= $(shell uname -m)
ifneq ($(filter arm64 aarch64,$(ARCH)),)
override ARCH := aarch64
endif

WARN    := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
HARDEN  := -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2 -fPIE
LINK     = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(if $(STATIC),-Wl$(comma)-Map=$@.map)
CFLAGS  ?= -O2 -g
INCLUDE  = -I. -I$(B) $(LLHTTP_CFLAGS)
ALL_C    = -std=gnu17 -D_GNU_SOURCE -DLRUN_VERSION='"$(VERSION)"' $(INCLUDE) $(WARN) $(HARDEN) $(CFLAGS) $(SANITIZE)

# Node's HTTP parser: libllhttp-dev where there is one, else the C sources in Debian 12's node-llhttp.
ifeq ($(shell pkg-config --exists libllhttp 2>/dev/null && echo yes),yes)
LLHTTP_CFLAGS := $(shell pkg-config --cflags libllhttp | sed 's/-I/-isystem /g')
LLHTTP_LINK   := -lllhttp
else
LLHTTP_CFLAGS := -isystem /usr/share/include/llhttp
LLHTTP_OBJECTS = $(patsubst /usr/share/llhttp/%.c,$(B)/llhttp/%.o,$(wildcard /usr/share/llhttp/*.c))
endif

# What each may include is in tests/layers.py.
FOLDERS     := $(addprefix launcher/,command batch test serve environment diagnose launch sandbox) project mounts cache unpack policy lambda relay base
# All of unpack/ is lrun-unpack, which alone reads hostile bytes; what reads its manifests is part of lrun too.
UNPACK_ONLY := $(filter-out unpack/manifest_read.c,$(wildcard unpack/*.c))
# Of relay/, what doors are is lrun's too.
RELAY_ONLY  := $(filter-out relay/door.c relay/address.c,$(wildcard relay/*.c))
RELAY_C  := $(wildcard relay/*.c) base/rooted.c base/fs.c base/str.c base/err.c base/num.c
POLICY_ONLY := policy/compile.c policy/oci.c policy/calls.c policy/tree.c policy/restrict.c
POLICY_BASE := base/arch.c base/fs.c base/str.c base/err.c base/json_scan.c base/json_slice.c base/json_document.c
# All of project/ is lrun-project, which alone reads templates.
PROJECT_ONLY := $(wildcard project/*.c)
LRUN_C   := $(filter-out $(UNPACK_ONLY) $(POLICY_ONLY) $(PROJECT_ONLY) $(RELAY_ONLY),$(wildcard $(FOLDERS:%=%/*.c)))
UNPACK_C := $(wildcard unpack/*.c) base/rooted.c base/fs.c base/str.c base/err.c base/num.c base/json_scan.c base/json_slice.c base/json_document.c
PROJECT_C := $(PROJECT_ONLY) base/rooted.c base/base64.c base/fs.c base/str.c base/err.c base/num.c base/json.c base/json_scan.c base/json_slice.c base/json_document.c
SANITIZED := $(if $(SANITIZE),$(B)/tests/tools/sanitizer.o)
LRUN_O   := $(LRUN_C:%.c=$(B)/%.o) $(SANITIZED)
UNPACK_O := $(UNPACK_C:%.c=$(B)/%.o) $(SANITIZED)
PROJECT_O := $(PROJECT_C:%.c=$(B)/%.o) $(SANITIZED)
RELAY_O  := $(RELAY_C:%.c=$(B)/%.o) $(SANITIZED)
# Without its main, the folder is for tests alone.
PROJECT  := $(if $(wildcard project/main.c),$(B)/lrun-project)
COMPLETIONS := $(addprefix $(B)/lrun.,bash zsh fish)
POLICIES := $(B)/policy_x86_64.h $(B)/policy_aarch64.h
# lrun is static: loading the C library alone costs every launch a quarter of a millisecond. Sanitizers need it dynamic.
# The linker warns of getaddrinfo and its like: they belong to libevent's resolver, which lrun never calls.
LRUN_L    = -Wl,-Bstatic -levent_core -lcap -lz $(LLHTTP_LINK) -lm $(if $(SANITIZE),-Wl$(comma)-Bdynamic)
# What a launch touches lies together (launch.ld; the rest by sections' names), and relocations are packed where the C library's start
# knows that form (glibc 2.36): 40 page faults less.
LRUN_LINK = $(if $(SANITIZE),$(LINK),$(subst -pie,-static-pie,$(LINK)) -Wl,--sort-section=name -Wl,-T,launcher/launch.ld $(if $(filter x86_64,$(ARCH)),$(PACKED)))
PACKED    = $(if $(shell printf '\043include <features.h>\n\043if __GLIBC_PREREQ(2,36)\nyes\n\043endif\n' | $(CC) -E -P -),-Wl$(comma)-z$(comma)pack-relative-relocs)
comma    := ,
UNPACK_L := -larchive -Wl,-Bstatic -lelf -lz -ldeflate -lseccomp -Wl,-Bdynamic -lcrypto
PROJECT_L := -Wl,-Bstatic -lyaml -lseccomp -Wl,-Bdynamic -lm
POLICY_L := -lseccomp -lcjson
# STATIC=DIR, of make dist: all but lrun-relay are static, with cJSON from the source in DIR (Debian has no static one), and the linker
# writes beside each program what it took from where. libarchive needs zstd, lzma and bz2 then.
ifneq ($(STATIC),)
UNPACK_L := -static-pie -larchive -lelf -lz -ldeflate -lseccomp -lcrypto -llzma -lzstd -lbz2
PROJECT_L := -static-pie -lyaml -lseccomp -lm
POLICY_L := -static-pie -lseccomp
POLICY_CJSON := -I$(STATIC) $(STATIC)/cjson/cJSON.c
endif

# A name of a target must not be taken for the folder of that name.
.PHONY: all test slow arm64 arm64-root dist dist-part dist-check packages deb deps-dist mutants faults check-vm deps deps-run demo check examples asan lint layers sizes format bugs api-table soak bench bench-plots counts fuzz fuzz-programs fuzz-coverage conformance install clean
all: $(B)/lrun $(B)/lrun-unpack $(B)/lrun-policy $(PROJECT) $(B)/lrun-relay $(B)/lrun.1 $(COMPLETIONS)

$(B)/lrun: $(LRUN_O) $(LLHTTP_OBJECTS) launcher/launch.ld
	$(CC) $(CFLAGS) $(SANITIZE) $(LRUN_LINK) -o $@ $(filter %.o,$^) $(LRUN_L)
$(B)/lrun-unpack: $(UNPACK_O)
	$(CC) $(CFLAGS) $(SANITIZE) $(LINK) -o $@ $^ $(UNPACK_L)
$(B)/lrun-project: $(PROJECT_O)
	$(CC) $(CFLAGS) $(SANITIZE) $(LINK) -o $@ $^ $(PROJECT_L)
# Dynamic: names are resolved by the host's C library, which loads modules for it.
$(B)/lrun-relay: $(RELAY_O)
	$(CC) $(CFLAGS) $(SANITIZE) $(LINK) -o $@ $^ -Wl,-Bstatic -lseccomp -Wl,-Bdynamic -lpthread
$(B)/%.o: %.c Makefile | $(POLICIES) $(B)/why.h $(B)/samples.json
	@mkdir -p $(@D)
	@$(CC) $(ALL_C) -MMD -MP -c -o $@ $<
$(B)/llhttp/%.o: /usr/share/llhttp/%.c Makefile
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -fPIE $(SANITIZE) $(LLHTTP_CFLAGS) -c -o $@ $<
# It compiles lrun's own policies for lrun's build, and is what lrun starts for a user's.
$(B)/lrun-policy: $(POLICY_ONLY) $(wildcard policy/*.json) policy/calls.tsv $(wildcard policy/*.h) $(POLICY_BASE) $(if $(SANITIZE),tests/tools/sanitizer.c)
	@mkdir -p $(@D)
	$(CC) $(ALL_C) $(LINK) -o $@ $(POLICY_ONLY) $(POLICY_BASE) $(if $(SANITIZE),tests/tools/sanitizer.c) $(POLICY_CJSON) $(POLICY_L)
$(B)/policy_%.h: $(B)/lrun-policy
	@mkdir -p $(@D)
	$(RUN) $(B)/lrun-policy embed $* > $@.new && mv $@.new $@
$(B)/why.h: Makefile $(wildcard docs/why/*.md)
	@mkdir -p $(@D)
	for f in docs/why/LR-*.md; do printf '{"%s",\n' "$$(basename $$f .md)"; sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $$f; echo '},'; done > $@
$(B)/launcher/command/cmd_explain.o: $(B)/why.h
# Sample events: one JSON text, whose members are the files by their names.
$(B)/samples.json: Makefile $(wildcard lambda/events/*/*.json)
	@mkdir -p $(@D)
	@s='{'; for f in lambda/events/*/*.json; do n=$${f#lambda/events/}; printf '%s"%s":' "$$s" "$${n%.json}"; cat $$f; s=,; done > $@.new && echo '}' >> $@.new && mv $@.new $@
$(B)/launcher/launch/sample.o: $(B)/samples.json
$(B)/launcher/launch/runtime.o $(B)/launcher/launch/bytecode.o $(B)/launcher/launch/library.o: $(wildcard runtimes/*/* runtimes/*/*/*)
$(B)/docgen: tests/tools/docgen.c $(B)/launcher/command/cli.o $(B)/launcher/command/cli_words.o $(B)/launcher/command/cli_help.o $(B)/launcher/command/cli_complete.o \
  $(B)/launcher/command/cli_options.o $(B)/launcher/command/cli_values.o $(B)/launcher/launch/names.o $(B)/launcher/launch/request.o \
  $(B)/lambda/tenant.o $(B)/policy/limits.o $(B)/relay/door.o $(B)/relay/address.o $(B)/base/err.o $(B)/base/num.o $(B)/base/str.o
	$(CC) $(ALL_C) $(LINK) -o $@ $^
$(B)/lrun.1: docs/lrun.1.in $(B)/docgen
	$(RUN) $(B)/docgen man | sed -e '/@OPTIONS@/{r /dev/stdin' -e 'd}' -e 's/@VERSION@/$(VERSION)/' docs/lrun.1.in > $@
$(COMPLETIONS): $(B)/lrun.%: $(B)/docgen
	$(RUN) $(B)/docgen $* > $@

-include $(LRUN_O:.o=.d) $(UNPACK_O:.o=.d) $(PROJECT_O:.o=.d) $(RELAY_O:.o=.d)
include tests/tests.mk
include packaging/packaging.mk

# Where a distribution wants completions elsewhere: ZSH=, FISH=.
ZSH  ?= $(PREFIX)/share/zsh/site-functions
FISH ?= $(PREFIX)/share/fish/vendor_completions.d
install: all
	install -D -m 0755 $(B)/lrun $(DESTDIR)$(PREFIX)/bin/lrun
	install -D -m 0755 $(B)/lrun-unpack $(DESTDIR)$(PREFIX)/libexec/lrun/lrun-unpack
	install -D -m 0755 $(B)/lrun-relay $(DESTDIR)$(PREFIX)/libexec/lrun/lrun-relay
	install -D -m 0755 $(B)/lrun-policy $(DESTDIR)$(PREFIX)/libexec/lrun/lrun-policy
	$(if $(PROJECT),install -D -m 0755 $(PROJECT) $(DESTDIR)$(PREFIX)/libexec/lrun/lrun-project)
	install -D -m 0644 $(B)/lrun.1 $(DESTDIR)$(PREFIX)/share/man/man1/lrun.1
	install -D -m 0644 $(B)/lrun.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/lrun
	install -D -m 0644 $(B)/lrun.zsh $(DESTDIR)$(ZSH)/_lrun
	install -D -m 0644 $(B)/lrun.fish $(DESTDIR)$(FISH)/lrun.fish
	install -d -m 0755 $(DESTDIR)$(PREFIX)/share/lrun/apparmor
	sed 's|/usr/{,local/}bin/lrun|$(PREFIX)/bin/lrun|; /^# Put the real path/d' packaging/apparmor/lrun > $(DESTDIR)$(PREFIX)/share/lrun/apparmor/lrun
	chmod 0644 $(DESTDIR)$(PREFIX)/share/lrun/apparmor/lrun
clean:
	rm -rf build
