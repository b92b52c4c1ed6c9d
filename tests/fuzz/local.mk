# Fuzz targets. With ./configure CC=clang --enable-fuzz they are libFuzzer programs, which
# tests/fuzz/run builds and runs. Else a small runner takes them over the kept corpus in
# `make check`.
FUZZ_TARGETS = tests/fuzz/fuzz_certificate tests/fuzz/fuzz_chunks tests/fuzz/fuzz_codec \
	tests/fuzz/fuzz_config tests/fuzz/fuzz_cookies tests/fuzz/fuzz_deflate \
	tests/fuzz/fuzz_fields tests/fuzz/fuzz_handshake tests/fuzz/fuzz_head \
	tests/fuzz/fuzz_hello tests/fuzz/fuzz_hosts tests/fuzz/fuzz_intake tests/fuzz/fuzz_jwt \
	tests/fuzz/fuzz_multipart tests/fuzz/fuzz_names tests/fuzz/fuzz_offers \
	tests/fuzz/fuzz_proxy tests/fuzz/fuzz_router tests/fuzz/fuzz_target

tests_fuzz_fuzz_certificate_SOURCES = tests/fuzz/fuzz_certificate.c
tests_fuzz_fuzz_certificate_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)
tests_fuzz_fuzz_certificate_LDADD = libwyecore.a $(SSL_LIBS)
tests_fuzz_fuzz_chunks_SOURCES = tests/fuzz/fuzz_chunks.c
tests_fuzz_fuzz_chunks_LDADD = libwyecore.a
tests_fuzz_fuzz_codec_SOURCES = tests/fuzz/fuzz_codec.c \
	tests/unit/codec_trace.h tests/unit/naive_decoder.h tests/unit/naive_inflate.h
tests_fuzz_fuzz_codec_LDADD = libwyecore.a $(ZLIB_LIBS)

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c
tests_fuzz_fuzz_config_CFLAGS = $(AM_CFLAGS) $(CONFIG_CFLAGS)
tests_fuzz_fuzz_config_LDADD = libwyecore.a $(CORE_LIBS)
tests_fuzz_fuzz_cookies_SOURCES = tests/fuzz/fuzz_cookies.c
tests_fuzz_fuzz_cookies_LDADD = libwyecore.a
tests_fuzz_fuzz_deflate_SOURCES = tests/fuzz/fuzz_deflate.c \
	tests/unit/codec_trace.h tests/unit/naive_decoder.h tests/unit/naive_inflate.h
tests_fuzz_fuzz_deflate_LDADD = libwyecore.a $(ZLIB_LIBS)
tests_fuzz_fuzz_fields_SOURCES = tests/fuzz/fuzz_fields.c
tests_fuzz_fuzz_fields_CFLAGS = $(AM_CFLAGS) $(CONFIG_CFLAGS)
tests_fuzz_fuzz_fields_LDADD = libwyecore.a $(CORE_LIBS)
tests_fuzz_fuzz_handshake_SOURCES = tests/fuzz/fuzz_handshake.c
tests_fuzz_fuzz_handshake_LDADD = libwyecore.a $(CORE_LIBS)
tests_fuzz_fuzz_head_SOURCES = tests/fuzz/fuzz_head.c tests/unit/raw_head.h
tests_fuzz_fuzz_head_LDADD = libwyecore.a
tests_fuzz_fuzz_hello_SOURCES = tests/fuzz/fuzz_hello.c tests/fuzz/hello_context.h
tests_fuzz_fuzz_hello_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)
tests_fuzz_fuzz_hello_LDADD = libwyecore.a $(SSL_LIBS) -lpthread
tests_fuzz_fuzz_hosts_SOURCES = tests/fuzz/fuzz_hosts.c
tests_fuzz_fuzz_hosts_LDADD = libwyecore.a
tests_fuzz_fuzz_intake_SOURCES = tests/fuzz/fuzz_intake.c
tests_fuzz_fuzz_intake_LDADD = libwyecore.a
tests_fuzz_fuzz_jwt_SOURCES = tests/fuzz/fuzz_jwt.c
tests_fuzz_fuzz_jwt_LDADD = libwyecore.a $(SSL_LIBS) $(JANSSON_LIBS) -lpthread
tests_fuzz_fuzz_multipart_SOURCES = tests/fuzz/fuzz_multipart.c
tests_fuzz_fuzz_multipart_LDADD = libwyecore.a
tests_fuzz_fuzz_names_SOURCES = tests/fuzz/fuzz_names.c
tests_fuzz_fuzz_names_LDADD = libwyecore.a
tests_fuzz_fuzz_offers_SOURCES = tests/fuzz/fuzz_offers.c
tests_fuzz_fuzz_offers_LDADD = libwyecore.a
tests_fuzz_fuzz_proxy_SOURCES = tests/fuzz/fuzz_proxy.c
tests_fuzz_fuzz_proxy_LDADD = libwyecore.a
tests_fuzz_fuzz_router_SOURCES = tests/fuzz/fuzz_router.c
tests_fuzz_fuzz_router_LDADD = libwyecore.a
tests_fuzz_fuzz_target_SOURCES = tests/fuzz/fuzz_target.c
tests_fuzz_fuzz_target_LDADD = libwyecore.a

check_PROGRAMS += $(FUZZ_TARGETS)
if ENABLE_FUZZ
tests_fuzz_fuzz_certificate_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_chunks_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_codec_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_cookies_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_deflate_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_fields_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_handshake_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_head_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_hello_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_hosts_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_intake_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_jwt_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_multipart_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_names_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_offers_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_proxy_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_router_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_target_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_certificate_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_chunks_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_codec_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_config_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_cookies_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_deflate_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_fields_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_handshake_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_head_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_hello_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_hosts_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_intake_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_jwt_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_multipart_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_names_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_offers_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_proxy_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_router_SOURCES += tests/fuzz/runner.c
tests_fuzz_fuzz_target_SOURCES += tests/fuzz/runner.c
TESTS += $(FUZZ_TARGETS)
endif

TESTS += tests/fuzz/planted-apply
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/planted tests/fuzz/planted-apply tests/fuzz/run \
	tests/fuzz/target.h
