# Tests of core/jwt.
JWT_TESTS = \
	tests/unit/test_base64url \
	tests/unit/test_jwt \
	tests/unit/test_jwt_keys

check_PROGRAMS += $(JWT_TESTS)
TESTS += $(JWT_TESTS)
JWT_LIBS = libwyecore.a $(SSL_LIBS) $(JANSSON_LIBS) $(CMOCKA_LIBS) -lpthread

tests_unit_test_base64url_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_base64url_LDADD = libwyecore.a $(CMOCKA_LIBS)
tests_unit_test_jwt_SOURCES = tests/unit/test_jwt.c tests/unit/jwt_vectors.h
tests_unit_test_jwt_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_jwt_LDADD = $(JWT_LIBS)
tests_unit_test_jwt_keys_SOURCES = tests/unit/test_jwt_keys.c tests/unit/jwt_vectors.h
tests_unit_test_jwt_keys_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_jwt_keys_LDADD = $(JWT_LIBS)

# make tests/unit/bench_jwt && tests/unit/bench_jwt
EXTRA_PROGRAMS += tests/unit/bench_jwt
CLEANFILES += tests/unit/bench_jwt
tests_unit_bench_jwt_SOURCES = tests/unit/bench_jwt.c
tests_unit_bench_jwt_LDADD = libwyecore.a $(SSL_LIBS) $(JANSSON_LIBS) -lpthread
