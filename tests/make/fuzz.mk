# Inputs that nobody thought of. The last, since it expands prerequisites twice. Included by tests.mk.

# Each target is tests/fuzz/NAME.c with the files it is about; inputs that once broke it are in NAME-crashes and always run.
FUZZ_SECONDS ?= 60
FUZZ_JSON    := base/json_scan.c base/json_slice.c base/json_document.c
FUZZ_BASE    := $(addprefix base/,str.c err.c num.c fs.c place.c rights.c)
FUZZ_zip     := unpack/zip.c unpack/zip_check.c unpack/zip_largest.c
FUZZ_unpack  := $(FUZZ_zip) unpack/extract.c unpack/manifest.c unpack/manifest_read.c unpack/elf_facts.c
FUZZ_image   := $(wildcard unpack/image*.c unpack/layer*.c) unpack/nodes.c unpack/tar.c unpack/ahead.c unpack/digest.c unpack/manifest.c \
  unpack/manifest_read.c $(FUZZ_zip) $(FUZZ_JSON)
FUZZ_elf     := $(FUZZ_zip) unpack/elf_facts.c unpack/manifest.c unpack/manifest_read.c
FUZZ_policy  := policy/oci.c base/arch.c $(FUZZ_JSON)
FUZZ_options := launcher/command/cli.c launcher/command/cli_file.c policy/limits.c launcher/command/cli_options.c launcher/command/cli_values.c launcher/command/cli_words.c \
  launcher/command/cli_help.c launcher/launch/names.c launcher/launch/request.c lambda/tenant.c relay/door.c relay/address.c
FUZZ_config  := $(FUZZ_options) $(wildcard launcher/command/config*.c) launcher/launch/pull_name.c launcher/launch/request_check.c \
  lambda/function_name.c lambda/api_route.c lambda/api_expression.c lambda/routes.c base/json.c $(FUZZ_JSON)
FUZZ_stream  := lambda/event_stream.c base/json.c $(FUZZ_JSON) base/base64.c
FUZZ_frames  := launcher/environment/log.c launcher/launch/loop.c base/term.c
FUZZ_http    := $(addprefix lambda/,runtime_api.c late.c extensions_api.c telemetry.c telemetry_parse.c telemetry_sink.c events.c \
  http_server.c http_answer.c http_room.c http_client.c http_parse.c http_status.c http_write.c routes.c api_error.c invocation.c) \
  base/clock.c base/json.c $(FUZZ_JSON) base/base64.c
FUZZ_api     := $(filter-out lambda/api_error.c,$(wildcard lambda/api_*.c)) lambda/event_2.c lambda/request_event.c \
  lambda/function_url_answer.c lambda/function_url_cors.c lambda/invoke_api.c lambda/function_name.c lambda/tenant.c $(FUZZ_http)
FUZZ_scan    := $(FUZZ_JSON)
FUZZ_batch   := launcher/batch/lines.c launcher/batch/job.c base/sha256.c $(FUZZ_JSON)
FUZZ_case    := $(filter-out launcher/test/runner.c,$(wildcard launcher/test/*.c)) $(wildcard launcher/launch/sample*.c) launcher/launch/names.c \
  lambda/variables.c lambda/events.c lambda/routes.c base/crc32.c base/json.c base/base64.c base/clock.c $(FUZZ_JSON)
FUZZ_documents := $(wildcard project/document*.c) $(addprefix project/,arena.c index.c node.c) base/json.c $(FUZZ_JSON)
FUZZ_project := $(filter-out project/main.c project/enclose.c project/ask_read.c,$(wildcard project/*.c)) base/json.c base/base64.c $(FUZZ_JSON)
FUZZ_TARGETS := scan batch case documents project zip unpack image elf policy config options stream frames http api
FUZZ_LLHTTP  := $(if $(LLHTTP_LINK),,$(wildcard /usr/share/llhttp/*.c))
FUZZ_LIBS    := -larchive -lcrypto -levent_core -lseccomp -lcjson -lelf -lyaml -ldeflate -lz -lm -lpthread $(LLHTTP_LINK)
FUZZ_CC      := clang -O1 -g -std=gnu17 -D_GNU_SOURCE -DLRUN_VERSION='"fuzz"' $(INCLUDE)
fuzz-programs: $(POLICIES)
	@mkdir -p $(B)/fuzz
	@for t in $(FUZZ_TARGETS); do echo $$t; done | xargs -P 2 -I T $(MAKE) --no-print-directory $(B)/fuzz/T.bin
.SECONDEXPANSION:
$(B)/fuzz/%.bin: tests/fuzz/%.c $$(FUZZ_%) $(FUZZ_BASE)
	@$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $< $(sort $(FUZZ_$*) $(FUZZ_BASE)) $(if $(filter http api,$*),$(FUZZ_LLHTTP)) $(FUZZ_LIBS)
$(B)/fuzz/%.cov: tests/fuzz/%.c $$(FUZZ_%) $(FUZZ_BASE)
	@$(FUZZ_CC) -fsanitize=fuzzer -fprofile-instr-generate -fcoverage-mapping -o $@ $< $(sort $(FUZZ_$*) $(FUZZ_BASE)) $(if $(filter http api,$*),$(FUZZ_LLHTTP)) $(FUZZ_LIBS)
fuzz: fuzz-programs
	@sh tests/fuzz/run.sh $(B) $(FUZZ_SECONDS) $(FUZZ_TARGETS)
# Which lines of the parsers the inputs gathered so far reach.
fuzz-coverage: fuzz-programs
	@for t in $(FUZZ_TARGETS); do $(MAKE) --no-print-directory $(B)/fuzz/$$t.cov; done
	@sh tests/fuzz/coverage.sh $(B) "$(FUZZ_TARGETS)" $(sort $(foreach t,$(FUZZ_TARGETS),$(FUZZ_$(t))))
