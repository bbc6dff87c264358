# What it costs. Included by tests.mk.

# What a launch asks of the kernel, counted: it must not grow.
counts: all examples
	@$(PYTHON) tests/bench/counts.py $(B)

# How cost grows, with plots into docs/plots.
bench-plots: all examples
	@$(PYTHON) tests/bench/growth.py $(B) docs/plots

# Against other tools, in turn; the rows are printed, and written to bench.json. A build that another user made is only read.
bench: all examples
	@rm -f $(B)/bench.rows 2>/dev/null || true
	@$(PYTHON) tests/bench/launches.py $(B)
	@sh tests/bench/bench.sh $(B)
	@$(PYTHON) tests/bench/batch.py $(B)
	@$(PYTHON) tests/bench/images.py $(B)
	@$(PYTHON) tests/bench/projects.py $(B)
	@sh tests/bench/serve.sh $(B)
	@[ ! -w $(B)/bench.rows ] || { echo '{"rows":['; paste -sd, $(B)/bench.rows; echo ']}'; } > $(B)/bench.json
