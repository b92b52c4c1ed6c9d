# The program: libwyecore.a holds all rooms, so that unit tests link them too.
noinst_LIBRARIES += libwyecore.a
libwyecore_a_SOURCES =
libwyecore_a_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS) $(CONFIG_CFLAGS) \
	$(SSL_CFLAGS) $(CRYPT_CFLAGS) $(ZLIB_CFLAGS) $(BROTLI_CFLAGS) \
	$(CURL_CFLAGS) $(JANSSON_CFLAGS)

include core/base/local.mk
include core/tls/local.mk
include core/jwt/local.mk
include core/config/local.mk
include core/plugin/local.mk
include core/route/local.mk
include core/net/local.mk
include core/stream/local.mk
include core/websocket/local.mk
include core/http/local.mk
include middleware/local.mk
include handlers/local.mk

# What the core needs from outside; also for tests that link it.
CORE_LIBS = $(MHD_LIBS) $(LWS_LIBS) $(UV_LIBS) $(CONFIG_LIBS) $(SSL_LIBS) $(CRYPT_LIBS) $(ZLIB_LIBS) \
	$(BROTLI_LIBS) $(CURL_LIBS) $(JANSSON_LIBS) -lpthread -ldl

bin_PROGRAMS += wye
wye_SOURCES = core/main.c core/daemon.c core/daemon.h core/descriptors.c core/descriptors.h core/manual.c core/manual.h \
	core/places.c core/places.h core/privileges.c core/privileges.h core/renewal.c core/renewal.h core/summary.c core/summary.h \
	core/token-make.c core/token-request.h core/token.c core/token.h \
	core/warnings.c core/warnings.h
wye_CFLAGS = $(libwyecore_a_CFLAGS)
# Plugins use functions that the program itself may not: all objects are linked in.
wye_LDADD = $(libwyecore_a_OBJECTS) $(CORE_LIBS)
wye_DEPENDENCIES = $(libwyecore_a_OBJECTS)
wye_LDFLAGS = $(AM_LDFLAGS) $(WYE_LDFLAGS) -rdynamic
