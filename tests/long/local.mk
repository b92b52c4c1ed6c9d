# Long runs aren't part of `make check`; their head comments say how to run them.
check_PROGRAMS += tests/long/crowd tests/long/relay
tests_long_crowd_SOURCES = tests/long/crowd.c
tests_long_crowd_LDADD =
tests_long_relay_SOURCES = tests/long/relay.c
tests_long_relay_LDADD =

EXTRA_DIST += \
	tests/long/backlog \
	tests/long/bad-peers \
	tests/long/long.py
