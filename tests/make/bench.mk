# What it costs. Included by tests.mk.

# What a launch asks of the kernel, counted: it must not grow.
counts: all examples
	@$(PYTHON) tests/bench/counts.py $(B)

# How cost grows, with plots into docs/plots.
bench-plots: all examples
	@$(PYTHON) tests/bench/growth.py $(B) docs/plots

bench: all examples
	@sh tests/bench/bench.sh $(B)
	@sh tests/bench/serve.sh $(B)
