# The full storm isn't part of `make check`; tests/storm/run says how to run it.
check_PROGRAMS += tests/storm/storm
tests_storm_storm_SOURCES = \
	tests/bench/client.c \
	tests/bench/client.h \
	tests/bench/frame.c \
	tests/bench/frame.h \
	tests/bench/load.c \
	tests/bench/wire.c \
	tests/bench/wire.h \
	tests/storm/fleet.c \
	tests/storm/fleet.h \
	tests/storm/probe.c \
	tests/storm/probe.h \
	tests/storm/storm.c
tests_storm_storm_LDADD = $(SSL_LIBS) -lpthread

EXTRA_DIST += tests/storm/run
