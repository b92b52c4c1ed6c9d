# The benchmark isn't part of `make check`; tests/bench/README.md says how to run it.
check_PROGRAMS += tests/bench/wsload
tests_bench_wsload_SOURCES = \
	tests/bench/broadcast.c \
	tests/bench/client.c \
	tests/bench/client.h \
	tests/bench/crowd.c \
	tests/bench/crowd.h \
	tests/bench/echo.c \
	tests/bench/frame.c \
	tests/bench/frame.h \
	tests/bench/handshake.c \
	tests/bench/idle.c \
	tests/bench/load.c \
	tests/bench/modes.h \
	tests/bench/wire.c \
	tests/bench/wire.h \
	tests/bench/wsload.c
tests_bench_wsload_LDADD = $(SSL_LIBS)

# The route /hub.
check_LTLIBRARIES += tests/bench/hub.la
tests_bench_hub_la_SOURCES = tests/bench/hub.c
tests_bench_hub_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_bench_hub_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_bench_hub_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

EXTRA_DIST += \
	tests/bench/README.md \
	tests/bench/measure.sh \
	tests/bench/middleware.table \
	tests/bench/peers/bun-server.js \
	tests/bench/peers/gin/hub.go \
	tests/bench/peers/gin/jwt.go \
	tests/bench/peers/gin/main.go \
	tests/bench/peers/nginx.conf.in \
	tests/bench/peers/node-server.js \
	tests/bench/run \
	tests/bench/servers.sh \
	tests/bench/wye.conf.in
