# What is said of the text alone. Included by tests.mk.

LINTED   := $(LRUN_C) $(UNPACK_ONLY) $(POLICY_ONLY) $(PROJECT_ONLY) $(RELAY_ONLY)
LINT_C    = $(filter-out -fstack-clash-protection,$(ALL_C))
LINT_EACH = printf '%s\n' $(LINTED) | xargs -P $$(nproc) -n 12 sh -c
lint: $(POLICIES) $(B)/why.h $(B)/samples.json
	clang --version | head -n 1
	@$(LINT_EACH) 'for f; do clang -fsyntax-only $(subst ','\'',$(LINT_C)) "$$f" || exit 255; done' sh
	@$(LINT_EACH) 'clang-tidy --quiet "$$@" -- -std=gnu17 -D_GNU_SOURCE $(INCLUDE) 2>/dev/null' sh
	@$(LINT_EACH) 'for f; do aarch64-linux-gnu-gcc -c -o /dev/null $(subst ','\'',$(LINT_C)) -idirafter /usr/include -idirafter /usr/include/$$(gcc -print-multiarch) "$$f" || exit 255; done' sh
	@echo "lint: gcc and clang without warnings, clang-tidy clean, arm64 compiles"

layers:   ## the table of folders and what each may include is in tests/layers.py
	@$(PYTHON) tests/layers.py $(FOLDERS)

# What a .c file of more than a screen opens with: the licence, then what it is for and what is elsewhere, in three lines at least.
define OPENING
function judge() { if (n > 60 && (!licensed || lines < 3)) print f ": opens without a licence and three lines on what it is for" }
FNR == 1 { judge(); f = FILENAME; licensed = /SPDX-License-Identifier/; lines = inside = 0 }
FNR == 2 { inside = /^\/\*/ }
inside { lines++; inside = !/\*\/$$/ }
{ n = FNR }
END { judge() }
endef
export OPENING

sizes:    ## files under 400 lines, headers under 120, functions under 60; lines of C up to 140 columns; what a file opens with
	@mkdir -p $(B)
	@awk 'FNR == 1 { if (n > 400) print f ": " n " lines"; f = FILENAME } { n = FNR } END { if (n > 400) print f ": " n " lines" }' $(LRUN_C) $(UNPACK_ONLY) $(POLICY_ONLY) $(PROJECT_ONLY) $(RELAY_ONLY) | tee $(B)/sizes
	@awk '/^[a-z]/ { name = $$0 } /^{$$/ { start = FNR } /^}/ { if (start && FNR - start > 60) print FILENAME ": " FNR - start " lines: " name; start = 0 }' $(LRUN_C) $(UNPACK_ONLY) $(POLICY_ONLY) $(PROJECT_ONLY) $(RELAY_ONLY) | tee -a $(B)/sizes
	@wc -l $(wildcard $(FOLDERS:%=%/*.h)) | awk '$$1 > 120 && $$2 != "total" { print $$2 ": " $$1 " lines" }' | tee -a $(B)/sizes
	@awk 'length > 140 { print FILENAME ":" FNR ": " length " columns" }' $(wildcard $(FOLDERS:%=%/*.[ch]) tests/*/*.[ch]) | tee -a $(B)/sizes
	@awk "$$OPENING" $(LRUN_C) $(UNPACK_ONLY) $(POLICY_ONLY) $(PROJECT_ONLY) $(RELAY_ONLY) | tee -a $(B)/sizes
	@[ ! -s $(B)/sizes ] && echo "sizes: all within bounds"

# clang-format 14: newer ones lay out some lines differently, so nothing fails for it.
format:
	clang-format -i $(wildcard $(FOLDERS:%=%/*.[ch]) tests/*/*.[ch])
