# Whether lrun does what it should. Included by tests.mk.

# Each defence removed once: exactly its tests must fail. MUTANTS: words that a name must hold; none: all rows.
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

demo: deps-run
	@$(MAKE) --no-print-directory all examples
	@sh examples/demo.sh $(B)

asan:
	@$(MAKE) --no-print-directory B=build/asan SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" \
	  CFLAGS="-O1 -g" all examples build/asan/tests/probe build/asan/tests/refuse build/asan/tests/extension build/asan/tests/watcher build/asan/tests/storm build/asan/tests/image build/asan/tests/unit
	@sh tests/real/layers.sh build/asan || true
	LRUN_PASSES=unprivileged LRUN_WORKERS=$$(nproc) sh tests/check.sh build/asan

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
