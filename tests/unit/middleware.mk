# Tests of the pure parts of middleware.
MIDDLEWARE_TESTS = \
	tests/unit/test_headers_rule

check_PROGRAMS += $(MIDDLEWARE_TESTS)
TESTS += $(MIDDLEWARE_TESTS)

tests_unit_test_headers_rule_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_headers_rule_LDADD = libwyecore.a $(CMOCKA_LIBS)
