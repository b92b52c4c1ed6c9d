# Tests of what middleware is made of, where that is pure.
MIDDLEWARE_TESTS = \
	tests/unit/test_api_keys \
	tests/unit/test_asker \
	tests/unit/test_compress_accept \
	tests/unit/test_credentials \
	tests/unit/test_headers_rule \
	tests/unit/test_ip_ranges \
	tests/unit/test_origins \
	tests/unit/test_passwords \
	tests/unit/test_peer_rules \
	tests/unit/test_remembered \
	tests/unit/test_small_middleware

check_PROGRAMS += $(MIDDLEWARE_TESTS)
TESTS += $(MIDDLEWARE_TESTS)

tests_unit_test_compress_accept_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_compress_accept_LDADD = libwyecore.a $(CMOCKA_LIBS)
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
tests_unit_test_credentials_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/middleware
tests_unit_test_credentials_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_credentials_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_passwords_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/middleware
tests_unit_test_passwords_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_passwords_LDADD = libwyecore.a $(SSL_LIBS) $(CRYPT_LIBS) $(CMOCKA_LIBS) -lpthread
tests_unit_test_peer_rules_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/middleware
tests_unit_test_peer_rules_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_peer_rules_LDADD = libwyecore.a $(CMOCKA_LIBS) -lpthread
tests_unit_test_remembered_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/middleware
tests_unit_test_remembered_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_remembered_LDADD = libwyecore.a $(SSL_LIBS) $(CMOCKA_LIBS) -lpthread
tests_unit_test_asker_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/middleware
tests_unit_test_asker_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(CURL_CFLAGS)
tests_unit_test_asker_LDADD = libwyecore.a $(CURL_LIBS) $(CMOCKA_LIBS) -lpthread
tests_unit_test_small_middleware_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_small_middleware_LDADD = libwyecore.a $(CMOCKA_LIBS)
