# Tests of what middleware is made of, where that is pure.
MIDDLEWARE_TESTS = \
	tests/unit/test_headers_rule \
	tests/unit/test_api_keys \
	tests/unit/test_ip_ranges
	tests/unit/test_origins

check_PROGRAMS += $(MIDDLEWARE_TESTS)
TESTS += $(MIDDLEWARE_TESTS)

tests_unit_test_headers_rule_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_headers_rule_LDADD = libwyecore.a $(CMOCKA_LIBS)
tests_unit_test_api_keys_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/middleware
tests_unit_test_api_keys_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_api_keys_LDADD = libwyecore.a $(SSL_LIBS) $(CMOCKA_LIBS) -lpthread
tests_unit_test_ip_ranges_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/middleware
tests_unit_test_ip_ranges_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ip_ranges_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_origins_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_origins_LDADD = libwyecore.a $(CONFIG_LIBS) $(CMOCKA_LIBS) -lpthread
