# Allocations, descriptors, disk space and clocks that fail: within the running daemon.
OOM_TESTS = \
	tests/oom/test_oom.py \
	tests/oom/test_clock.py \
	tests/oom/test_descriptors.py \
	tests/oom/test_disk.py
TESTS += $(OOM_TESTS)
EXTRA_DIST += $(OOM_TESTS) tests/oom/failing.py tests/oom/operations.py

check_LTLIBRARIES += tests/oom/failing.la tests/oom/jump.la
tests_oom_failing_la_SOURCES = tests/oom/failing.c
tests_oom_failing_la_CPPFLAGS = -D_GNU_SOURCE
tests_oom_failing_la_CFLAGS = -Wall -Wextra -fno-builtin
tests_oom_failing_la_LIBADD = -lgcc_s
tests_oom_failing_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
tests_oom_jump_la_SOURCES = tests/oom/jump.c
tests_oom_jump_la_CPPFLAGS = -D_GNU_SOURCE
tests_oom_jump_la_CFLAGS = -Wall -Wextra
tests_oom_jump_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
