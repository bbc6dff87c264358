# The targets that check: included by the Makefile.
PYTHON := /usr/bin/python3
include tests/make/build.mk
include tests/make/check.mk
include tests/make/lint.mk
include tests/make/bench.mk
include tests/make/fuzz.mk
