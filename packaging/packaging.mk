# What is given away: docs/release.md. Included by the Makefile. All of it lands in $(B)/dist.
# Tarballs for x86-64 and arm64, a Debian package, an SBOM of each tarball, and SHA256SUMS; what cannot be made here is said.
dist: $(if $(shell command -v aarch64-linux-gnu-gcc),arm64-root)
	@sh packaging/dist.sh $(B) $(VERSION) all
# One of them: PART is x86_64, aarch64 or deb.
dist-part: $(if $(and $(filter aarch64,$(PART)),$(filter x86_64,$(ARCH))),arm64-root)
	@sh packaging/dist.sh $(B) $(VERSION) $(PART)
deb:
	@$(MAKE) --no-print-directory dist-part PART=deb
# Made twice, in other folders, with another umask, language and time: all files must be the same to the last byte.
dist-check: $(if $(shell command -v aarch64-linux-gnu-gcc),arm64-root)
	@sh packaging/dist-check.sh $(B)
# And then installed on fresh trees, and used there.
packages: dist-check examples
	@sh tests/conformance/packages.sh $(B)
deps-dist:
	sh packaging/deps.sh dist
