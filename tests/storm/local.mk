# The full storm isn't part of `make check`; tests/storm/run says how to run it.
check_PROGRAMS += tests/storm/storm
tests_storm_storm_SOURCES = \
	tests/storm/storm.c \
	tests/storm/fleet.c \
	tests/storm/fleet.h \
	tests/storm/probe.c \
	tests/storm/probe.h \
	tests/bench/client.c \
	tests/bench/client.h \
	tests/bench/load.c \
	tests/bench/frame.c \
	tests/bench/frame.h
tests_storm_storm_LDADD = -lpthread

EXTRA_DIST += tests/storm/run
