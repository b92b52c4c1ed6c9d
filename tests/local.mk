# What tests are run with, and those that belong to no folder.
AM_TESTS_ENVIRONMENT = WYE_BUILD='$(abs_top_builddir)'; export WYE_BUILD; \
	WYE_SANITIZED='$(WYE_SANITIZED)'; export WYE_SANITIZED; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE;
TESTS += tests/include-rules
EXTRA_DIST += CONTRIBUTING.md LICENSE README.md SECURITY.md docs/configuration.md \
	docs/design.md docs/handlers.md docs/metrics.md docs/middleware.md docs/performance.md docs/plugins.md \
	docs/rest.md docs/security.md docs/threat-model.md docs/websocket.md quickstart \
	tests/hammer tests/include-rules tests/installcheck tests/stop-storm

# make starts them in this order: the long ones first, so that none of them is left alone at the end.
include tests/oom/local.mk
include tests/integration/local.mk
include tests/engine/local.mk
include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/js/local.mk
include tests/browser/local.mk
include tests/bench/local.mk
include tests/long/local.mk
include tests/storm/local.mk
